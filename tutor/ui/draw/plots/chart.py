"""A chart: curves and marks between two axes, drawn with plotext.

A NaN in a connected series aborts the whole process inside plotext, and infinities and ranges
beyond float64 raise. So this module leaves out numbers that are not finite, maps both axes to
[0, 1] and gives plotext the labels of the ticks.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.text.numbers import Array, number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import strip

Ticks = list[tuple[float, str]]
"""Positions and their labels."""

LINE = "braille"
"""The marker of a continuous line: plotext draws it in dots, eight to a cell."""

LARGEST = 1e300
"""Numbers are clipped to ± this, so that the difference of two is still finite."""

_TANGLED = 100
"""The most points drawn of a line whose x does not only grow."""

_SGR = re.compile(r"\x1b\[([0-9;]*)m")


class Chart:
    """Two axes with curves and marks; later ones cover earlier ones.

    Args:
        x: The smallest and the largest number on the horizontal axis.
        y: The same of the vertical axis.
        width: Cells, axes and tick labels included.
        x_ticks: The ticks below; `ticks` unless given.
        y_ticks: The ticks to the left; `ticks` unless given.
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        width: int,
        height: int,
        x_ticks: Ticks | None = None,
        y_ticks: Ticks | None = None,
    ) -> None:
        import plotext

        self._plotext = plotext
        self._width = width
        self._across, self._up = _unit(*x), _unit(*y)
        self._styles: list[Style] = []
        terminal = type(plotext.terminal)()
        terminal.limit(False, False)
        self._figure = figure = type(plotext.figure)(parent=terminal)
        figure.plot_size(width, height)
        figure.theme("simple")
        figure.legend(False)
        figure.axes(False, side=1)
        below = ticks(*x, width // 12) if x_ticks is None else x_ticks
        left = ticks(*y, height // 2) if y_ticks is None else y_ticks
        left = _legible(left, self._up, height - 2)
        for axis, place, marks in (("x", self._across, below), ("y", self._up, left)):
            ruler = figure.ruler(axis)
            ruler.lim(0.0, 1.0)
            ruler.ticks([place(at) for at, _ in marks], [label for _, label in marks])

    def curve(self, x: Array, y: Array, style: Style, mark: str = LINE) -> None:
        """Draw a line through these points, broken where points are not finite."""
        index = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if not len(index):
            return
        across, up = self._across(x[index]), self._up(y[index])
        kept = _extremes(across, up, 2 * self._width)
        signal = self._signal(across[kept], up[kept], mark, style)
        signal.lines()
        for gap in np.flatnonzero(np.diff(index) > 1):
            place = int(np.searchsorted(kept, gap, side="right"))
            if 0 < place < len(kept):
                signal.line(place, False)
        self._figure.draw(signal)

    def marks(self, x: Array, y: Array, text: str, style: Style) -> None:
        """Draw a character at each of these points that is finite."""
        finite = np.isfinite(x) & np.isfinite(y)
        if finite.any():
            across, up = self._across(x[finite]), self._up(y[finite])
            self._figure.draw(self._signal(across, up, text, style))

    def strips(self, palette: Palette) -> Iterator[Strip]:
        """Return the rows of the chart."""
        # One regular expression a row is many times as fast as a parser of escape codes.
        styles = {_code(_tag(place)): style for place, style in enumerate(self._styles)}
        for row in str(self._figure.build().string()).rstrip("\n").split("\n"):
            first, *rest = _SGR.split(row)
            parts = [
                (text, styles.get(code, palette.muted))
                for code, text in [("", first), *zip(rest[::2], rest[1::2], strict=True)]
                if text
            ]
            yield strip(parts, self._width, palette.text)

    def _signal(self, x: Array, y: Array, text: str, style: Style) -> Any:
        """Return a series in a unique colour, by which `strips` finds its style."""
        colour = _tag(len(self._styles))
        self._styles.append(style)
        marker = self._plotext.marker(text, colour)
        return self._figure.signal(x.tolist(), y.tolist(), marker=marker)


def scaled(numbers: Array, log: bool) -> Array:
    """Return the positions of numbers on an axis: on a logarithmic one, their log10.

    A number that is not finite, or has no logarithm, has the position NaN.
    """
    with np.errstate(all="ignore"):
        positions = np.log10(numbers) if log else np.clip(numbers, -LARGEST, LARGEST)
    return np.where(np.isfinite(numbers) & np.isfinite(positions), positions, math.nan)


def extent(parts: Sequence[Array]) -> tuple[float, float] | None:
    """Return the smallest and the largest finite number in all arrays, None if there is none."""
    numbers = np.concatenate([np.zeros(0), *parts])
    numbers = numbers[np.isfinite(numbers)]
    return (float(numbers.min()), float(numbers.max())) if numbers.size else None


def ticks(low: float, high: float, count: int, least: float = 0.0) -> Ticks:
    """Return about `count` round numbers from low to high, at least `least` apart."""
    step = (high - low) / max(1, count - 1)
    if not step > 0:
        return [(low, number(low, 4))]
    power = 10.0 ** math.floor(math.log10(step)) if step > 1e-300 else step
    step = max(least, next((m * power for m in (1, 2, 5) if m * power >= step), 10 * power))
    first = math.ceil(low / step)
    places = ((first + i) * step for i in range(count + 1))
    return [(place, number(place, 4)) for place in places if place <= high]


def log_ticks(low: float, high: float, count: int) -> Ticks:
    """Return powers of ten between two exponents, or both ends if there are fewer than two."""
    first, last = math.ceil(low), math.floor(high)
    if last <= first:
        return [(place, number(10**place, 3)) for place in sorted({low, high})]
    apart = max(1, math.ceil((last - first) / max(1, count - 1)))
    powers = range(first, last + 1, apart)
    return [(float(k), number(10.0**k) if abs(k) < 3 else f"1e{k}") for k in powers]


def _tag(place: int) -> tuple[int, int, int]:
    return 0, place // 200, 1 + place % 200


def _code(colour: tuple[int, int, int]) -> str:
    return "38;2;" + ";".join(map(str, colour))


def _unit(low: float, high: float) -> Callable[[Any], Any]:
    """Return the linear map from [low, high] to [0, 1]; to 0.5 if low and high are equal."""
    span = high - low
    if not span > 0:
        return lambda value: value * 0.0 + 0.5
    return lambda value: (value - low) / span


def _extremes(x: Array, y: Array, columns: int) -> Array:
    """Decimate: return the indices of the smallest and the largest y in each column of dots."""
    if len(x) <= min(2 * columns, _TANGLED):
        return np.arange(len(x))
    if np.any(np.diff(x) < 0):
        # Lines back and forth are slow in plotext, and overlap anyway.
        return np.arange(0, len(x), -(-len(x) // _TANGLED))
    if len(x) <= 2 * columns:
        return np.arange(len(x))
    starts = np.unique(np.searchsorted(x, np.arange(columns) / columns))
    kept: list[int] = []
    for start, end in pairwise([*starts[starts < len(x)], len(x)]):
        part = y[start:end]
        kept += sorted({start + int(part.argmin()), start + int(part.argmax())})
    return np.asarray(kept)


def _legible(marks: Ticks, place: Callable[[float], float], rows: int) -> Ticks:
    """Drop ticks that would share a row with an earlier one."""
    kept: Ticks = []
    for tick in marks:
        if not kept or place(tick[0]) - place(kept[-1][0]) >= 1 / max(1, rows - 1):
            kept.append(tick)
    return kept
