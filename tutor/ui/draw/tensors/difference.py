"""The differences between the values of a run and those of its parent, which it was forked from."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.schema import values
from tutor.schema.frame import BINS, Summary, TensorView
from tutor.ui.draw.tensors.tensors import listed
from tutor.ui.draw.tensors.value import draw_value
from tutor.ui.draw.text.numbers import (
    Array,
    decode,
    element,
    is_finite,
    preview,
    real,
    shape,
    spark,
)
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fill, fit, line, strip

EQUAL = "="

_BLOCKS = "of block means"
_SPARK = 8
_PREVIEW = 12


class Subtraction(NamedTuple):
    """A value of this run minus the value of the same name in the parent."""

    view: TensorView | None
    """The differences of the elements in float64, or those of block means for large values."""
    note: str = ""
    """Why there is no view: the values are equal or cannot be subtracted."""


def named(moment: Moment, parent: Moment) -> list[str]:
    """Return the names of both runs, those of `moment` first."""
    here = listed(moment)
    known = set(here)
    return [*here, *(name for name in listed(parent) if name not in known)]


@lru_cache(maxsize=256)
def subtract(now: TensorView | None, then: TensorView | None, parent: str) -> Subtraction:
    """Return `now` minus `then`; one of them may be missing.

    Args:
        parent: The name of the run that has `then`.
    """
    if now is None or then is None:
        return Subtraction(None, "new" if now else f"only in {parent}")
    if now.shape != then.shape:
        return Subtraction(None, f"shape {shape(then)} in {parent}")
    elements, others = decode(now), decode(then)
    if elements is not None and others is not None:
        return _of_elements(elements, others)
    if now.summary is None or then.summary is None:
        return Subtraction(None, "not kept")
    if now.summary == then.summary:
        return Subtraction(None, f"{EQUAL} in all that is kept")
    return _of_blocks(now, now.summary, then.summary)


def largest(view: TensorView) -> tuple[str, str]:
    """Return the element or block mean farthest from zero, and its index; "" for a block mean."""
    numbers = decode(view)
    if numbers is None:
        assert view.summary is not None
        numbers = values.block(view.summary)
    if not numbers.size:
        return "", ""
    sizes = np.abs(real(numbers))
    at = int(np.where(np.isnan(sizes), np.inf, sizes).argmax())
    index = ",".join(map(str, np.unravel_index(at, view.shape))) if view.data else ""
    return element(numbers.reshape(-1)[at].item(), 4), f"[{index}]" if index else ""


def draw_differences(
    moment: Moment, parent: Moment, name: str, width: int, palette: Palette,
    *, selected: str | None = None,
) -> list[Strip]:  # fmt: skip
    """Return a row for each of `named(moment, parent)`.

    A row has the name, the shape, the largest difference, a histogram and a preview.

    Args:
        name: The name of the parent.
    """
    names = named(moment, parent)
    if not names:
        return [line("no values yet", width, palette.muted)]
    found = {one: subtract(moment.view(one), parent.view(one), name) for one in names}
    farthest = {one: largest(was.view)[0] for one, was in found.items() if was.view is not None}
    shapes = {one: shape(view) for one in names if (view := moment.view(one) or parent.view(one))}
    sizes = _sizes(shapes, farthest, width)
    strips = []
    for one, (view, note) in found.items():
        style = palette.text
        if view is not None:
            style = palette.changed if is_finite(view) else palette.warning
        parts: list[Styled] = [("   ", palette.text), (fit(one, sizes["name"]), style)]
        if sizes["shape"]:
            parts.append((" " + fit(shapes[one], sizes["shape"], right=True), palette.muted))
        parts.append((" ", palette.text))
        if view is None:
            parts.append((note, palette.muted if note.startswith(EQUAL) else palette.warning))
        else:
            parts.append((fit(farthest[one], sizes["largest"], right=True), style))
        if view is not None and view.count > 1 and sizes["preview"]:
            room = sizes["preview"] - (len(_BLOCKS) + 1 if view.summary else 0)
            parts += [
                (f" {spark(view, _SPARK)} ", palette.accent),
                (f"{_BLOCKS} " if view.summary else "", palette.muted),
                (preview(view, room), palette.text),
            ]
        if one == selected:
            parts = [(text, style + palette.selected) for text, style in parts]
        strips.append(strip(parts, width, palette.text))
    return strips


def draw_difference(
    now: TensorView | None, then: TensorView | None, name: str,
    width: int, height: int, palette: Palette,
) -> list[Strip]:  # fmt: skip
    """Return `height` strips: one difference in detail, or why there is none, and the value."""
    view, note = subtract(now, then, name)
    if view is None:
        equal = note.startswith(EQUAL)
        text = f"{note} {name}" if note == EQUAL else note
        head = line(text, width, palette.muted if equal else palette.warning)
        view = now or then
        assert view is not None
    else:
        number, index = largest(view)
        what = f"largest {number}" + (f" at {index}" if index else "")
        of = f"{_BLOCKS}, " if view.summary else ""
        head = line(f"− {name}: {of}{what}", width, palette.accent)
    return fill([head, *draw_value(view, width, height - 1, palette)], width, height, palette.text)


def _sizes(shapes: dict[str, str], farthest: dict[str, str], width: int) -> dict[str, int]:
    """Return the cells of each column, 0 for a column that is left out."""
    name = min(max(map(cell_len, shapes)), max(4, (width - 3) * 2 // 5))
    largest = max(map(len, farthest.values()), default=1)
    size = max(map(len, shapes.values()))
    left = width - 3 - name - 1 - largest
    if left < size + 1:
        size = 0
    left -= size + bool(size) + _SPARK + 2
    preview = left if left >= _PREVIEW else 0
    return {"name": name, "shape": size, "largest": largest, "preview": preview}


def _of_elements(now: Array, then: Array) -> Subtraction:
    # Two NaN are equal here, and so are two equal infinities, whose difference would be NaN.
    with np.errstate(invalid="ignore"):
        same = (now == then) | ((now != now) & (then != then))
    if same.all():
        return Subtraction(None, EQUAL)
    kind = "c16" if "c" in (now.dtype.kind, then.dtype.kind) else "f8"
    with np.errstate(all="ignore"):
        difference = np.where(same, 0, _wide(now, kind) - _wide(then, kind)).astype(f"<{kind}")
    dtype = str(difference.dtype)
    data = difference.tobytes()
    return Subtraction(TensorView("tensor", now.shape, dtype, "cpu", False, f"<{kind}", data))


def _wide(elements: Array, kind: str) -> Array:
    if elements.dtype == object:
        # A Python integer beyond int64.
        return real(elements).reshape(elements.shape)
    return elements.astype(kind)


def _of_blocks(view: TensorView, now: Summary, then: Summary) -> Subtraction:
    if (now.rows, now.cols) != (then.rows, then.cols) or not now.block:
        return Subtraction(None, "not kept")
    blocks = values.block(now).astype(np.float64) - values.block(then)
    finite = blocks[np.isfinite(blocks)]
    bad = blocks.size - finite.size
    histogram: tuple[int, ...] = ()
    least = most = mean = std = norm = float("nan")
    if not bad:
        least, most, mean, std = (float(f(finite)) for f in (np.min, np.max, np.mean, np.std))
        norm = float(np.linalg.norm(finite))
        histogram = tuple(np.histogram(finite, BINS)[0].tolist())
    block = blocks.astype("<f4").tobytes()
    summary = Summary(least, most, mean, std, norm, bad, histogram, now.rows, now.cols, block)
    return Subtraction(
        TensorView("tensor", view.shape, "float64", "cpu", False, "<f8", None, summary)
    )
