"""Plots of points and lines, and of a function of one variable with a ball on its curve."""

import math
from collections.abc import Sequence

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.insight.plots import PlotData
from tutor.insight.trajectory import Trajectory
from tutor.script.declarations import Plot
from tutor.ui.draw.plots import marks
from tutor.ui.draw.plots.chart import Chart, extent, log_ticks, scaled, ticks
from tutor.ui.draw.plots.marks import HERE, VISITED
from tutor.ui.draw.text.numbers import Array
from tutor.ui.draw.text.palette import Palette

_ROOM = 0.3
"""Free space above and below points, in proportion to their range."""

_MARKS = 100
"""How many places along a curve are drawn apart."""


def draw_curves(
    plot: Plot,
    picture: PlotData,
    trajectories: Sequence[Trajectory],
    width: int,
    height: int,
    palette: Palette,
) -> Sequence[Strip]:
    """Return `height` strips, or none if there is nothing to draw.

    Args:
        trajectories: Where each run is on the curve; the last one is the run that is shown.
    """
    lines = [(scaled(x, False), scaled(y, plot.log)) for x, y, _ in picture.lines]
    points: list[tuple[Array, Array]] = []
    if picture.points:
        points = [(scaled(picture.points[0], False), scaled(picture.points[1], plot.log))]
    curve: list[tuple[Array, Array]] = []
    if picture.surface is not None:
        [(low, high)] = plot.over.values()
        across = np.linspace(low, high, len(picture.surface))
        curve = [(across, scaled(picture.surface, plot.log))]
    everything = [*lines, *points, *curve]
    x = _range([x for x, _ in everything], exact=bool(curve))
    y = _range([y for _, y in everything], exact=False)
    if points and not curve:
        y = _around(points[0][1]) or y
    if x is None or y is None:
        return ()
    left = log_ticks(*y, height // 2) if plot.log else ticks(*y, height // 2)
    chart = Chart(x, y, width, height, None, left)
    for (line_x, line_y), (mark, style) in zip(lines, marks.lines(palette), strict=False):
        chart.curve(line_x, _within(line_y, y), style, mark)
    for line_x, line_y in curve:
        chart.curve(line_x, line_y, palette.accent)
    for point_x, point_y in points:
        _draw_points(chart, point_x, point_y, picture.points[2:], palette)
    for line in curve:
        # The ball is over everything else.
        for one, style in zip(trajectories, marks.of_runs(trajectories, palette), strict=True):
            _draw_ball(chart, line, one, style, palette)
    return [*chart.strips(palette)]


def _range(parts: Sequence[Array], exact: bool) -> tuple[float, float] | None:
    """Return the smallest and the largest number, rounded outwards so that axes seldom move."""
    if (found := extent(parts)) is None or exact or found[0] == found[1]:
        return found
    low, high = found
    step = 10.0 ** math.floor(math.log10((high - low) / 4)) if high - low > 1e-290 else 1.0
    step *= next((m for m in (1, 2, 5) if m * step >= (high - low) / 8), 10)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _around(heights: Array) -> tuple[float, float] | None:
    """Return the range of points with free space above and below.

    Lines do not count, so the axes stay where they are while a line moves.
    """
    if (found := extent([heights])) is None or found[0] == found[1]:
        return None
    room = (found[1] - found[0]) * _ROOM
    return _range([np.array([found[0] - room, found[1] + room])], exact=False)


def _within(heights: Array, y: tuple[float, float]) -> Array:
    """Replace what lies outside the vertical axis by NaN."""
    with np.errstate(invalid="ignore"):
        return np.where((heights >= y[0]) & (heights <= y[1]), heights, math.nan)


def _draw_points(
    chart: Chart, x: Array, y: Array, classes: Sequence[Array], palette: Palette
) -> None:
    if not classes:
        chart.marks(x, y, "•", palette.strong)
        return
    for place, one in enumerate(np.unique(classes[0])):
        here = classes[0] == one
        chart.marks(x[here], y[here], *marks.of_class(place, palette))


def _draw_ball(
    chart: Chart, curve: tuple[Array, Array], trajectory: Trajectory, style: Style, palette: Palette
) -> None:
    """Mark where the run is on the curve and where it was; an arrow if it is outside the axis."""
    x, y = curve
    places = trajectory.coordinates[0] if trajectory.coordinates else np.zeros(0)
    places = places[np.isfinite(places)]
    if not len(places) or not np.isfinite(y).any():
        return
    known = np.isfinite(y)
    within = np.clip(places, x[0], x[-1])
    heights = np.interp(within, x[known], y[known])
    visited = (places[:-1] >= x[0]) & (places[:-1] <= x[-1])
    # Places that fall into one cell share a mark.
    _, first = np.unique(np.rint(within[:-1][visited] / (x[-1] - x[0]) * _MARKS), return_index=True)
    chart.marks(within[:-1][visited][first], heights[:-1][visited][first], VISITED, palette.muted)
    last = places[-1]
    mark = "◄" if last < x[0] else "►" if last > x[-1] else trajectory.mark or HERE
    chart.marks(within[-1:], heights[-1:], mark, style)
