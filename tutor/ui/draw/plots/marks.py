"""What tells the runs, lines and classes of a plot apart: their marks and colours, in turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from rich.style import Style

from tutor.ui.draw.plots.chart import LINE
from tutor.ui.draw.text.palette import Palette

Array = np.ndarray[Any, Any]

CLASSES = "o+x*#"
"""The marks of the classes of points, in turn."""


@dataclass(frozen=True, eq=False)
class Course:
    """Where a run went: the coordinates of what `at` names, the last being where it is."""

    mark: str
    """One character; "" for the run that is shown."""
    name: str
    places: Sequence[Array]


def lines(palette: Palette) -> Iterator[tuple[str, Style]]:
    """What lines are drawn with, in turn: without colours their marks tell them apart."""
    styles = cycle((palette.accent, *palette.curves))
    return zip(cycle((LINE,) if palette.colors else (LINE, "*", "+", "x")), styles, strict=False)


def of_class(place: int, palette: Palette) -> tuple[str, Style]:
    """The mark and the style of the points of a class."""
    styles = (palette.negative, palette.positive, *palette.curves)
    return CLASSES[place % len(CLASSES)], styles[place % len(styles)]


def of_runs(courses: Sequence[Course], palette: Palette) -> list[Style]:
    """The style of each run, the last being the one that is shown."""
    others = [style for style, _ in zip(cycle(palette.curves), courses[:-1], strict=False)]
    return [*others, palette.changed] if courses else []
