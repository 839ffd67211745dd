"""A plot that a lesson declares: points, lines, a curve with a ball on it, a map, or bars."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.declared import Plot
from tutor.plots import Picture
from tutor.ui.draw import surface
from tutor.ui.draw.chart import LARGEST, LINE, Chart, log_ticks, ticks
from tutor.ui.draw.numbers import number
from tutor.ui.draw.palette import Palette
from tutor.ui.draw.strips import Run, fill, fit, line, strip, wrap
from tutor.ui.draw.surface import HERE, Way, draw_surface

Array = np.ndarray[Any, Any]

_MISSING = re.compile(r"NameError: name '(\w+)' is not defined")

_ROOM = 0.3
"""Above and below points, in proportion to their range."""

_MARKS = 100
"""So many places along a curve can be told apart."""

CLASSES = "o+x*#"
"""The marks of the classes of points, in turn."""


@dataclass(frozen=True, eq=False)
class Course:
    """Where a run went: the coordinates of what `at` names, the last being where it is."""

    mark: str
    """One character; "" for the run that is shown."""
    name: str
    places: Sequence[Array]


def grid(plot: Plot, width: int, height: int) -> tuple[int, int]:
    """How many values each of the two varied names takes in a pane of this size."""
    if len(plot.over) == 2:
        columns, rows = surface.room(width, height - 1)
        return columns, 2 * rows
    return min(200, max(2, 2 * width)), 1


def draw_plot(
    plot: Plot,
    picture: Picture,
    courses: Sequence[Course],
    width: int,
    height: int,
    palette: Palette,
) -> list[Strip]:
    """The plot in `height` strips, its title and where the run is above it.

    Args:
        courses: Of all runs, the one that is shown last.
    """
    if width < 1 or height < 1:
        return [line("", width, palette.text)] * max(0, height)
    head = [
        strip(row, width, palette.text) for row in _head(plot, picture, courses, width, palette)
    ]
    body = height - len(head)
    drawn: Sequence[Strip] = ()
    if plot.bars:
        drawn = _bars(picture, plot.log, width, body, palette)
    elif body >= 3 and width >= 12:
        is_map = len(plot.over) == 2
        drawn = (_map if is_map else _chart)(plot, picture, courses, width, body, palette)
    return fill([*head, *drawn], width, height, palette.text)


def _head(
    plot: Plot, picture: Picture, courses: Sequence[Course], width: int, palette: Palette
) -> Iterator[list[Run]]:
    """The title; where the run is and which line is which; why something is not drawn."""
    told = f"{plot.title}, by the logarithm" if plot.bars and plot.log else plot.title
    yield [(told, palette.muted)]
    here: list[Run] = []
    for name, places in zip(plot.at, courses[-1].places if courses else (), strict=False):
        if len(places):
            told = f"{name.rpartition('.')[2]} {number(places[-1], 5)}  "
            here.append((told, palette.strong))
    if row := [*here, *_legend(plot, picture, courses, palette)]:
        yield row
    if picture.problem:
        missing = _MISSING.search(picture.problem)
        if missing:
            yield [(f"the plot comes when {missing[1]} has a value", palette.muted)]
        else:
            yield from wrap([(f"not drawn: {picture.problem}", palette.warning)], width)


def _legend(plot: Plot, picture: Picture, courses: Sequence[Course], palette: Palette) -> list[Run]:
    """Which line is which, and which run, where that is not plain."""
    runs: list[Run] = []
    for (_, _, label), (mark, style) in zip(picture.lines, _lines(palette), strict=False):
        if label:
            runs.append((f"{'━' if mark == LINE else mark} {label}  ", style))
    others = courses[:-1] if plot.at else ()
    for one, style in zip(others, cycle(palette.curves), strict=False):
        runs.append((f"{one.mark} {one.name}  ", style))
    return runs


def _lines(palette: Palette) -> Iterator[tuple[str, Style]]:
    """What lines are drawn with, in turn: without colours their marks tell them apart."""
    styles = cycle((palette.accent, *palette.curves))
    return zip(cycle((LINE,) if palette.colors else (LINE, "*", "+", "x")), styles, strict=False)


# Points, lines and a curve


def _chart(
    plot: Plot,
    picture: Picture,
    courses: Sequence[Course],
    width: int,
    height: int,
    palette: Palette,
) -> Sequence[Strip]:
    lines = [(_clean(x), _scaled(y, plot.log), label) for x, y, label in picture.lines]
    points = tuple(map(_clean, picture.points))
    curve: tuple[Array, Array] | None = None
    if picture.surface is not None:
        over = plot.over[0]
        across = np.linspace(over.low, over.high, len(picture.surface))
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
    for (line_x, line_y, _), (mark, style) in zip(lines, _lines(palette), strict=False):
        _draw_curve(chart, line_x, line_y, style, mark)
    if curve is not None:
        _draw_curve(chart, *curve, palette.accent)
    if points:
        _draw_points(chart, points[0], heights, points[2:], palette)
    if curve is not None:
        # The ball is over everything else.
        for one, style in zip(courses, _curve_styles(courses, palette), strict=True):
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
        chart.marks(x[here], y[here], CLASSES[place % len(CLASSES)], _class_style(place, palette))


def _class_style(place: int, palette: Palette) -> Any:
    return (palette.negative, palette.positive, *palette.curves)[place % (2 + len(palette.curves))]


def _curve_styles(courses: Sequence[Course], palette: Palette) -> list[Any]:
    """The shown run's last."""
    others = [style for style, _ in zip(cycle(palette.curves), courses[:-1], strict=False)]
    return [*others, palette.changed] if courses else []


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
    chart.marks(within[:-1][been][first], heights[:-1][been][first], surface.BEEN, palette.muted)
    last = places[-1]
    mark = "◄" if last < x[0] else "►" if last > x[-1] else course.mark or HERE
    chart.marks(within[-1:], heights[-1:], mark, style)


# A map


def _map(
    plot: Plot,
    picture: Picture,
    courses: Sequence[Course],
    width: int,
    height: int,
    palette: Palette,
) -> Sequence[Strip]:
    if picture.surface is None:
        return ()
    first, second = plot.over
    ways = [
        Way("•", x, y, style, joined=True)
        for (x, y, _), (_, style) in zip(picture.lines, _lines(palette), strict=False)
    ]
    if picture.points:
        x, y, *classes = picture.points
        kinds = np.unique(classes[0]) if classes else [None]
        for place, kind in enumerate(kinds):
            here = classes[0] == kind if classes else np.ones(len(x), bool)
            mark = CLASSES[place % len(CLASSES)]
            ways.append(Way(mark, x[here], y[here], _class_style(place, palette), joined=False))
    for one, style in zip(courses, _curve_styles(courses, palette), strict=True):
        if len(one.places) == 2:
            x, y = one.places
            ways.append(Way(one.mark or HERE, x, y, style))
    names = plot.at if len(plot.at) == 2 else (first.name, second.name)
    return draw_surface(
        picture.surface,
        (first.low, first.high),
        (second.low, second.high),
        (names[0], names[1]),
        ways,
        width,
        height,
        palette,
        level=plot.level,
        log=plot.log,
    )


# Bars


def _bars(picture: Picture, log: bool, width: int, height: int, palette: Palette) -> list[Strip]:
    """A row for each name: the bar from the left, its number behind the name."""
    if not picture.bars:
        return []
    names = min(max(len(name) for name, _ in picture.bars), width // 3)
    sizes = np.clip([_size(value, log) for _, value in picture.bars], -LARGEST, LARGEST)
    known = sizes[np.isfinite(sizes)]
    low = float(known.min()) - 1.0 if log and known.size else 0.0
    span = (float(known.max()) if known.size else 0.0) - low or 1.0
    room = max(0, width - names - 12)
    rows = []
    for (name, value), size in zip(picture.bars, sizes.tolist(), strict=True):
        told = fit(number(value, 4), 10, right=True)
        cells = round(room * (size - low) / span) if math.isfinite(size) else 0
        is_odd = not math.isfinite(value)
        style = palette.error if is_odd else palette.negative if value < 0 else palette.accent
        runs = [
            (fit(name, names), palette.text),
            (f"{told} ", palette.error if is_odd else palette.strong),
            ("█" * max(0, cells), style),
        ]
        rows.append(strip(runs, width, palette.text))
    if len(rows) > height > 0:
        more = f"and {len(rows) - height + 1} more: Enter shows this pane alone"
        rows[height - 1 :] = [strip([(more, palette.muted)], width, palette.text)]
    return rows


def _size(value: float, log: bool) -> float:
    if not math.isfinite(value):
        return math.nan
    if not log:
        return abs(value)
    return math.log10(abs(value)) if value else math.nan
