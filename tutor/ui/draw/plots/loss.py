"""The loss pane: the curves of the losses of all runs, over their steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual.strip import Strip

from tutor.ui.draw.plots import marks
from tutor.ui.draw.plots.chart import Chart, extent, log_ticks, scaled, ticks
from tutor.ui.draw.plots.marks import HERE
from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fill, line, strip


@dataclass(frozen=True)
class Curve:
    """The losses of a run."""

    mark: str
    """One character, drawn at its end."""
    name: str
    steps: Sequence[int]
    losses: Sequence[float]


def suits_log(*losses: Sequence[float]) -> bool:
    """Return True if a logarithmic axis shows more.

    That is if all finite losses are above 0 and the largest is over 100 times the smallest.
    """
    found = extent([np.asarray(one, dtype=np.float64) for one in losses])
    if found is None or found[0] <= 0:
        return False
    return bool(np.log10(found[1]) - np.log10(found[0]) > 2)


def draw_loss(
    steps: Sequence[int],
    losses: Sequence[float],
    width: int,
    height: int,
    palette: Palette,
    *,
    log: bool = False,
    title: str = "",
    name: str = "",
    others: Sequence[Curve] = (),
) -> list[Strip]:
    """Return `height` strips: the last loss as a number, a legend, and the chart.

    Args:
        log: Draw log10 of the losses that are above 0; see `suits_log`.
        title: Text before the last loss.
        name: What this run is called in the legend, which is there if there are `others`.
        others: The curves of other runs, drawn below this one.
    """
    if width < 1 or height < 1:
        return [line("", width, palette.text)] * max(0, height)
    head = [strip(_head(losses, log, title, palette), width, palette.text)]
    if others:
        parts: list[Styled] = [(f"{HERE} {name}  ", palette.accent)]
        parts += marks.legend([(one.mark, one.name) for one in others], palette)
        # Blanks at the end would make a legend that just fits look cut.
        text, style = parts.pop()
        head.append(strip([*parts, (text.rstrip(), style)], width, palette.text))
    body = height - len(head)
    chart: Chart | None = None
    if width >= 12 and body >= 3:
        curves = [*others, Curve(HERE, name, steps, losses)]
        chart = _chart(curves, width, body, log, palette)
    rows = chart.strips(palette) if chart is not None else ()
    return fill([*head, *rows], width, height, palette.text)


def _head(losses: Sequence[float], log: bool, title: str, palette: Palette) -> list[Styled]:
    """The row above the chart; it stands alone if there is no room for a chart."""
    parts: list[Styled] = [(f"{title} ", palette.muted)] if title else []
    if not len(losses):
        text = "has no value yet" if title else "no loss yet (backward() is called on it)"
        return [*parts, (text, palette.muted)]
    known = np.asarray(losses, dtype=np.float64)
    style = palette.strong if np.isfinite(known[-1]) else palette.error
    parts.append((number(float(known[-1])), style))
    if bad := int(np.count_nonzero(~np.isfinite(known))):
        plural = "1 loss is" if bad == 1 else f"{bad} losses are"
        parts.append((f" diverged: {plural} not finite", palette.warning))
    if log:
        below = int(np.count_nonzero(np.isfinite(known) & (known <= 0)))
        parts.append((f" log{f', {below} not above 0 left out' if below else ''}", palette.muted))
    return parts


def _chart(
    curves: Sequence[Curve], width: int, height: int, log: bool, palette: Palette
) -> Chart | None:
    """Draw the curves, the last one being that of this run; None if no loss can be drawn."""
    drawn = [
        (np.asarray(one.steps, np.float64), scaled(np.asarray(one.losses, np.float64), log))
        for one in curves
    ]
    across = extent([x[np.isfinite(y)] for x, y in drawn])
    up = extent([y for _, y in drawn])
    if across is None or up is None:
        return None
    low, high = up
    if not log and 0 < low < high / 4:
        low = 0.0
    below = ticks(*across, width // 12, 1.0)
    left = (log_ticks if log else ticks)(low, high, height // 2)
    chart = Chart(across, (low, high), width, height, below, left)
    styles = marks.of_runs(curves, palette)
    for (x, y), style in zip(drawn, [*styles[:-1], palette.accent], strict=True):
        chart.curve(x, y, style)
    for one, (x, y), style in zip(curves, drawn, styles, strict=True):
        # The mark of this run is its last loss, that of another one the end of its curve.
        last = slice(-1, None) if one is curves[-1] else np.flatnonzero(np.isfinite(y))[-1:]
        chart.marks(x[last], y[last], one.mark, style)
    return chart
