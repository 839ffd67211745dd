"""A heat map: a tensor as cells in diverging colours, each with a sign."""

import math
from itertools import groupby

import numpy as np
from textual.strip import Strip

from tutor.schema import values
from tutor.schema.frame import TensorView
from tutor.ui.draw.text.numbers import Array, decode, number, real
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, strip

NOT_FINITE = "×"


def draw_heat(view: TensorView, width: int, height: int, palette: Palette) -> list[Strip]:
    """Return at most `height` strips: the elements, or means over equal blocks, and a legend.

    Without colours a cell is a digit, 9 for the largest magnitude, reversed if below zero.
    """
    matrix = _matrix(view)
    wide = 2 if 2 * matrix.shape[1] <= width else 1
    down, across = max(1, height - 1), max(1, width // wide)
    if matrix.shape[0] == 1:
        # A vector is wrapped into rows.
        cells = _blocks(matrix, 1, down * across)[0]
        rows = [cells[start : start + across] for start in range(0, len(cells), across)]
    else:
        rows = list(_blocks(matrix, down, across))
    shown = np.concatenate(rows)
    magnitudes = np.abs(shown[np.isfinite(shown)])
    limit = float(magnitudes.max()) if magnitudes.size else 0.0
    strips = [strip(_runs(row, limit, wide, palette), width, palette.text) for row in rows]
    blocks = "  block means" if shown.size < view.count else ""
    legend = [*_legend(limit, palette), (blocks, palette.muted)]
    return [*strips, strip(legend, width, palette.text)]


def _matrix(view: TensorView) -> Array:
    """Return the value as a matrix of float64: its last axis, and all others flattened."""
    elements = decode(view)
    if elements is not None:
        return real(elements).reshape(-1, elements.shape[-1] if elements.ndim else 1)
    assert view.summary is not None
    return values.block(view.summary).astype(np.float64)


def _blocks(matrix: Array, rows: int, columns: int) -> Array:
    """Reduce the matrix to at most `rows` x `columns` cells, by means over equal blocks."""
    for axis, most in ((0, rows), (1, columns)):
        size = matrix.shape[axis]
        if size > most:
            starts = np.arange(most) * size // most
            counts = np.diff([*starts, size])
            with np.errstate(all="ignore"):
                sums = np.add.reduceat(matrix, starts, axis=axis)
                matrix = sums / (counts[:, None] if axis == 0 else counts)
    return matrix


def _runs(row: Array, limit: float, wide: int, palette: Palette) -> list[Styled]:
    """Return the cells of a row; equal neighbours are one text, fewer to draw and to send."""
    levels = len(palette.diverging) // 2 if palette.colors else 9
    with np.errstate(all="ignore"):
        shades = np.rint(row / limit * levels) if limit else np.zeros(row.shape)
        cells = np.where(np.isfinite(row), 3 * shades + np.sign(row), np.nan).tolist()
    parts = []
    for cell, group in groupby(cells, key=lambda cell: None if math.isnan(cell) else int(cell)):
        text, style = _cell(cell, wide, palette)
        parts.append((text * len(list(group)), style))
    return parts


def _cell(cell: int | None, wide: int, palette: Palette) -> Styled:
    """Draw a cell, given as 3 * shade + sign; None for one that is not finite."""
    if cell is None:
        return NOT_FINITE * wide, palette.error
    shade = round(cell / 3)
    sign = " +-"[cell - 3 * shade]  # -1 counts from the end
    middle = len(palette.diverging) // 2
    if palette.colors:
        return sign + " " * (wide - 1), palette.diverging[middle + shade]
    style = palette.diverging[0 if shade < 0 else -1]
    return f"{sign * (wide - 1)}{abs(shade)}", style


def _legend(limit: float, palette: Palette) -> list[Styled]:
    """Return the range of the colours, or of the digits without colours."""
    most = number(limit, 3)
    if not palette.colors:
        return [(f"0 to 9 for 0 to {most}, ", palette.muted), ("reversed", palette.diverging[0]),
                (" below 0", palette.muted)]  # fmt: skip
    middle = len(palette.diverging) // 2
    signs = "-" * middle + " " + "+" * middle
    levels = list(zip(signs, palette.diverging, strict=True))
    return [(f"-{most} ", palette.muted), *levels, (f" {most}", palette.muted)]
