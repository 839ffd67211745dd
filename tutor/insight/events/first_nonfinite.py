"""Find the operation of a step that first computed a non-finite value from finite ones."""

import math
from collections.abc import Iterable

import numpy as np

from tutor.schema import values
from tutor.schema.frame import Inside, Operation, TensorView


def first_nonfinite(inside: Inside) -> str:
    """Return the first operation whose output is non-finite while its known inputs are finite:
    `log → -inf, line 14`; "" if there is none. Backward passes count too."""
    forwards = inside.operations[: inside.forwards]
    nonfinite: set[int] = set()
    for one in forwards:
        bad = _first_bad(one.values)
        if not bad:
            continue
        if one.kind not in ("leaf", "data") and nonfinite.isdisjoint(one.inputs):
            return _described(one, bad, "")
        nonfinite.add(one.id)
    for one in inside.operations[inside.forwards :]:
        bad = _first_bad(edge.contribution for edge in one.edges)
        if bad and not _first_bad(one.grads):
            return _described(one, bad, "backward of ")
    return ""


def _described(one: Operation, bad: str, prefix: str) -> str:
    return f"{prefix}{one.name} → {bad}" + (f", line {one.line}" if one.line else "")


def _first_bad(views: Iterable[TensorView | None]) -> str:
    """Return the first non-finite element of some values in words; "" if none is known."""
    return next((bad for view in views if view is not None and (bad := not_finite(view))), "")


def not_finite(view: TensorView) -> str:
    """Return the first non-finite element of a value: "nan", "inf" or "-inf"; "" if it has none or
    its content is not known."""
    if view.summary is not None:
        # With one kind of infinity the mean is that infinity; with both, or with NaN, it is NaN.
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
