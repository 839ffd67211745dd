"""A run beside the one that it was forked from: how far their values are apart."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.schema import values
from tutor.schema.frame import BINS, Summary, TensorView
from tutor.ui.draw.tensors.tensors import listed
from tutor.ui.draw.tensors.value import draw_value
from tutor.ui.draw.text.numbers import decode, element, is_finite, preview, real, shape, spark
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fill, fit, line, strip

Array = np.ndarray[Any, Any]

EQUAL = "="

_BLOCKS = "of block means"
_SPARK = 8
_PREVIEW = 12


class Difference(NamedTuple):
    """What one value has more than another one of the same name."""

    view: TensorView | None
    """Element by element in float64, or block mean by block mean of large ones."""
    note: str = ""
    """What is to be said where nothing can be subtracted, or both are equal."""


def named(moment: Moment, parent: Moment) -> list[str]:
    """The names of both, one a row: first those that there are here."""
    here = listed(moment)
    known = set(here)
    return [*here, *(name for name in listed(parent) if name not in known)]


@lru_cache(maxsize=256)
def subtract(now: TensorView | None, then: TensorView | None, parent: str) -> Difference:
    """`now` minus `then`, either of which may be missing.

    Args:
        parent: What the run is called that has `then`.
    """
    if now is None or then is None:
        return Difference(None, "new" if now else f"only in {parent}")
    if now.shape != then.shape:
        return Difference(None, f"shape {shape(then)} in {parent}")
    elements, others = decode(now), decode(then)
    if elements is not None and others is not None:
        return _of_elements(elements, others)
    if now.summary is None or then.summary is None:
        return Difference(None, "not kept")
    if now.summary == then.summary:
        return Difference(None, f"{EQUAL} as far as is kept")
    return _of_blocks(now, now.summary, then.summary)


def largest(view: TensorView) -> tuple[str, str]:
    """The element, or block mean, that is farthest from zero, and its index; "" for a block."""
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
    """A row for each of `named(moment, parent)`: name, shape, largest difference, histogram, all.

    Args:
        name: What the parent is called.
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
        ink = palette.text
        if view is not None:
            ink = palette.changed if is_finite(view) else palette.warning
        parts: list[Styled] = [("   ", palette.text), (fit(one, sizes["name"]), ink)]
        if sizes["shape"]:
            parts.append((" " + fit(shapes[one], sizes["shape"], right=True), palette.muted))
        parts.append((" ", palette.text))
        if view is None:
            parts.append((note, palette.muted if note.startswith(EQUAL) else palette.warning))
        else:
            parts.append((fit(farthest[one], sizes["largest"], right=True), ink))
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
    """One difference large, in `height` strips; where there is none, why, and the value that is."""
    view, note = subtract(now, then, name)
    if view is None:
        equal = note.startswith(EQUAL)
        told = f"{note} {name}" if note == EQUAL else note
        head = line(told, width, palette.muted if equal else palette.warning)
        view = now or then
        assert view is not None
    else:
        number, index = largest(view)
        what = f"largest {number}" + (f" at {index}" if index else "")
        of = f"{_BLOCKS}, " if view.summary else ""
        head = line(f"− {name}: {of}{what}", width, palette.accent)
    return fill([head, *draw_value(view, width, height - 1, palette)], width, height, palette.text)


def _sizes(shapes: dict[str, str], farthest: dict[str, str], width: int) -> dict[str, int]:
    """The cells of each column, 0 for one that is left out."""
    name = min(max(map(cell_len, shapes)), max(4, (width - 3) * 2 // 5))
    largest = max(map(len, farthest.values()), default=1)
    size = max(map(len, shapes.values()))
    left = width - 3 - name - 1 - largest
    if left < size + 1:
        size = 0
    left -= size + bool(size) + _SPARK + 2
    preview = left if left >= _PREVIEW else 0
    return {"name": name, "shape": size, "largest": largest, "preview": preview}


def _of_elements(now: Array, then: Array) -> Difference:
    # Two that are not finite in the same way are equal too: there is nothing between them.
    with np.errstate(invalid="ignore"):
        same = (now == then) | ((now != now) & (then != then))
    if same.all():
        return Difference(None, EQUAL)
    kind = "c16" if "c" in (now.dtype.kind, then.dtype.kind) else "f8"
    with np.errstate(all="ignore"):
        difference = np.where(same, 0, _wide(now, kind) - _wide(then, kind)).astype(f"<{kind}")
    dtype = str(difference.dtype)
    data = difference.tobytes()
    return Difference(TensorView("tensor", now.shape, dtype, "cpu", False, f"<{kind}", data))


def _wide(elements: Array, kind: str) -> Array:
    if elements.dtype == object:
        # A plain whole number beyond int64.
        return real(elements).reshape(elements.shape)
    return elements.astype(kind)


def _of_blocks(view: TensorView, now: Summary, then: Summary) -> Difference:
    if (now.rows, now.cols) != (then.rows, then.cols) or not now.block:
        return Difference(None, "not kept")
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
    return Difference(
        TensorView("tensor", view.shape, "float64", "cpu", False, "<f8", None, summary)
    )
