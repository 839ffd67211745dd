"""The loss curve: the losses over the steps that computed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.plots.chart import LARGEST, Chart, log_ticks, ticks
from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Run, fill, line, strip

Array = np.ndarray[Any, Any]

_HERE_MARK = "●"


@dataclass(frozen=True)
class Curve:
    """The losses of another run."""

    mark: str
    """One character that stands at its end."""
    name: str
    steps: Sequence[int]
    losses: Sequence[float]


def suits_log(*losses: Sequence[float]) -> bool:
    """Whether a logarithmic axis shows more: all finite losses above 0, over more than 100 fold."""
    values = np.concatenate([np.asarray(one, dtype=np.float64) for one in losses])
    values = values[np.isfinite(values)]
    if not values.size or values.min() <= 0:
        return False
    return bool(np.log10(values.max()) - np.log10(values.min()) > 2)


def draw_loss(
    steps: Sequence[int],
    losses: Sequence[float],
    width: int,
    height: int,
    palette: Palette,
    *,
    log: bool = False,
    at: int | None = None,
    title: str = "",
    name: str = "",
    others: Sequence[Curve] = (),
) -> list[Strip]:
    """The losses over the steps that computed them, `height` strips.

    Args:
        log: Draw log10 of the losses that are above 0; see `suits_log`.
        at: The step to mark: its loss is the last one computed by then, what comes later is drawn
            muted. None marks the last loss.
        title: Written above the curve, before the loss at the mark.
        name: What the run is called, where there are others.
        others: The curves of other runs, drawn below this one, each with its mark at its end.
    """
    if width < 1 or height < 1:
        return [line("", width, palette.text)] * max(0, height)
    x, y = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    here = len(x) - 1 if at is None else int(np.searchsorted(x, at, side="right")) - 1
    head = [strip(_head(y, here, log, title, palette), width, palette.text)]
    if others:
        head.append(strip(_legend(name, others, palette), width, palette.text))
    body = height - len(head)
    series = [_series(one.steps, one.losses, log) for one in others]
    own = _series(steps, losses, log)
    if not any(drawable.any() for _, _, drawable in (own, *series)) or width < 12 or body < 3:
        return fill(head, width, height, palette.text)
    marks = [one.mark for one in others]
    chart = _chart(own, here, list(zip(marks, series, strict=True)), width, body, log, palette)
    return fill([*head, *chart.strips(palette)], width, height, palette.text)


_Series = tuple[Array, Array, Array]
"""Steps, losses (their logarithms), and which of them can be drawn."""


def _series(steps: Sequence[int], losses: Sequence[float], log: bool) -> _Series:
    x, y = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    drawable = np.isfinite(x) & np.isfinite(y) & ((y > 0) if log else True)
    y = np.log10(y, where=drawable, out=np.zeros_like(y)) if log else np.clip(y, -LARGEST, LARGEST)
    return x, y, drawable


def _legend(name: str, others: Sequence[Curve], palette: Palette) -> list[Run]:
    """Which curve is whose."""
    runs: list[Run] = [(f"{_HERE_MARK} {name}", palette.accent)]
    for one, style in zip(others, cycle(palette.curves), strict=False):
        runs.append((f"  {one.mark} {one.name}", style))
    return runs


def _head(y: Array, here: int, log: bool, title: str, palette: Palette) -> list[Run]:
    """The line above the curve, alone where there is no room for one."""
    runs: list[Run] = [(f"{title} ", palette.muted)] if title else []
    if not len(y):
        told = "has no value yet" if title else "no loss yet (backward() is called on it)"
        return [*runs, (told, palette.muted)]
    bad = int(np.count_nonzero(~np.isfinite(y)))
    if here >= 0:
        style = palette.strong if np.isfinite(y[here]) else palette.error
        runs.append((number(float(y[here])), style))
    if bad:
        plural = "1 loss is" if bad == 1 else f"{bad} losses are"
        runs.append((f" diverged: {plural} not finite", palette.warning))
    if log:
        below = int(np.count_nonzero(np.isfinite(y) & (y <= 0)))
        runs.append((f" log{f', {below} not above 0 left out' if below else ''}", palette.muted))
    return runs


def _chart(
    own: _Series,
    here: int,
    others: Sequence[tuple[str, _Series]],
    width: int,
    height: int,
    log: bool,
    palette: Palette,
) -> Chart:
    drawn = [own, *(series for _, series in others)]
    all_x = np.concatenate([x[drawable] for x, _, drawable in drawn])
    all_y = np.concatenate([y[drawable] for _, y, drawable in drawn])
    across = float(all_x.min()), float(all_x.max())
    low, high = float(all_y.min()), float(all_y.max())
    if not log and 0 < low < high / 4:
        low = 0.0
    below = ticks(*across, width // 12, 1.0)
    left = (log_ticks if log else ticks)(low, high, height // 2)
    chart = Chart(across, (low, high), width, height, below, left)

    def curve(series: _Series, part: Array, style: Style) -> None:
        """Join these points, but not where losses between two of them could not be drawn."""
        x, y, drawable = series
        gaps = np.flatnonzero(np.diff(np.cumsum(~drawable)[part]))
        chart.curve(x[part], y[part], style, gaps.tolist())

    styles = [style for style, _ in zip(cycle(palette.curves), others, strict=False)]
    for (_, series), style in zip(others, styles, strict=True):
        curve(series, np.flatnonzero(series[2]), style)
    x, y, drawable = own
    index = np.flatnonzero(drawable)
    seen = int(np.searchsorted(index, here, side="right"))
    # The muted part begins at the mark, so that the curve has no hole there.
    curve(own, index[max(0, seen - 1) :], palette.muted)
    curve(own, index[:seen], palette.accent)
    for (text, series), style in zip(others, styles, strict=True):
        last = np.flatnonzero(series[2])[-1:]
        chart.marks(series[0][last], series[1][last], text, style)
    if 0 <= here < len(x) and drawable[here]:
        chart.marks(x[here : here + 1], y[here : here + 1], _HERE_MARK, palette.changed)
    return chart
