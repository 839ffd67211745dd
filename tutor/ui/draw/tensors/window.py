"""The window on a value: the rows and columns in view of what a subscript selects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, prod

import numpy as np

from tutor.schema.frame import EXACT, TensorView
from tutor.schema.target import parse_subscript
from tutor.ui.draw.text.numbers import element, statistics

Axes = tuple[int | range, ...]
"""What a subscript selects on each axis of a value: one index, or a range of them."""

Span = tuple[int, int]
"""The first row or column, and one past the last."""

GAP = 2
"""Cells between two columns."""
_SIZES = {"b": 5, "i": 10, "u": 10, "f": 9, "c": 17}
"""The least cells of an element, by the kind of its dtype: enough for three digits."""
_WIDEST = 13
"""The most cells of an element: enough for six digits."""


def select(shape: Sequence[int], index: str) -> Axes:
    """Return what a subscript such as `[3:5, :, 0]` selects on each axis; "" selects everything.

    Raises:
        ValueError: The subscript does not fit this shape; the message is one line.
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
    """The rows and columns in view of the selected elements, as a matrix.

    A vector is wrapped into rows.
    """

    axes: Axes
    size: int
    """The most cells of an element."""
    of: Span
    """How many rows and columns there are in all."""
    rows: range
    columns: range

    @property
    def kept(self) -> tuple[range, ...]:
        """The axes that the subscript keeps."""
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
        """More rows and columns around those in view, as many as one replay returns.

        The window can then move without another replay.
        """
        rows, columns = self.needed
        if self.is_vector:
            return rows, _widened(columns, _count(self.kept), EXACT)
        return _widened(rows, self.of[0], EXACT // max(1, len(self.columns))), columns

    def moved(self, rows: int, pages: int) -> Span:
        """Return the start of the window that is so many rows further down and pages right."""
        top, across = self.rows.start + rows, len(self.columns)
        return (0, top * across) if self.is_vector else (top, self.columns.start + pages * across)

    def __str__(self) -> str:
        rows, columns = self.needed
        if not self.kept:
            return ""
        if self.is_vector:
            return f"elements {_range(columns, _count(self.kept))}"
        return f"rows {_range(rows, self.of[0])}, columns {_range(columns, self.of[1])}"


def look(view: TensorView, axes: Axes, at: Span, width: int, height: int) -> Window:
    """Return the window that begins at a row and column, moved to where there are elements.

    Args:
        view: The value: its numbers decide how many columns fit.
        axes: What is selected of it.
        at: The row and column to begin at.
    """
    kept = [axis for axis in axes if isinstance(axis, range)]
    lasts = [axis[-1] if axis else 0 for axis in kept]
    columns = len(kept[-1]) if kept else 1
    is_vector = len(kept) < 2
    room = width - len(label(axes, lasts if is_vector else lasts[:-1]))
    size = _size(view)
    if not is_vector:
        # A column is at least as wide as its index.
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
    """Format an index into the value, with a colon for each axis beyond `places`."""
    rest = iter(places)
    indices = [axis if isinstance(axis, int) else next(rest, ":") for axis in axes]
    return f"[{','.join(map(str, indices))}]" if indices else ""


def head(column: int, step: int) -> str:
    """Format the head of a column of a wrapped vector: its offset from the index of its row."""
    return f"+{column * step}"


def _count(kept: Sequence[range]) -> int:
    return prod(map(len, kept))


def _rounded(across: int) -> int:
    """Round down to a number of columns that is easy to count with."""
    return across // 10 * 10 or across // 5 * 5 or across


def _widened(span: Span, whole: int, most: int) -> Span:
    """Widen a span on both sides to `most` elements, within `whole`."""
    first, end = span
    most = max(most, end - first)
    start = max(0, min(first - (most - (end - first)) // 2, whole - most))
    return start, min(whole, start + most)


def _range(span: Span, whole: int) -> str:
    return f"{span[0]:,}–{span[1] - 1:,} of {whole:,}"
