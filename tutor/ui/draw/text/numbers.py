"""Numbers as text: elements, previews of tensors, shapes and small histograms."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from tutor.schema import values
from tutor.schema.frame import TensorView

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=+*%#"

MISSING = "being replayed"
"""Text in place of content that the recording does not hold."""

Array = np.ndarray[Any, Any]


decode = lru_cache(maxsize=256)(values.array)
"""`values.array`, decoded once for each view: one drawing reads the same view several times."""


@lru_cache(maxsize=256)
def statistics(view: TensorView) -> dict[str, float] | None:
    """`values.statistics`, computed once for each view."""
    elements = decode(view)
    return values.statistics(view) if elements is None else values.statistics_of(elements)


def number(value: float, digits: int = 6) -> str:
    """Format `value` in at most `digits` digits, with an exponent if that is shorter."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    text = f"{value:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def element(value: object, digits: int = 6) -> str:
    """Format one element of a tensor, as `.tolist()` returns it.

    Booleans and integers below 1e9 are written in full.
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return _whole(value, digits)
    if isinstance(value, complex):
        sign = "" if value.imag < 0 or math.isnan(value.imag) else "+"
        return f"{number(value.real, digits)}{sign}{number(value.imag, digits)}j"
    return number(value, digits) if isinstance(value, float) else str(value)


def _whole(value: int, digits: int) -> str:
    if abs(value) < 10**9:
        return str(value)
    if abs(value) < 10**300:
        return number(float(value), digits)
    # Too large for a float: the exponent is counted from the digits.
    text = str(abs(value))
    return f"{'-' * (value < 0)}{text[0]}.{text[1:digits]}e{len(text) - 1}"


def aligned(row: Sequence[object], digits: int = 6) -> list[str]:
    """Format elements to one width, with aligned decimal points if one format suits them all."""
    floats = [x for x in row if isinstance(x, float)]
    finite = [abs(x) for x in floats if math.isfinite(x) and x]
    decimals = None
    if finite and len(floats) == len(row) and 1e-3 <= max(finite) < 10**digits:
        decimals = max(0, digits - 1 - max(0, math.floor(math.log10(max(finite)))))
        needed = (len(f"{x:.{decimals}f}".rstrip("0").partition(".")[2]) for x in finite)
        decimals = max(needed, default=0)
        if min(finite) < 0.5 * 10.0**-decimals:
            decimals = None
    texts = [
        f"{x:.{decimals}f}"
        if decimals is not None and isinstance(x, float) and math.isfinite(x)
        else element(x, digits)
        for x in row
    ]
    size = max(map(len, texts), default=0)
    return [text.rjust(size) for text in texts]


def shape(view: TensorView) -> str:
    """Format a shape: `15×1`; `scalar` for a number or a 0-d tensor."""
    return "×".join(map(str, view.shape)) or "scalar"


@lru_cache(maxsize=256)
def preview(view: TensorView, width: int) -> str:
    """Format as many elements as fit into `width` cells, in NumPy's nested brackets."""
    elements = decode(view)
    if elements is None:
        return _statistics(view, width)
    if elements.ndim == 0:
        return _fitting([element(elements.item(), digits) for digits in (6, 4, 3, 2, 1)], width)
    for digits in (6, 4):
        text = _listed(elements, width, digits)
        if not text.endswith("…"):
            break
    return text


def _fitting(texts: Sequence[str], width: int) -> str:
    """Return the first text that fits, else "…": a number that is cut reads as another number."""
    return next((text for text in texts if len(text) <= width), "…"[: max(0, width)])


def _statistics(view: TensorView, width: int) -> str:
    found = view.summary
    if found is None:
        return _fitting([MISSING], width)
    if found.problem:
        return _fitting([found.problem, "cannot be read", "unread"], width)
    if found.nonfinite:
        return _fitting([f"{found.nonfinite} not finite", "not finite", "nan"], width)
    ranges = [f"{number(found.min, n)} … {number(found.max, n)}" for n in (4, 3, 2, 1)]
    return _fitting([f"{ranges[0]}, mean {number(found.mean, 4)}", *ranges], width)


def _listed(elements: Array, width: int, digits: int) -> str:
    """Format elements in nested brackets, cut after the last one that fits."""
    text = ""
    count = elements.size
    # More than `width` elements cannot fit, so no more than that are ever formatted.
    flat = elements.reshape(-1)[: max(1, width)].tolist()
    sizes = [int(math.prod(elements.shape[axis:])) for axis in range(elements.ndim)]
    if not count:
        return _fitting(["[]"], width)
    for index, value in enumerate(flat):
        opened = sum(index % size == 0 for size in sizes)
        closed = sum((index + 1) % size == 0 for size in sizes)
        space = " " if index else ""
        piece = f"{space}{'[' * opened}{element(value, digits)}{']' * closed}"
        room = width if index == count - 1 else width - 2
        if len(text) + len(piece) > room:
            return f"{text} …" if text else "…"[: max(0, width)]
        text += piece
    return text if len(flat) == count else f"{text} …"


def brief(view: TensorView, width: int) -> str:
    """Return `preview`, but a single number of any shape without brackets."""
    if view.count == 1:
        view = msgspec.structs.replace(view, shape=())
    return preview(view, width)


def change(name: str, view: TensorView | None, before: TensorView | None, width: int = 40) -> str:
    """Format how a statement changed a name: `w = 1.0933 ← 1`."""
    if view is None:
        return f"{name} is gone"
    now = brief(view, max(8, width - len(name) - 3))
    then = brief(before, 12) if before is not None and before.count == view.count == 1 else ""
    text = f"{name} = {now}"
    return f"{text} ← {then}" if then and len(text) + len(then) + 3 <= width else text


@lru_cache(maxsize=256)
def is_finite(view: TensorView) -> bool:
    """Return False if an element is known to be NaN or infinite."""
    if view.summary is not None:
        return not view.summary.nonfinite
    return view.data is None or finite(view).size == view.count


@lru_cache(maxsize=64)
def finite(view: TensorView) -> Array:
    """Return the finite elements in float64, flat; none if the elements are not kept."""
    elements = decode(view)
    if elements is None:
        return np.empty(0)
    flat = real(elements)
    return flat[np.isfinite(flat)]


def real(elements: Array) -> Array:
    """Convert elements to float64, flat; complex numbers to their magnitude."""
    flat = elements.reshape(-1)
    if flat.dtype == object:
        # A Python integer beyond int64.
        flat = np.array([x if abs(x) < 10**300 else math.inf for x in flat.tolist()])
    with np.errstate(all="ignore"):
        return (np.abs(flat) if np.iscomplexobj(flat) else flat).astype(np.float64)


def unit(numbers: Array) -> Array:
    """Map finite numbers from [minimum, maximum] to [0, 1]; to 0.5 if all are equal."""
    if not numbers.size:
        return numbers
    # Halved first, because the difference of two float64 may be too large for one.
    low, high = numbers.min() / 2, numbers.max() / 2
    if not high > low:
        return np.full(numbers.shape, 0.5)
    return np.asarray((numbers / 2 - low) / (high - low))


@lru_cache(maxsize=256)
def spark(view: TensorView, width: int = 8, ascii: bool = False) -> str:
    """Return a histogram of the elements, `width` cells wide; blank for fewer than two."""
    if width < 1:
        return ""
    counts = _counts(view, width)
    peak = max(counts, default=0)
    if view.count < 2 or not peak:
        return " " * width
    bars = ASCII_BARS if ascii else BARS
    # Every bin that is not empty has a bar.
    return "".join(bars[math.ceil(n / peak * len(bars)) - 1] if n else " " for n in counts)


def _counts(view: TensorView, bins: int) -> list[int]:
    """Count the elements in each of `bins` bins, from the minimum to the maximum."""
    if view.summary is None:
        places = np.minimum((unit(finite(view)) * bins).astype(int), bins - 1)
        return [int(n) for n in np.bincount(places, minlength=bins)] if places.size else []
    kept = view.summary.histogram
    if bins >= len(kept):
        return [kept[i * len(kept) // bins] for i in range(bins)] if kept else []
    edges = [i * len(kept) // bins for i in range(bins + 1)]
    return [sum(kept[start:end]) for start, end in pairwise(edges)]
