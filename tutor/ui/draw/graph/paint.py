"""Paint the visible part of a graph that is laid out: its boxes and the wires between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.strip import Strip

from tutor.ui.draw.graph.layout import Layout
from tutor.ui.draw.graph.routes import Stub
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, clean, clip, strip

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8

LINES = {
    UP: "│", DOWN: "│", UP | DOWN: "│",
    LEFT: "─", RIGHT: "─", LEFT | RIGHT: "─",
    DOWN | RIGHT: "╭", DOWN | LEFT: "╮", UP | RIGHT: "╰", UP | LEFT: "╯",
    UP | DOWN | LEFT | RIGHT: "┼",
}  # fmt: skip
"""The character of a cell that a wire leaves in these directions; only wires have round corners."""

LEAST_LABEL = 3
"""Cells: a label is cut to the free space next to its wire, and left out if that is less."""


@dataclass(frozen=True)
class Box:
    key: int
    lines: tuple[tuple[Styled, ...], ...]
    """The texts of each row."""
    border: Style
    heavy: bool = False
    """A heavy border: the current operation, recognised without colour."""
    dashed: bool = False
    """A dashed border: a folded group, or an operation that was not recorded."""


@dataclass(frozen=True)
class Wire:
    source: int
    target: int
    label: str
    """A few characters, drawn next to the upper end of the wire if there is room."""
    style: Style


def box_size(lines: Sequence[Sequence[Styled]]) -> tuple[int, int]:
    """Return the columns and rows of a box with this content, border and margins included."""
    widths = (sum(cell_len(clean(text)) for text, _ in line) for line in lines)
    return max(widths, default=0) + 4, len(lines) + 2


def paint(
    layout: Layout, boxes: Sequence[Box], wires: Sequence[Wire], view: Region, palette: Palette
) -> list[Strip]:
    """Return the part of the layout in `view`: `view.height` strips of `view.width` cells.

    Args:
        boxes: Those that the layout has no place for are left out.
        wires: In the order in which they were laid out.
        view: May lie partly or wholly outside the layout.
    """
    canvas = _Canvas(view, palette.text)
    for wire, path in zip(wires, layout.paths, strict=True):
        for one, other in pairwise(path):
            canvas.line(one, other, wire.style)
    for row in range(max(0, view.y), min(view.bottom, layout.height)):
        for column, text, style in _labels(layout.stubs.get(row, ()), wires):
            canvas.text(column, row, [Segment(text, style)])
    loops = {wire.source: wire.style for wire in wires if wire.source == wire.target}
    for box in boxes:
        place = layout.places.get(box.key)
        if place is not None and place.overlaps(view):
            _box(canvas, box, place, palette)
            if box.key in loops:
                canvas.put(place.right - 1, place.y + place.height // 2, "↻", loops[box.key])
    for wire, path in zip(wires, layout.paths, strict=True):
        _ends(canvas, path, wire.style)
    return canvas.strips()


def _box(canvas: "_Canvas", box: Box, place: Region, palette: Palette) -> None:
    above, under = ("┏┓", "┗┛") if box.heavy else ("┌┐", "└┘")
    across, down = ("━", "┃") if box.heavy else ("╌", "┆") if box.dashed else ("─", "│")
    inside = place.width - 2
    for row, corners in ((place.y, above), (place.bottom - 1, under)):
        edge = corners[0] + across * inside + corners[1]
        canvas.text(place.x, row, [Segment(edge, box.border)])
    for number in range(place.height - 2):
        row = place.y + 1 + number
        margin = (" ", palette.text) if inside > 1 else ("", palette.text)
        content = box.lines[number] if number < len(box.lines) else ()
        drawn = strip([margin, *content], inside, palette.text)
        side = Segment(down, box.border)
        canvas.text(place.x, row, [side, *drawn, side])


def _ends(canvas: "_Canvas", path: Sequence[Offset], style: Style) -> None:
    """Paint a wire's port in the border of its source, and its arrow in that of its target."""
    if path:
        (x, y), (_, next_y) = path[0], path[1]
        heavy = canvas.at(x, y) == "━"
        ports = ("┷" if heavy else "┴", "┯" if heavy else "┬")
        canvas.put(x, y, ports[next_y > y], style)
        (x, y), (_, last_y) = path[-1], path[-2]
        canvas.put(x, y, "▲▼"[last_y < y], style)


def _labels(stubs: Sequence[Stub], wires: Sequence[Wire]) -> Iterator[tuple[int, str, Style]]:
    """Yield (column, text, style) for each label of a row.

    A label stands to the right of its wire, or to the left if there is more room.
    """
    free = 0
    for number, (column, wire) in enumerate(stubs):
        left, free = column - free, column + 1
        if wire is None:
            continue
        label, style = clean(wires[wire].label), wires[wire].style
        # One column stays blank before the next line.
        size, right = cell_len(label), stubs[number + 1][0] - column - 2
        if size > right and left > right:
            text = clip(label, left)
            column -= cell_len(text)
        else:
            text = clip(label, right)
            column += 1
            free = column + cell_len(text) + 1
        if cell_len(text) >= min(size, LEAST_LABEL):
            yield column, text, style


@dataclass(eq=False)
class _Canvas:
    """The cells of a view: characters and styles. A character of two cells has "" after it."""

    view: Region
    blank: Style
    texts: list[list[str]] = field(init=False)
    styles: list[list[Style]] = field(init=False)
    directions: dict[tuple[int, int], int] = field(default_factory=dict)
    """The directions in which wires leave a cell."""

    def __post_init__(self) -> None:
        rows = range(max(0, self.view.height))
        self.texts = [[" "] * self.view.width for _ in rows]
        self.styles = [[self.blank] * self.view.width for _ in rows]

    def at(self, x: int, y: int) -> str:
        return self.texts[y - self.view.y][x - self.view.x] if self.view.contains(x, y) else ""

    def put(self, x: int, y: int, text: str, style: Style) -> None:
        """Set one cell, if it is in the view."""
        if self.view.contains(x, y):
            self.texts[y - self.view.y][x - self.view.x] = text
            self.styles[y - self.view.y][x - self.view.x] = style

    def text(self, x: int, y: int, segments: Sequence[Segment]) -> None:
        """Write text from a column on; a wide character that the view cuts in half is blank."""
        if not self.view.y <= y < self.view.bottom:
            return
        texts, styles = self.texts[y - self.view.y], self.styles[y - self.view.y]
        x -= self.view.x
        for text, style, _ in segments:
            if x >= self.view.width:
                return
            for character in text:
                size = cell_len(character)
                if not size and 0 < x <= self.view.width:
                    texts[x - 1] += character
                for part, cell in enumerate(range(x, x + size)):
                    if 0 <= cell < self.view.width:
                        whole = x >= 0 and x + size <= self.view.width
                        texts[cell] = (character if not part else "") if whole else " "
                        styles[cell] = style or self.blank
                x += size

    def line(self, one: Offset, other: Offset, style: Style) -> None:
        """Draw a straight line, both ends included; lines that cross become a crossing."""
        across = one.y == other.y
        back, ahead = (LEFT, RIGHT) if across else (UP, DOWN)
        first, last = (one, other) if (one.x, one.y) <= (other.x, other.y) else (other, one)
        if across:
            if not self.view.y <= one.y < self.view.bottom:
                return
            cells = [
                (x, one.y)
                for x in range(max(first.x, self.view.x), min(last.x + 1, self.view.right))
            ]
        else:
            if not self.view.x <= one.x < self.view.right:
                return
            cells = [
                (one.x, y)
                for y in range(max(first.y, self.view.y), min(last.y + 1, self.view.bottom))
            ]
        for x, y in cells:
            directions = self.directions.get((x, y), 0)
            directions |= (back if (x, y) != first else 0) | (ahead if (x, y) != last else 0)
            self.directions[x, y] = directions
            self.put(x, y, LINES.get(directions, "┼"), style)

    def strips(self) -> list[Strip]:
        drawn = []
        for texts, styles in zip(self.texts, self.styles, strict=True):
            segments, start = [], 0
            for style, group in groupby(styles):
                end = start + len(list(group))
                segments.append(Segment("".join(texts[start:end]), style))
                start = end
            drawn.append(Strip(segments, max(0, self.view.width)))
        return drawn
