"""The elements in a window of a value, under their indices."""

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any

import numpy as np
from rich.style import Style
from textual.strip import Strip

from tutor.schema.target import parse_subscript
from tutor.ui.draw.tensors.window import GAP, Span, Window, head, label
from tutor.ui.draw.text.numbers import Array, aligned
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, line, strip

_UNKNOWN = "·"


def part_of(elements: Array, index: str, window: Window) -> Array:
    """Return the part of a value that a window needs, as a matrix: the answer to its `Fetch`."""
    taken = np.asarray(elements[parse_subscript(index)] if index else elements)
    *leading, columns = taken.shape if taken.ndim > 1 else (1, taken.size)
    matrix = taken.reshape(prod(leading), columns)
    (top, bottom), (left, right) = window.needed
    return matrix[top:bottom, left:right]


def draw_elements(
    window: Window, known: Array | None, start: Span, width: int, palette: Palette
) -> list[Strip]:
    """Return the numbers in a window under their indices; a dot stands for an unknown number.

    Args:
        known: Elements as `part_of` returns them; None if none are known.
        start: Their first row and column.
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
                style = number_style(number, palette)
            space = " " * (GAP + size - len(text))
            before, last = parts[-1]
            if style is last:
                # Neighbours of one style are one text: fewer to draw and to send.
                parts[-1] = (f"{before}{space}{text}", style)
            elif style is palette.error:
                parts += [(space, palette.text), (text, style)]
            else:
                parts.append((space + text, style))
        strips.append(strip(parts, width, palette.text))
    return strips


def number_style(value: Any, palette: Palette) -> Style:
    """Return the style of an element, by its sign and by whether it is finite."""
    if isinstance(value, float | complex) and not isfinite(abs(value)):
        return palette.error
    if isinstance(value, complex) or value > 0:
        return palette.text
    return palette.negative if value < 0 else palette.muted


def _cells(window: Window, known: Array | None, start: Span) -> list[list[Any]]:
    """Return the elements in view, row by row; None for an unknown one."""
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
    """Format the numbers with as many digits as fit into `size` cells, the same for all."""
    finite = [number for number in numbers if isinstance(number, float) and isfinite(number)]
    least = min((abs(number) for number in finite if number), default=0.0)
    # Formatting is the slowest part, so the extreme numbers are tried first.
    extremes = [least, min(finite), max(finite)] if finite else numbers[:1]
    for digits in (6, 5, 4, 3, 2, 1):
        if extremes and len(aligned(extremes, digits)[0]) > size:
            continue
        texts = aligned(numbers, digits)
        if not texts or len(texts[0]) <= size:
            return texts
    # A number that is cut would read as another number.
    return [text if len(text.strip()) <= size else "…" for text in aligned(numbers, 1)]


def _labels(window: Window) -> list[str]:
    """Return the index of each row in view; for a vector, that of its first element."""
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
    """Return the index of each column in view; for a vector, its offset from the row's index."""
    if not window.kept:
        return [""]
    last = window.kept[-1]
    if window.is_vector:
        return [head(column, last.step) for column in window.columns]
    return [str(last[column]) for column in window.columns]
