"""A plot that a lesson declares: points, lines, a curve with a ball on it, a map, or bars."""

import re
from collections.abc import Iterator, Sequence
from itertools import cycle

import numpy as np
from textual.strip import Strip

from tutor.insight.plots import Picture
from tutor.script.declarations import Plot
from tutor.ui.draw.plots import marks, surface
from tutor.ui.draw.plots.bars import draw_bars
from tutor.ui.draw.plots.chart import LINE
from tutor.ui.draw.plots.curves import draw_curves
from tutor.ui.draw.plots.marks import Course
from tutor.ui.draw.plots.surface import HERE, Way, draw_surface
from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Run, fill, line, strip, wrap

_MISSING = re.compile(r"NameError: name '(\w+)' is not defined")


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
        drawn = draw_bars(picture, plot.log, width, body, palette)
    elif body >= 3 and width >= 12:
        is_map = len(plot.over) == 2
        drawn = (_map if is_map else draw_curves)(plot, picture, courses, width, body, palette)
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
    for (_, _, label), (mark, style) in zip(picture.lines, marks.lines(palette), strict=False):
        if label:
            runs.append((f"{'━' if mark == LINE else mark} {label}  ", style))
    others = courses[:-1] if plot.at else ()
    for one, style in zip(others, cycle(palette.curves), strict=False):
        runs.append((f"{one.mark} {one.name}  ", style))
    return runs


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
    first, second = plot.over.items()
    ways = [
        Way("•", x, y, style, joined=True)
        for (x, y, _), (_, style) in zip(picture.lines, marks.lines(palette), strict=False)
    ]
    if picture.points:
        x, y, *classes = picture.points
        kinds = np.unique(classes[0]) if classes else [None]
        for place, kind in enumerate(kinds):
            here = classes[0] == kind if classes else np.ones(len(x), bool)
            mark, style = marks.of_class(place, palette)
            ways.append(Way(mark, x[here], y[here], style, joined=False))
    for one, style in zip(courses, marks.of_runs(courses, palette), strict=True):
        if len(one.places) == 2:
            x, y = one.places
            ways.append(Way(one.mark or HERE, x, y, style))
    names = plot.at if len(plot.at) == 2 else (first[0], second[0])
    return draw_surface(
        picture.surface,
        first[1],
        second[1],
        (names[0], names[1]),
        ways,
        width,
        height,
        palette,
        level=plot.level,
        log=plot.log,
    )
