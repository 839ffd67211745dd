"""One value in detail: its description, its numbers or a heat map, and its statistics."""

from collections.abc import Iterator

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from tutor.schema import values
from tutor.schema.frame import TensorView
from tutor.ui.draw.tensors.elements import number_style
from tutor.ui.draw.tensors.heat import draw_heat
from tutor.ui.draw.text.numbers import Array, aligned, decode, finite, number, shape
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fill, fit, line, strip

NOT_KEPT = "changed here; its content was not kept, being replayed"


def draw_value(view: TensorView, width: int, height: int, palette: Palette) -> list[Strip]:
    """Return `height` strips; in a small pane only the description is left."""
    if width < 1 or height < 1:
        return [line("", width, palette.text)] * max(0, height)
    head = [strip(described(view, palette), width, palette.text)]
    if not view.is_complete:
        head.append(line(NOT_KEPT, width, palette.warning))
        return fill(head, width, height, palette.text)
    if view.summary is not None and view.summary.problem:
        head.append(line(view.summary.problem, width, palette.warning))
        return fill(head, width, height, palette.text)
    foot = list(_statistics(view, width, palette)) if height > 3 else []
    room = max(1, height - 1 - len(foot))
    body: list[Strip] = []
    elements = decode(view)
    if elements is not None and elements.size:
        body = _table(elements, width, room, palette)
    if not body and view.count:
        body = draw_heat(view, width, room, palette)
    if foot and len(body) < room:
        body.append(line("", width, palette.text))
    return fill([*head, *body, *foot], width, height, palette.text)


def described(view: TensorView, palette: Palette) -> list[Styled]:
    """Return the description of a value: shape, dtype, kind, device, whether it requires grad."""
    words = f"{shape(view)} {view.dtype}"
    if view.kind != "tensor":
        words += f" {view.kind}"
    if view.device not in ("", "cpu"):
        words += f" on {view.device}"
    parts = [(words, palette.muted)]
    if view.requires_grad:
        parts += [(" ∇", palette.accent), (" requires grad", palette.muted)]
    return parts


def _statistics(view: TensorView, width: int, palette: Palette) -> Iterator[Strip]:
    """Yield rows of statistics; of the finite elements if all elements are kept."""
    if view.count < 2:
        return
    pairs: list[list[Styled]] = []
    if view.summary is not None:
        bad, found = view.summary.nonfinite, values.statistics(view)
    else:
        known = finite(view)
        bad, found = view.count - known.size, values.statistics_of(known) if known.size else None
    if bad:
        pairs.append([(f"{bad} not finite", palette.warning)])
    for name, value in (found or {}).items():
        pairs.append([(f"{name} ", palette.muted), (number(value, 4), palette.text)])
    row: list[Styled] = []
    for pair in pairs:
        if row and sum(cell_len(text) for text, _ in [*row, *pair]) + 2 > width:
            yield strip(row, width, palette.text)
            row = []
        row += [("  ", palette.text), *pair] if row else pair
    yield strip(row, width, palette.text)


def _table(elements: Array, width: int, height: int, palette: Palette) -> list[Strip]:
    """Return all numbers with as many digits as fit; no rows if three digits do not fit."""
    # Formatting is the slowest part, so a layout of single digits is tried first.
    if elements.size > width * height or not 0 < len(_rows(elements.shape, 1, width)) <= height:
        return []
    numbers = elements.reshape(-1).tolist()
    for digits in (6, 5, 4, 3):
        texts = aligned(numbers, digits)
        rows = _rows(elements.shape, len(texts[0]), width)
        if 0 < len(rows) <= height:
            break
    else:
        return []
    strips = []
    size = max(len(label) for label, _ in rows)
    for label, places in rows:
        parts: list[Styled] = [(fit(label, size, right=True), palette.muted)] if size else []
        for place in places:
            parts.append(("  " if parts else "", palette.text))
            parts.append((texts[place], number_style(numbers[place], palette)))
        strips.append(strip(parts, width, palette.text))
    return strips


def _rows(shape: tuple[int, ...], size: int, width: int) -> list[tuple[str, range]]:
    """Return the label of each row and its elements as a flat range; nothing if too wide."""
    count = int(np.prod(shape, dtype=int))
    columns = shape[-1] if len(shape) > 1 else count
    if len(shape) < 2 and columns * (size + 2) - 2 <= width:
        return [("", range(count))]
    if len(shape) < 2:
        # A long vector is wrapped into rows.
        columns = (width - len(f"[{count}]")) // (size + 2)
        if columns < 1:
            return []
        starts = range(0, count, columns)
        return [(f"[{start}]", range(start, min(start + columns, count))) for start in starts]
    labels = ["[" + ",".join(map(str, index)) + "]" for index in np.ndindex(shape[:-1])]
    if max(map(len, labels)) + columns * (size + 2) > width:
        return []
    return [(label, range(i * columns, (i + 1) * columns)) for i, label in enumerate(labels)]
