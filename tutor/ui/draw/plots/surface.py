"""A map of a function of two variables: cells in bands of colour, with overlays over them.

The edges of the bands are contours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.plots.chart import LARGEST
from tutor.ui.draw.plots.marks import TRAIL, VISITED
from tutor.ui.draw.text.numbers import Array, number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, strip

HALF = "▀"
"""Two half cells, the upper in the foreground colour and the lower in the background colour."""

SHADES = " .:-=+*#%@"
"""The characters of the bands without colours, from the lowest to the highest."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """Points drawn over the map: a trajectory, a line, or the points of a class."""

    mark: str
    """Drawn at the last point; at every point if they are not joined."""
    x: Array
    y: Array
    style: Style
    joined: bool = True
    """Whether successive points are joined by lines."""


def room(width: int, height: int) -> tuple[int, int]:
    """Return the (columns, rows) of the map in a pane of this size."""
    return max(1, width - _MARGIN), max(1, height - 2)


_ROUNDING = 1e-5
"""A surface that varies by less than this proportion is drawn flat."""

_MARGIN = 8
"""Cells to the left of the map, for the numbers of the vertical axis."""


def draw_surface(
    surface: Array,
    x: tuple[float, float],
    y: tuple[float, float],
    names: tuple[str, str],
    overlays: Sequence[Overlay],
    width: int,
    height: int,
    palette: Palette,
    *,
    level: float | None = None,
    log: bool = False,
) -> list[Strip]:
    """Return the map with the numbers of its axes, and a legend.

    Args:
        surface: (2 x rows, columns) of `room`, from the lowest y to the highest.
        x: The numbers at the left and the right edge.
        y: The numbers at the lower and the upper edge.
        names: The names of x and y.
        level: A height that divides the map in two, drawn in diverging colours.
        log: Whether the colours are by the logarithm of the height.
    """
    columns, rows = room(width, height)
    ramp = palette.diverging if level is not None else palette.sequential
    bands, ends = _bands(surface, len(ramp) or len(SHADES), level, log)
    over = _overlaid(overlays, x, y, columns, rows)
    across = np.arange(columns) * bands.shape[1] // columns
    strips = []
    for row in range(rows):
        # The surface may be sampled for another size.
        upper = bands[(2 * (rows - row) - 1) * len(bands) // (2 * rows)]
        lower = bands[(2 * (rows - row) - 2) * len(bands) // (2 * rows)]
        label = _label(row, rows, y, names[1])
        cells = _painted(upper[across], lower[across], over.get(row, {}), palette, ramp)
        strips.append(strip([(label, palette.muted), *cells], width, palette.text))
    strips.append(strip(_axis(x, names[0], columns, palette), width, palette.text))
    strips.append(strip(_legend(ends, log, level, ramp, palette), width, palette.text))
    return strips


def _bands(
    surface: Array, count: int, level: float | None, log: bool
) -> tuple[Array, tuple[float, float]]:
    """Return the band of each number, -1 if it is not finite, and the range of the bands."""
    finite = np.isfinite(surface) & ((surface > 0) if log else True)
    surface = np.clip(surface, -LARGEST, LARGEST)
    if not finite.any():
        return np.full(surface.shape, -1), (float("nan"), float("nan"))
    low, high = float(surface[finite].min()), float(surface[finite].max())
    is_level = level is None or low <= level <= high
    if is_level and high - low <= _ROUNDING * max(abs(low), abs(high)):
        # Differences of rounding would be drawn as a relief.
        return np.where(finite, count // 2, -1), (low, high)
    with np.errstate(all="ignore"):
        if level is not None:
            # The range is symmetric around the level, which is the middle band.
            span = max(high - level, level - low) or 1.0
            place = (surface - level) / span / 2 + 0.5
            low, high = level - span, level + span
        elif log:
            place = (np.log(surface) - np.log(low)) / ((np.log(high) - np.log(low)) or 1.0)
        else:
            # By the square root of the height, the contours of a bowl are at equal distances.
            place = np.sqrt((surface - low) / ((high - low) or 1.0))
        bands = np.clip(np.floor(place * count), 0, count - 1)
        if level is not None:
            # The middle band holds only the level itself.
            middle = count // 2
            bands = np.where((bands == middle) & (place < 0.5), middle - 1, bands)
            bands = np.where((bands == middle) & (place > 0.5), middle + 1, bands)
    return np.where(finite, bands, -1).astype(int), (low, high)


def _painted(
    upper: Array, lower: Array, over: dict[int, tuple[str, Style]], palette: Palette, ramp: Any
) -> Iterator[Styled]:
    """Yield the cells of a row; equal neighbours are one text."""
    pairs = list(zip(upper.tolist(), lower.tolist(), strict=True))
    keys = [(over.get(column), *pair) for column, pair in enumerate(pairs)]
    for (mark, above, below), group in groupby(keys):
        size = len(list(group))
        if mark is not None:
            yield mark[0] * size, _on(mark[1], below, palette, ramp)
        elif not palette.colors:
            shade = SHADES[below] if below >= 0 else "×"
            yield shade * size, palette.text
        elif above < 0 or below < 0:
            yield "×" * size, palette.error
        elif above == below:
            yield " " * size, ramp[above]
        else:
            style = Style(color=ramp[above].bgcolor, bgcolor=ramp[below].bgcolor)
            yield HALF * size, style


def _on(style: Style, band: int, palette: Palette, ramp: Any) -> Style:
    """Return the style of a mark over a cell: black or white, whichever is readable there."""
    if not palette.colors or band < 0:
        return style + Style(bold=True)
    ground = ramp[band].bgcolor
    red, green, blue = ground.get_truecolor()
    is_bright = 0.3 * red + 0.6 * green + 0.1 * blue > 110
    return Style(color="#000000" if is_bright else "#ffffff", bgcolor=ground, bold=True)


def _overlaid(
    overlays: Sequence[Overlay],
    x: tuple[float, float],
    y: tuple[float, float],
    columns: int,
    rows: int,
) -> dict[int, dict[int, tuple[str, Style]]]:
    """Return the overlays' cells by row and column; later overlays cover earlier ones."""
    over: dict[int, dict[int, tuple[str, Style]]] = {}

    def put(column: int, row: int, text: str, style: Style, *, keep: bool = False) -> None:
        if 0 <= column < columns and 0 <= row < rows:
            cells = over.setdefault(row, {})
            if not (keep and column in cells):
                cells[column] = (text, style)

    for overlay in overlays:
        finite = np.isfinite(overlay.x) & np.isfinite(overlay.y)
        across = _cell(overlay.x[finite], x, columns)
        up = _cell(overlay.y[finite], y, rows)
        places = [(column, rows - 1 - row) for column, row in zip(across, up, strict=True)]
        if overlay.joined:
            for one, other in pairwise(places):
                # No line is drawn to a point outside the map.
                is_inside = all(0 <= c < columns and 0 <= r < rows for c, r in (one, other))
                for column, row in _between(one, other) if is_inside else ():
                    put(column, row, TRAIL, overlay.style, keep=True)
                put(*one, VISITED, overlay.style)
            if places:
                put(*places[-1], overlay.mark, overlay.style)
        else:
            for column, row in places:
                put(column, row, overlay.mark, overlay.style)
    return over


def _cell(numbers: Array, ends: tuple[float, float], count: int) -> list[int]:
    """Return the cells of these numbers; the first and the last of `count` stand for the ends."""
    # Clipped: a trajectory that diverges must not become a line of a million cells.
    place = np.clip((numbers - ends[0]) / (ends[1] - ends[0]), -9, 10)
    cells: list[int] = np.rint(place * (count - 1)).astype(int).tolist()
    return cells


def _between(one: tuple[int, int], other: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the cells on the line between two cells, without both."""
    count = max(abs(other[0] - one[0]), abs(other[1] - one[1]))
    for at in range(1, count):
        yield (
            one[0] + round((other[0] - one[0]) * at / count),
            one[1] + round((other[1] - one[1]) * at / count),
        )


def _label(row: int, rows: int, y: tuple[float, float], name: str) -> str:
    """Return the text to the left of a row: an end of the vertical axis, or its name."""
    text = ""
    if row == 0:
        text = number(y[1], 4)
    elif row == rows - 1:
        text = number(y[0], 4)
    elif row == rows // 2:
        text = name.rpartition(".")[2]
    return fit(text, _MARGIN - 1, right=True) + " "


def _axis(x: tuple[float, float], name: str, columns: int, palette: Palette) -> list[Styled]:
    low, high, name = number(x[0], 4), number(x[1], 4), name.rpartition(".")[2]
    middle = name.center(max(0, columns - len(low) - len(high)))
    return [(" " * _MARGIN + low + middle + high, palette.muted)]


def _legend(
    ends: tuple[float, float], log: bool, level: float | None, ramp: Any, palette: Palette
) -> list[Styled]:
    low, high = number(ends[0], 3), number(ends[1], 3)
    shades: list[Styled] = (
        [(" ", style) for style in ramp] if palette.colors else [(SHADES, palette.text)]
    )
    how = " by its logarithm" if log else "" if level is None else f", {number(level, 3)} between"
    return [(f"{' ' * _MARGIN}{low} ", palette.muted), *shades, (f" {high}{how}", palette.muted)]
