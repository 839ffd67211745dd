"""Which operation of a step first made something that is not finite out of what was."""

import math
from collections.abc import Iterable

import numpy as np

from tutor.schema import values
from tutor.schema.frame import Inside, Operation, TensorView


def culprit(inside: Inside) -> str:
    """`log → -inf, line 14`: the first operation, forwards or in a backward pass, whose output is
    not finite while all that is known of its inputs is; "" if there is none."""
    forwards = inside.operations[: inside.forwards]
    spoiled: set[int] = set()
    for one in forwards:
        bad = _first(one.values)
        if not bad:
            continue
        if one.kind not in ("leaf", "data") and spoiled.isdisjoint(one.inputs):
            return _told(one, bad, "")
        spoiled.add(one.id)
    for one in inside.operations[inside.forwards :]:
        bad = _first(edge.contribution for edge in one.edges)
        if bad and not _first(one.grads):
            return _told(one, bad, "backward of ")
    return ""


def _told(one: Operation, bad: str, way: str) -> str:
    return f"{way}{one.name} → {bad}" + (f", line {one.line}" if one.line else "")


def _first(views: Iterable[TensorView | None]) -> str:
    """The first element of all that is not finite, in words; "" if none is known to be."""
    return next((bad for view in views if view is not None and (bad := not_finite(view))), "")


def not_finite(view: TensorView) -> str:
    """nan, inf or -inf if a value has such an element, the first of them; "" if it has none, or
    nothing is known."""
    if view.summary is not None:
        # A mean over elements of which one is infinite is that; with NaN, or both, it is NaN.
        return _word(view.summary.mean) if view.summary.nonfinite else ""
    elements = values.array(view)
    if elements is None or elements.dtype.kind not in "fc":
        return ""
    flat = elements.reshape(-1)
    bad = flat[~np.isfinite(flat)]
    if not bad.size:
        return ""
    first = bad[0]
    if np.iscomplexobj(first):
        return "nan" if np.isnan(first) else "inf"
    return _word(float(first))


def _word(value: float) -> str:
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
