"""The elements in view: numbers under their indices."""

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.schema.target import parse_subscript
from tutor.ui.draw.tensors.window import GAP, Span, Window, head, label
from tutor.ui.draw.text.numbers import aligned
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, line, strip

Array = np.ndarray[Any, Any]

_UNKNOWN = "·"


def part_of(elements: Array, index: str, window: Window) -> Array:
    """What a `Fetch` of a window brings, from all elements of its value."""
    taken = np.asarray(elements[parse_subscript(index)] if index else elements)
    *leading, columns = taken.shape if taken.ndim > 1 else (1, taken.size)
    matrix = taken.reshape(prod(leading), columns)
    (top, bottom), (left, right) = window.needed
    return matrix[top:bottom, left:right]


def draw_elements(
    window: Window, known: Array | None, start: Span, width: int, palette: Palette
) -> list[Strip]:
    """The numbers in a window under their indices; a dot is one that is not known yet.

    Args:
        known: Elements as a `Fetch` brings them, None if there are none.
        start: The row and column that they begin at.
    """
    if not window.rows or not window.columns:
        return [line("no elements", width, palette.muted)]
    cells = _cells(window, known, start)
    numbers = [number for row in cells for number in row if number is not None]
    texts = _texts(numbers, window.size)
    heads, labels = _heads(window), _labels(window)
    size = min(window.size, max(map(len, [*heads, *texts[:1]])))
    margin = max(map(len, labels))
    top = "".join(f"{'':{GAP}}{fit(text, size, right=True)}" for text in heads)
    strips = [line(" " * margin + top, width, palette.muted)]
    written = zip(texts, numbers, strict=True)
    for place, row in zip(labels, cells, strict=True):
        parts: list[Styled] = [(place.rjust(margin), palette.muted)]
        for number in row:
            text, style = _UNKNOWN, palette.muted
            if number is not None:
                text = next(written)[0].lstrip()
                style = ink(number, palette)
            space = " " * (GAP + size - len(text))
            before, last = parts[-1]
            if style is last:
                # Neighbours of one style are one run: fewer to draw and to send.
                parts[-1] = (f"{before}{space}{text}", style)
            elif style is palette.error:
                parts += [(space, palette.text), (text, style)]
            else:
                parts.append((space + text, style))
        strips.append(strip(parts, width, palette.text))
    return strips


def ink(value: Any, palette: Palette) -> Style:
    """The style of an element: its sign, and whether it is a number at all."""
    if isinstance(value, float | complex) and not isfinite(abs(value)):
        return palette.error
    if isinstance(value, complex) or value > 0:
        return palette.text
    return palette.negative if value < 0 else palette.muted


def _cells(window: Window, known: Array | None, start: Span) -> list[list[Any]]:
    """The elements in view, row by row; None for one that is not known."""
    (top, bottom), (left, right) = window.needed
    rows: list[list[Any]] = [[None] * (right - left) for _ in range(top, bottom)]
    if known is not None:
        above, before = start
        first, end = max(left, before), min(right, before + known.shape[1])
        for row in range(max(top, above), min(bottom, above + known.shape[0])):
            found = known[row - above, max(0, first - before) : max(0, end - before)]
            rows[row - top][first - left : first - left + len(found)] = found.tolist()
    if window.is_vector:
        across = len(window.columns)
        return [rows[0][place : place + across] for place in range(0, right - left, across)]
    return rows


def _texts(numbers: Sequence[Any], size: int) -> list[str]:
    """The numbers with as many digits as fit into `size` cells, all alike."""
    finite = [number for number in numbers if isinstance(number, float) and isfinite(number)]
    least = min((abs(number) for number in finite if number), default=0.0)
    # Formatting costs more than all else, so first whether the extreme ones would fit.
    extremes = [least, min(finite), max(finite)] if finite else numbers[:1]
    for digits in (6, 5, 4, 3, 2, 1):
        if extremes and len(aligned(extremes, digits)[0]) > size:
            continue
        texts = aligned(numbers, digits)
        if not texts or len(texts[0]) <= size:
            return texts
    # A number is never cut, since its head would read as another one.
    return [text if len(text.strip()) <= size else "…" for text in aligned(numbers, 1)]


def _labels(window: Window) -> list[str]:
    """The index of each row in view; of a vector, that of its first element."""
    kept = window.kept
    if window.is_vector:
        starts = [row * len(window.columns) for row in window.rows]
        return [label(window.axes, [axis[start] for axis in kept]) for start in starts]
    places = np.unravel_index(window.rows, [len(axis) for axis in kept[:-1]])
    return [
        label(window.axes, [axis[place] for axis, place in zip(kept, row, strict=False)])
        for row in zip(*(place.tolist() for place in places), strict=True)
    ]


def _heads(window: Window) -> list[str]:
    """The index of each column in view; of a vector, what is to be added to that of its row."""
    if not window.kept:
        return [""]
    last = window.kept[-1]
    if window.is_vector:
        return [head(column, last.step) for column in window.columns]
    return [str(last[column]) for column in window.columns]
