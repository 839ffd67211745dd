"""The marks and colours that distinguish the runs, lines and classes of a plot."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from rich.style import Style

from tutor.insight.trajectory import Trajectory
from tutor.ui.draw.plots.chart import LINE
from tutor.ui.draw.text.palette import Palette

CLASSES = "o+x*#"
"""The marks of the classes of points, in turn."""


def lines(palette: Palette) -> Iterator[tuple[str, Style]]:
    """What lines are drawn with, in turn: without colours their marks tell them apart."""
    styles = cycle((palette.accent, *palette.curves))
    return zip(cycle((LINE,) if palette.colors else (LINE, "*", "+", "x")), styles, strict=False)


def of_class(place: int, palette: Palette) -> tuple[str, Style]:
    """The mark and the style of the points of a class."""
    styles = (palette.negative, palette.positive, *palette.curves)
    return CLASSES[place % len(CLASSES)], styles[place % len(styles)]


def of_runs(trajectories: Sequence[Trajectory], palette: Palette) -> list[Style]:
    """Return the style of each run; the shown run comes last."""
    others = [style for style, _ in zip(cycle(palette.curves), trajectories[:-1], strict=False)]
    return [*others, palette.changed] if trajectories else []
