"""The loss curve, drawn with plotext from numbers that it cannot stumble over.

A NaN in a connected series aborts the whole process inside plotext, and infinities, a logarithm of
zero and ranges beyond float64 raise. So both axes are mapped to [0, 1] here, from finite numbers
only, and plotext is told what to write at the ticks.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise
from typing import Any

import numpy as np
from textual.strip import Strip

from tutor.ui.draw.numbers import number
from tutor.ui.draw.palette import Palette
from tutor.ui.draw.strips import Run, fill, line, strip

Array = np.ndarray[Any, Any]

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_PAST, _FUTURE, _HERE = (0, 0, 1), (0, 0, 2), (0, 0, 3)
"""Colours that plotext draws in, only to tell the parts apart: the palette's take their place."""

_HERE_MARK = "●"
_OTHERS, _TURNS = 4, 200
"""The colour of the first curve of another run; the next one's is one more, and so on."""

_CLIP = 1e300
"""Losses are cut to this; the difference of two is still a float64."""


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
    plotted = _plot(own, here, list(zip(marks, series, strict=True)), width, body, log)
    return fill([*head, *_strips(plotted, width, palette)], width, height, palette.text)


_Series = tuple[Array, Array, Array]
"""Steps, losses (their logarithms), and which of them can be drawn."""


def _series(steps: Sequence[int], losses: Sequence[float], log: bool) -> _Series:
    x, y = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    drawable = np.isfinite(x) & np.isfinite(y) & ((y > 0) if log else True)
    y = np.log10(y, where=drawable, out=np.zeros_like(y)) if log else np.clip(y, -_CLIP, _CLIP)
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
        return [*runs, ("no loss yet (backward() is called on it)", palette.muted)]
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


def _plot(
    own: _Series,
    here: int,
    others: Sequence[tuple[str, _Series]],
    width: int,
    height: int,
    log: bool,
) -> str:
    """plotext's text, in the tag colours."""
    import plotext as plt

    drawn = [own, *(series for _, series in others)]
    all_x = np.concatenate([x[drawable] for x, _, drawable in drawn])
    all_y = np.concatenate([y[drawable] for _, y, drawable in drawn])
    x_low, x_high = float(all_x.min()), float(all_x.max())
    y_low, y_high = float(all_y.min()), float(all_y.max())
    if not log and 0 < y_low < y_high / 4:
        y_low = 0.0
    across, up = _unit(x_low, x_high), _unit(y_low, y_high)

    terminal = type(plt.terminal)()
    terminal.limit(False, False)
    figure = type(plt.figure)(parent=terminal)
    figure.plot_size(width, height)
    figure.theme("simple")
    figure.legend(False)
    figure.axes(False, side=1)
    for axis, place, ticks in (
        ("x", across, _whole_ticks(x_low, x_high, width // 12)),
        ("y", up, (_log_ticks if log else _ticks)(y_low, y_high, height // 2)),
    ):
        ruler = figure.ruler(axis)
        ruler.lim(0.0, 1.0)
        if axis == "y":
            ticks = _legible(ticks, place, height - 2)
        ruler.ticks([place(tick) for tick, _ in ticks], [label for _, label in ticks])

    def curve(series: _Series, part: Array, colour: _Tag) -> None:
        """Draw these points, joined."""
        if not len(part):
            return
        x, y, drawable = series
        part = part[_extremes(across(x[part]), up(y[part]), 2 * width)]
        marker = plt.marker("braille", colour)
        signal = figure.signal(across(x[part]).tolist(), up(y[part]).tolist(), marker=marker)
        signal.lines()
        # No line where losses between two points could not be drawn.
        for gap in np.flatnonzero(np.diff(np.cumsum(~drawable)[part])):
            signal.line(int(gap) + 1, False)
        figure.draw(signal)

    def mark(series: _Series, at: int, text: str, colour: _Tag) -> None:
        place = [float(across(series[0][at]))], [float(up(series[1][at]))]
        figure.draw(figure.signal(*place, marker=plt.marker(text, colour)))

    for turn, (_, series) in enumerate(others):
        curve(series, np.flatnonzero(series[2]), _tag(turn))
    x, _, drawable = own
    index = np.flatnonzero(drawable)
    seen = int(np.searchsorted(index, here, side="right"))
    # The muted part begins at the mark, so that the curve has no hole there.
    curve(own, index[max(0, seen - 1) :], _FUTURE)
    curve(own, index[:seen], _PAST)
    for turn, (text, series) in enumerate(others):
        if len(last := np.flatnonzero(series[2])[-1:]):
            mark(series, int(last[0]), text, _tag(turn))
    if 0 <= here < len(x) and drawable[here]:
        mark(own, here, _HERE_MARK, _HERE)
    return str(figure.build().string())


_Tag = tuple[int, int, int]


def _tag(turn: int) -> _Tag:
    """The colour that tags the curve of another run."""
    return 0, 0, _OTHERS + turn % _TURNS


def _unit(low: float, high: float) -> Callable[[Any], Any]:
    """A map from [low, high] to [0, 1]; to the middle where both are equal."""
    span = high - low
    if not span > 0:
        return lambda value: value * 0.0 + 0.5
    return lambda value: (value - low) / span


def _extremes(x: Array, y: Array, columns: int) -> Array:
    """Where the smallest and the largest y of each column of dots are: all that can be seen."""
    if len(x) <= 2 * columns:
        return np.arange(len(x))
    starts = np.unique(np.searchsorted(x, np.arange(columns) / columns))
    kept: list[int] = []
    for start, end in pairwise([*starts[starts < len(x)], len(x)]):
        part = y[start:end]
        kept += sorted({start + int(part.argmin()), start + int(part.argmax())})
    return np.asarray(kept)


Ticks = list[tuple[float, str]]
"""Positions and what is written there."""


def _legible(ticks: Ticks, place: Callable[[float], float], rows: int) -> Ticks:
    """Those that stand in rows of their own."""
    kept: Ticks = []
    for tick in ticks:
        if not kept or place(tick[0]) - place(kept[-1][0]) >= 1 / max(1, rows - 1):
            kept.append(tick)
    return kept


def _ticks(low: float, high: float, count: int, least: float = 0.0) -> Ticks:
    """About `count` round numbers from low to high, `least` apart or more."""
    step = (high - low) / max(1, count - 1)
    if not step > 0:
        return [(low, number(low, 4))]
    power = 10.0 ** math.floor(math.log10(step)) if step > 1e-300 else step
    step = max(least, next((m * power for m in (1, 2, 5) if m * power >= step), 10 * power))
    first = math.ceil(low / step)
    places = ((first + i) * step for i in range(count + 1))
    return [(place, number(place, 4)) for place in places if place <= high]


def _whole_ticks(low: float, high: float, count: int) -> Ticks:
    return _ticks(low, high, count, 1.0)


def _log_ticks(low: float, high: float, count: int) -> Ticks:
    """Powers of ten, or the ends where there are less than two of them."""
    first, last = math.ceil(low), math.floor(high)
    if last <= first:
        return [(place, number(10**place, 3)) for place in sorted({low, high})]
    apart = max(1, math.ceil((last - first) / max(1, count - 1)))
    powers = range(first, last + 1, apart)
    return [(float(k), number(10.0**k) if abs(k) < 3 else f"1e{k}") for k in powers]


def _strips(text: str, width: int, palette: Palette) -> Iterator[Strip]:
    """Escape codes as styles: one regular expression a row is many times as fast as a parser."""
    styles = {
        _code(_PAST): palette.accent,
        _code(_FUTURE): palette.muted,
        _code(_HERE): palette.changed,
    }
    for turn, style in zip(range(_TURNS), cycle(palette.curves), strict=False):
        styles[_code(_tag(turn))] = style
    for row in text.rstrip("\n").split("\n"):
        parts = _SGR.split(row)
        runs = [
            (part, styles.get(code, palette.muted))
            for code, part in zip(["", *parts[1::2]], parts[::2], strict=True)
            if part
        ]
        yield strip(runs, width, palette.text)


def _code(colour: _Tag) -> str:
    return "38;2;" + ";".join(map(str, colour))
