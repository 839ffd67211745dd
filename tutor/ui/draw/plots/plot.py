"""Draw a plot that a lesson declares: points, lines, a curve with a ball, a surface, or bars."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from textual.strip import Strip

from tutor.insight.plots import PlotData
from tutor.insight.trajectory import Trajectory
from tutor.script.declarations import Plot
from tutor.ui.draw.plots import marks, surface
from tutor.ui.draw.plots.bars import draw_bars
from tutor.ui.draw.plots.chart import LINE
from tutor.ui.draw.plots.curves import draw_curves
from tutor.ui.draw.plots.marks import HERE
from tutor.ui.draw.plots.surface import Overlay, draw_surface
from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fill, line, strip, wrap

_MISSING = re.compile(r"NameError: name '(\w+)' is not defined")


def grid(plot: Plot, width: int, height: int) -> tuple[int, int]:
    """Return how many values to sample of each of the two varied names for a pane of this size."""
    if len(plot.over) == 2:
        columns, rows = surface.room(width, height - 1)
        return columns, 2 * rows
    return min(200, max(2, 2 * width)), 1


def draw_plot(
    plot: Plot,
    picture: PlotData,
    trajectories: Sequence[Trajectory],
    width: int,
    height: int,
    palette: Palette,
) -> list[Strip]:
    """Return `height` strips: the title, where the run is, and the plot.

    Args:
        trajectories: Where each run is; the last one is the run that is shown.
    """
    if width < 1 or height < 1:
        return [line("", width, palette.text)] * max(0, height)
    head = [
        strip(row, width, palette.text)
        for row in _head(plot, picture, trajectories, width, palette)
    ]
    body = height - len(head)
    drawn: Sequence[Strip] = ()
    if plot.bars:
        drawn = draw_bars(picture, plot.log, width, body, palette)
    elif body >= 3 and width >= 12:
        is_map = len(plot.over) == 2
        drawn = (_map if is_map else draw_curves)(plot, picture, trajectories, width, body, palette)
    return fill([*head, *drawn], width, height, palette.text)


def _head(
    plot: Plot, picture: PlotData, trajectories: Sequence[Trajectory], width: int, palette: Palette
) -> Iterator[list[Styled]]:
    """Yield the rows above the plot: the title, the legend, and why something is not drawn."""
    title = f"{plot.title}, by the logarithm" if plot.bars and plot.log else plot.title
    yield [(title, palette.muted)]
    here: list[Styled] = []
    for name, places in zip(
        plot.at, trajectories[-1].coordinates if trajectories else (), strict=False
    ):
        if len(places):
            here.append((f"{name.rpartition('.')[2]} {number(places[-1], 5)}  ", palette.strong))
    if row := [*here, *_legend(plot, picture, trajectories, palette)]:
        yield row
    if picture.problem:
        missing = _MISSING.search(picture.problem)
        if missing:
            yield [(f"the plot comes when {missing[1]} has a value", palette.muted)]
        else:
            yield from wrap([(f"not drawn: {picture.problem}", palette.warning)], width)


def _legend(
    plot: Plot, picture: PlotData, trajectories: Sequence[Trajectory], palette: Palette
) -> list[Styled]:
    """Return the name and colour of each line and each other run."""
    parts: list[Styled] = []
    for (_, _, label), (mark, style) in zip(picture.lines, marks.lines(palette), strict=False):
        if label:
            parts.append((f"{'━' if mark == LINE else mark} {label}  ", style))
    others = trajectories[:-1] if plot.at else ()
    return parts + marks.legend([(one.mark, one.name) for one in others], palette)


def _map(
    plot: Plot,
    picture: PlotData,
    trajectories: Sequence[Trajectory],
    width: int,
    height: int,
    palette: Palette,
) -> Sequence[Strip]:
    if picture.surface is None:
        return ()
    first, second = plot.over.items()
    overlays = [
        Overlay("•", x, y, style, joined=True)
        for (x, y, _), (_, style) in zip(picture.lines, marks.lines(palette), strict=False)
    ]
    if picture.points:
        x, y, *classes = picture.points
        kinds = np.unique(classes[0]) if classes else [None]
        for place, kind in enumerate(kinds):
            here = classes[0] == kind if classes else np.ones(len(x), bool)
            mark, style = marks.of_class(place, palette)
            overlays.append(Overlay(mark, x[here], y[here], style, joined=False))
    for one, style in zip(trajectories, marks.of_runs(trajectories, palette), strict=True):
        if len(one.coordinates) == 2:
            x, y = one.coordinates
            overlays.append(Overlay(one.mark or HERE, x, y, style))
    names = plot.at if len(plot.at) == 2 else (first[0], second[0])
    return draw_surface(
        picture.surface,
        first[1],
        second[1],
        (names[0], names[1]),
        overlays,
        width,
        height,
        palette,
        level=plot.level,
        log=plot.log,
    )
