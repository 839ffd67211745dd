"""Which part of a value is in view: what a subscript takes of it, in rows and columns that fit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, prod

import numpy as np

from tutor.schema.frame import EXACT, TensorView
from tutor.schema.target import parse_subscript
from tutor.ui.draw.text.numbers import element, statistics

Axes = tuple[int | range, ...]
"""What a subscript takes of each axis of a value: one place, or several."""

Span = tuple[int, int]
"""The first place, and one past the last."""

GAP = 2
"""Cells between two columns."""
_SIZES = {"b": 5, "i": 10, "u": 10, "f": 9, "c": 17}
"""Cells that an element gets at least, by the kind of its type: three digits of any number."""
_WIDEST = 13
"""Cells that an element gets at most where there is room: all six digits of any number."""


def select(shape: Sequence[int], index: str) -> Axes:
    """What a subscript such as `[3:5, :, 0]` takes of each axis; "" takes everything.

    Raises:
        ValueError: it takes nothing from a value of this shape, for the reason given in a line.
    """
    if index and not re.fullmatch(r"\[[^\[\]]*\]", index):
        raise ValueError(f"{index}: want one pair of brackets, such as [3:5, :, 0]")
    key = parse_subscript(index) if index else ()
    keys = list(key) if isinstance(key, tuple) else [key]
    dots = [place for place, one in enumerate(keys) if one is Ellipsis]
    missing = len(shape) - len(keys) + len(dots)
    if missing < 0 or len(dots) > 1:
        raise ValueError(f"{index}: too many indices, there are {len(shape)} dimensions")
    first = dots[0] if dots else len(keys)
    keys[first : first + len(dots)] = [slice(None)] * missing
    return tuple(_axis(one, size, n) for n, (one, size) in enumerate(zip(keys, shape, strict=True)))


def _axis(key: object, size: int, number: int) -> int | range:
    if type(key) is int:
        if not -size <= key < size:
            raise ValueError(f"{key} is out of range: dimension {number} has {size}")
        return key % size
    if not isinstance(key, slice):
        raise ValueError(f"{key!r} is no index: want numbers and colons, such as [3:5, :, 0]")
    ends = (key.start, key.stop, key.step)
    if any(end is not None and type(end) is not int for end in ends):
        raise ValueError("want whole numbers between the colons, such as [3:5, :, 0]")
    if key.step is not None and key.step < 1:
        raise ValueError("the step of a slice must be greater than zero")
    return range(*key.indices(size))


@dataclass(frozen=True)
class Window:
    """What is in view of the elements that a subscript leaves, taken as a matrix. A vector goes on
    in the next row."""

    axes: Axes
    size: int
    """Cells of an element, at most."""
    of: Span
    """How many rows and columns there are."""
    rows: range
    columns: range

    @property
    def kept(self) -> tuple[range, ...]:
        """The axes along which there is more than one place to look at."""
        return tuple(axis for axis in self.axes if isinstance(axis, range))

    @property
    def is_vector(self) -> bool:
        return len(self.kept) < 2

    @property
    def needed(self) -> tuple[Span, Span]:
        """The rows and columns in view, as `Fetch` counts them."""
        rows, across = self.rows, len(self.columns)
        if self.is_vector:
            return (0, 1), (rows.start * across, min(rows.stop * across, _count(self.kept)))
        return (rows.start, rows.stop), (self.columns.start, self.columns.stop)

    @property
    def around(self) -> tuple[Span, Span]:
        """As much as can be brought at once around what is needed, so that moving on finds it."""
        rows, columns = self.needed
        if self.is_vector:
            return rows, _widened(columns, _count(self.kept), EXACT)
        return _widened(rows, self.of[0], EXACT // max(1, len(self.columns))), columns

    def moved(self, rows: int, pages: int) -> Span:
        """Where a window begins so many rows further down and pages to the right."""
        top, across = self.rows.start + rows, len(self.columns)
        return (0, top * across) if self.is_vector else (top, self.columns.start + pages * across)

    def __str__(self) -> str:
        rows, columns = self.needed
        if not self.kept:
            return ""
        if self.is_vector:
            return f"elements {_told(columns, _count(self.kept))}"
        return f"rows {_told(rows, self.of[0])}, columns {_told(columns, self.of[1])}"


def look(view: TensorView, axes: Axes, at: Span, width: int, height: int) -> Window:
    """The window that begins at a row and column, or as near as there is something to see.

    Args:
        view: The value: its numbers decide how many fit side by side.
        axes: What is taken of it.
    """
    kept = [axis for axis in axes if isinstance(axis, range)]
    lasts = [axis[-1] if axis else 0 for axis in kept]
    columns = len(kept[-1]) if kept else 1
    is_vector = len(kept) < 2
    room = width - len(label(axes, lasts if is_vector else lasts[:-1]))
    size = _size(view)
    if not is_vector:
        # A column is as wide as its index at least.
        size = max(size, len(str(lasts[-1])))
    across = min(columns, max(1, room // (size + GAP)))
    rows = prod(map(len, kept[:-1]))
    row, column = at
    if is_vector:
        step = kept[0].step if kept else 1
        while across > 1 and across * (len(head(across - 1, step)) + GAP) > room:
            across -= 1
        across = across if across == columns else _rounded(across)
        rows = -(-columns // across) if across else 0
        row, column, columns = column // max(1, across), 0, across
    down = min(rows, max(1, height - 1), EXACT // max(1, across))
    top, left = max(0, min(row, rows - down)), max(0, min(column, columns - across))
    size = max(1, min(max(size, _WIDEST), room // max(1, across) - GAP))
    return Window(axes, size, (rows, columns), range(top, top + down), range(left, left + across))


def _size(view: TensorView) -> int:
    if view.stored == "text":
        return _WIDEST
    kind = np.dtype(view.stored).kind
    found = statistics(view) if kind in "iu" else None
    if found is None or not isfinite(found["min"]):
        return _SIZES[kind]
    return max(len(element(int(found[end]))) for end in ("min", "max"))


def label(axes: Axes, places: Sequence[int]) -> str:
    """An index into the value; a colon for each axis beyond `places`."""
    rest = iter(places)
    told = [axis if isinstance(axis, int) else next(rest, ":") for axis in axes]
    return f"[{','.join(map(str, told))}]" if told else ""


def head(column: int, step: int) -> str:
    """Of a column of a vector: what is to be added to the index of its row."""
    return f"+{column * step}"


def _count(kept: Sequence[range]) -> int:
    return prod(map(len, kept))


def _rounded(across: int) -> int:
    """As many as are easily counted."""
    return across // 10 * 10 or across // 5 * 5 or across


def _widened(span: Span, whole: int, most: int) -> Span:
    first, end = span
    most = max(most, end - first)
    start = max(0, min(first - (most - (end - first)) // 2, whole - most))
    return start, min(whole, start + most)


def _told(span: Span, whole: int) -> str:
    return f"{span[0]:,}–{span[1] - 1:,} of {whole:,}"
