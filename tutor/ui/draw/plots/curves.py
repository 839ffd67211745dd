"""Points, lines and a curve with a ball on it, in one chart."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.insight.plots import Picture
from tutor.script.declarations import Plot
from tutor.ui.draw.plots import marks
from tutor.ui.draw.plots.chart import LARGEST, LINE, Chart, log_ticks, ticks
from tutor.ui.draw.plots.marks import Course
from tutor.ui.draw.plots.surface import BEEN, HERE
from tutor.ui.draw.text.palette import Palette

Array = np.ndarray[Any, Any]

_ROOM = 0.3
"""Above and below points, in proportion to their range."""

_MARKS = 100
"""So many places along a curve can be told apart."""


def draw_curves(
    plot: Plot,
    picture: Picture,
    courses: Sequence[Course],
    width: int,
    height: int,
    palette: Palette,
) -> Sequence[Strip]:
    """The plot in `height` strips; none where nothing can be drawn.

    Args:
        courses: Of all runs, the one that is shown last: a ball each on the curve.
    """
    lines = [(_clean(x), _scaled(y, plot.log), label) for x, y, label in picture.lines]
    points = tuple(map(_clean, picture.points))
    curve: tuple[Array, Array] | None = None
    if picture.surface is not None:
        [(low, high)] = plot.over.values()
        across = np.linspace(low, high, len(picture.surface))
        curve = across, _scaled(picture.surface, plot.log)
    everything_x = [*(x for x, _, _ in lines), *points[:1], *([curve[0]] if curve else [])]
    heights = _scaled(points[1], plot.log) if points else np.zeros(0)
    everything_y = [*(y for _, y, _ in lines), heights, *([curve[1]] if curve else [])]
    x, y = _range(everything_x, exact=curve is not None), _range(everything_y, exact=False)
    if points and curve is None:
        y = _around(heights) or y
    if x is None or y is None:
        return ()
    lines = [(line_x, _within(line_y, y), label) for line_x, line_y, label in lines]
    left = log_ticks(*y, height // 2) if plot.log else ticks(*y, height // 2)
    chart = Chart(x, y, width, height, None, left)
    for (line_x, line_y, _), (mark, style) in zip(lines, marks.lines(palette), strict=False):
        _draw_curve(chart, line_x, line_y, style, mark)
    if curve is not None:
        _draw_curve(chart, *curve, palette.accent)
    if points:
        _draw_points(chart, points[0], heights, points[2:], palette)
    if curve is not None:
        # The ball is over everything else.
        for one, style in zip(courses, marks.of_runs(courses, palette), strict=True):
            _draw_ball(chart, curve, one, style, palette)
    return [*chart.strips(palette)]


def _clean(numbers: Array) -> Array:
    return np.clip(numbers, -LARGEST, LARGEST)


def _scaled(numbers: Array, log: bool) -> Array:
    """As they are drawn: their logarithms, NaN for what has none."""
    if not log:
        return _clean(numbers)
    with np.errstate(all="ignore"):
        return np.where(numbers > 0, np.log10(numbers), math.nan)


def _range(numbers: Sequence[Array], exact: bool) -> tuple[float, float] | None:
    """From the smallest to the largest; rounded outwards, so that axes seldom move."""
    together = np.concatenate([np.zeros(0), *numbers])
    together = together[np.isfinite(together)]
    if not together.size:
        return None
    low, high = float(together.min()), float(together.max())
    if exact or low == high:
        return low, high
    step = 10.0 ** math.floor(math.log10((high - low) / 4)) if high - low > 1e-290 else 1.0
    step *= next((m for m in (1, 2, 5) if m * step >= (high - low) / 8), 10)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _around(heights: Array) -> tuple[float, float] | None:
    """The range of points with room above and below, whatever lines do: so axes stay where they
    are while a line moves."""
    if (found := _range([heights], exact=True)) is None or found[0] == found[1]:
        return None
    room = (found[1] - found[0]) * _ROOM
    return _range([np.array([found[0] - room, found[1] + room])], exact=False)


def _within(heights: Array, y: tuple[float, float]) -> Array:
    """Those within the axes; NaN for the others."""
    with np.errstate(invalid="ignore"):
        return np.where((heights >= y[0]) & (heights <= y[1]), heights, math.nan)


def _draw_curve(chart: Chart, x: Array, y: Array, style: Style, mark: str = LINE) -> None:
    drawable = np.isfinite(x) & np.isfinite(y)
    index = np.flatnonzero(drawable)
    gaps = np.flatnonzero(np.diff(index) > 1)
    chart.curve(x[index], y[index], style, gaps.tolist(), mark)


def _draw_points(
    chart: Chart, x: Array, y: Array, classes: Sequence[Array], palette: Palette
) -> None:
    drawable = np.isfinite(x) & np.isfinite(y)
    if not classes:
        chart.marks(x[drawable], y[drawable], "•", palette.strong)
        return
    for place, one in enumerate(np.unique(classes[0])):
        here = drawable & (classes[0] == one)
        chart.marks(x[here], y[here], *marks.of_class(place, palette))


def _draw_ball(
    chart: Chart, curve: tuple[Array, Array], course: Course, style: Any, palette: Palette
) -> None:
    """Where the run is on the curve and where it was; an arrow where that is beside it."""
    x, y = curve
    places = course.places[0] if course.places else np.zeros(0)
    places = places[np.isfinite(places)]
    if not len(places) or not np.isfinite(y).any():
        return
    known = np.isfinite(y)
    within = np.clip(places, x[0], x[-1])
    heights = np.interp(within, x[known], y[known])
    been = (places[:-1] >= x[0]) & (places[:-1] <= x[-1])
    # One mark for all that fall into a cell.
    _, first = np.unique(np.rint(within[:-1][been] / (x[-1] - x[0]) * _MARKS), return_index=True)
    chart.marks(within[:-1][been][first], heights[:-1][been][first], BEEN, palette.muted)
    last = places[-1]
    mark = "◄" if last < x[0] else "►" if last > x[-1] else course.mark or HERE
    chart.marks(within[-1:], heights[-1:], mark, style)
