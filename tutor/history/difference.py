"""Compare two recorded values."""

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.schema.frame import Summary, TensorView
from tutor.schema.values import array, block, jsonable, plain

_LISTED = 4
"""The most elements of a value that is shown whole; of a larger one, a single element is."""

_STATISTICS = ("min", "max", "mean", "std", "norm")


@dataclass(frozen=True)
class Tolerance:
    """Two numbers are the same if |one - other| <= atol + rtol·|other|. NaN is the same as NaN."""

    rtol: float = 0.0
    atol: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.rtol or self.atol)

    def same(self, one: Any, other: Any) -> Any:
        """Return which elements of two arrays are the same."""
        with np.errstate(all="ignore"):
            same = one == other
            if one.dtype.kind in "fc" and other.dtype.kind in "fc":
                same |= np.isnan(one) & np.isnan(other)
            if self:
                one, other = _wide(one), _wide(other)
                # An infinite number would allow any difference.
                allowed = self.atol + self.rtol * np.abs(other)
                same |= np.isfinite(other) & (np.abs(one - other) <= allowed)
        return same


@dataclass(frozen=True)
class Difference:
    """A name whose two values differ."""

    name: str
    one: TensorView | None
    """None if the name has no value on this side."""
    other: TensorView | None
    one_text: str
    other_text: str
    largest: float | None = None
    """The largest absolute difference of two elements; None if there is only one element."""

    def __str__(self) -> str:
        apart = "" if self.largest is None else f" ({self.largest:.3g} apart)"
        return f"{self.name} {self.one_text} | {self.other_text}{apart}"

    def fields(self) -> dict[str, Any]:
        """Return the difference for JSON."""
        found = {"a": plain(self.one), "b": plain(self.other)}
        return found if self.largest is None else found | {"apart": jsonable(self.largest)}


def is_known(one: TensorView | None, other: TensorView | None) -> bool:
    """Return True if both values have their content, so that they can be compared."""
    return all(view is None or view.is_complete for view in (one, other))


def difference(
    name: str,
    one: TensorView | None,
    other: TensorView | None,
    tolerance: Tolerance,
    as_numbers: bool = False,
) -> Difference | None:
    """Return the difference of two values, None if they are the same. Devices are ignored.

    Args:
        as_numbers: Ignore types too, and the shape of a single element.
    """
    if one is None or other is None:
        return (
            None
            if one is other
            else Difference(name, one, other, _described(one), _described(other))
        )
    is_single = as_numbers and one.count == other.count == 1
    if one.shape != other.shape and not is_single:
        return Difference(name, one, other, f"of shape {one.shape}", f"of shape {other.shape}")
    if one.dtype != other.dtype and not as_numbers and not tolerance:
        return Difference(name, one, other, f"in {one.dtype}", f"in {other.dtype}")
    if one.summary is not None and other.summary is not None:
        return _of_summaries(name, one, other, one.summary, other.summary, tolerance)
    if one.data == other.data and one.stored == other.stored:
        return None
    left, right = array(one), array(other)
    if left is None or right is None:
        return None
    return _of_elements(name, one, other, left.reshape(-1), right.reshape(-1), tolerance)


def _of_elements(
    name: str, one: TensorView, other: TensorView, left: Any, right: Any, tolerance: Tolerance
) -> Difference | None:
    same = tolerance.same(left, right)
    if same.all():
        return None
    if one.count <= _LISTED and other.count <= _LISTED:
        first, second = _listed(left, one), _listed(right, other)
    else:
        at = int(np.argmin(same))
        place = ", ".join(map(str, np.unravel_index(at, one.shape)))
        name = f"{name}[{place}]"
        first, second = str(left[at]), str(right[at])
    largest = _largest(left, right) if one.count > 1 else None
    return Difference(name, one, other, first, second, largest)


def _of_summaries(
    name: str, one: TensorView, other: TensorView, left: Summary, right: Summary, near: Tolerance
) -> Difference | None:
    """Return the difference of two summaries: of their statistics, else of their block means."""
    for key in _STATISTICS:
        first, second = (np.array(getattr(summary, key)) for summary in (left, right))
        if not near.same(first, second):
            return Difference(f"{key} of {name}", one, other, str(first), str(second))
    if left.nonfinite != right.nonfinite:
        texts = [f"{summary.nonfinite} not finite" for summary in (left, right)]
        return Difference(name, one, other, texts[0], texts[1])
    first, second = block(left), block(right)
    if first.shape != second.shape or near.same(first, second).all():
        return None
    return Difference(name, one, other, "some block means", "others", _largest(first, second))


def _largest(one: Any, other: Any) -> float | None:
    """Return the largest difference of two elements, None if all differences are NaN."""
    with np.errstate(all="ignore"):
        apart = np.abs(_wide(one) - _wide(other))
    found = float(np.nanmax(apart, initial=-1.0))
    return found if found >= 0 else None


def _wide(elements: Any) -> Any:
    kind = elements.dtype.kind
    if kind == "O":  # integers too large for NumPy, and perhaps for a float
        bits = sys.float_info.max_exp
        limited = [n if n.bit_length() < bits else math.inf * (1, -1)[n < 0] for n in elements]
        return np.array(limited, np.float64)
    return elements.astype(np.complex128 if kind == "c" else np.float64)


def _listed(elements: Any, view: TensorView) -> str:
    listed = ", ".join(map(str, elements))
    return f"[{listed}]" if view.shape else listed


def _described(view: TensorView | None) -> str:
    """Describe a value that only one side has."""
    if view is None:
        return "none"
    elements = array(view)
    if elements is None or view.count > _LISTED:
        return f"of shape {view.shape}"
    return _listed(elements.reshape(-1), view)
