"""Curves and marks between two axes, drawn with plotext from numbers that it cannot stumble over.

A NaN in a connected series aborts the whole process inside plotext, and infinities and ranges
beyond float64 raise. So both axes are mapped to [0, 1] here, from finite numbers only, and plotext
is told what to write at the ticks.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import strip

Array = np.ndarray[Any, Any]

Ticks = list[tuple[float, str]]
"""Positions and what is written there."""

LINE = "braille"
"""The mark of a line whose points lie closer than cells."""

LARGEST = 1e300
"""Numbers are cut to this; the difference of two is still a float64."""

_TANGLED = 100
"""Points of a line that does not go from left to right."""

_SGR = re.compile(r"\x1b\[([0-9;]*)m")


class Chart:
    """Draw on it, then take its `strips`.

    Args:
        x: The lowest and the highest number across.
        y: And up.
        width: Cells, for ticks and axes too.
        x_ticks: What is written below; `ticks` unless given.
        y_ticks: What is written to the left.
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

    def curve(
        self, x: Array, y: Array, style: Style, gaps: Sequence[int] = (), mark: str = LINE
    ) -> None:
        """These points, joined; not across a gap, which follows the point of that place."""
        if not len(x):
            return
        across, up = self._across(x), self._up(y)
        kept = _extremes(across, up, 2 * self._width)
        signal = self._signal(across[kept], up[kept], mark, style)
        signal.lines()
        for gap in gaps:
            place = int(np.searchsorted(kept, gap, side="right"))
            if 0 < place < len(kept):
                signal.line(place, False)
        self._figure.draw(signal)

    def marks(self, x: Array, y: Array, text: str, style: Style) -> None:
        """A character at each of these points."""
        if len(x):
            self._figure.draw(self._signal(self._across(x), self._up(y), text, style))

    def strips(self, palette: Palette) -> Iterator[Strip]:
        """What was drawn, later things over earlier ones."""
        # One regular expression a row is many times as fast as a parser of escape codes.
        styles = {_code(_tag(place)): style for place, style in enumerate(self._styles)}
        for row in str(self._figure.build().string()).rstrip("\n").split("\n"):
            parts = _SGR.split(row)
            runs = [
                (part, styles.get(code, palette.muted))
                for code, part in zip(["", *parts[1::2]], parts[::2], strict=True)
                if part
            ]
            yield strip(runs, self._width, palette.text)

    def _signal(self, x: Array, y: Array, text: str, style: Style) -> Any:
        """A series in a colour of its own, which only tells it apart: the style takes its place."""
        colour = _tag(len(self._styles))
        self._styles.append(style)
        marker = self._plotext.marker(text, colour)
        return self._figure.signal(x.tolist(), y.tolist(), marker=marker)


def ticks(low: float, high: float, count: int, least: float = 0.0) -> Ticks:
    """About `count` round numbers from low to high, `least` apart or more."""
    step = (high - low) / max(1, count - 1)
    if not step > 0:
        return [(low, number(low, 4))]
    power = 10.0 ** math.floor(math.log10(step)) if step > 1e-300 else step
    step = max(least, next((m * power for m in (1, 2, 5) if m * power >= step), 10 * power))
    first = math.ceil(low / step)
    places = ((first + i) * step for i in range(count + 1))
    return [(place, number(place, 4)) for place in places if place <= high]


def log_ticks(low: float, high: float, count: int) -> Ticks:
    """Powers of ten between two exponents, or the ends where there are less than two of them."""
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
    """A map from [low, high] to [0, 1]; to the middle where both are equal."""
    span = high - low
    if not span > 0:
        return lambda value: value * 0.0 + 0.5
    return lambda value: (value - low) / span


def _extremes(x: Array, y: Array, columns: int) -> Array:
    """Where the smallest and the largest y of each column of dots are: all that can be seen."""
    if len(x) <= min(2 * columns, _TANGLED):
        return np.arange(len(x))
    if np.any(np.diff(x) < 0):
        # Lines to and fro take plotext long to draw, and cannot be told apart anyway.
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
    """Those that stand in rows of their own."""
    kept: Ticks = []
    for tick in marks:
        if not kept or place(tick[0]) - place(kept[-1][0]) >= 1 / max(1, rows - 1):
            kept.append(tick)
    return kept
