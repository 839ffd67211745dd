"""The marks and colours of the runs, lines and classes of points in a plot."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from rich.style import Style

from tutor.ui.draw.plots.chart import LINE
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled

HERE, VISITED, TRAIL = "●", "•", "·"
"""Where a run is, where it was, and the line between two such places."""

CLASSES = "o+x*#"
"""The marks of the classes of points, repeated if there are more classes."""


def lines(palette: Palette) -> Iterator[tuple[str, Style]]:
    """Yield a mark and a style for each line, without end; without colours the marks differ."""
    styles = cycle((palette.accent, *palette.curves))
    return zip(cycle((LINE,) if palette.colors else (LINE, "*", "+", "x")), styles, strict=False)


def of_class(place: int, palette: Palette) -> tuple[str, Style]:
    """Return the mark and the style of the points of the class number `place`."""
    styles = (palette.negative, palette.positive, *palette.curves)
    return CLASSES[place % len(CLASSES)], styles[place % len(styles)]


def of_runs(runs: Sequence[object], palette: Palette) -> list[Style]:
    """Return the style of each run; the last one is the run that is shown."""
    others = [style for style, _ in zip(cycle(palette.curves), runs[:-1], strict=False)]
    return [*others, palette.changed] if runs else []


def legend(runs: Sequence[tuple[str, str]], palette: Palette) -> list[Styled]:
    """Return the (mark, name) of each other run, in its colour."""
    styles = cycle(palette.curves)
    return [(f"{mark} {name}  ", next(styles)) for mark, name in runs]
