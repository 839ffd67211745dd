"""The content of a `TensorView` as numbers. Reads bytes with NumPy; knows no torch."""

import math
from typing import Any

import numpy as np

from tutor.schema.frame import Summary, TensorView

LISTED = 64
"""Up to this many elements a value is written out as nested lists; above, as its statistics."""


def array(view: TensorView) -> np.ndarray[Any, Any] | None:
    """All elements in the view's shape; None where they were not kept."""
    if view.data is None:
        return None
    if view.stored == "text":
        return np.array(number(view))
    return np.frombuffer(view.data, dtype=view.stored).reshape(view.shape)


def number(view: TensorView) -> int | float:
    """The value of a plain number.

    Raises:
        ValueError: the view is a tensor or an array, or its content was not kept.
    """
    if view.stored != "text" or view.data is None:
        raise ValueError(f"a {view.kind} of shape {view.shape} is not a plain number")
    text = view.data.decode()
    return int(text) if view.dtype == "int" else float(text)


def block(summary: Summary) -> np.ndarray[Any, Any]:
    """The picture of a large tensor: rows x cols float32 block means."""
    return np.frombuffer(summary.block, dtype="<f4").reshape(summary.rows, summary.cols)


def statistics(view: TensorView) -> dict[str, float] | None:
    """min, max, mean, std and norm over all elements, in float64; None where they are not known."""
    if view.summary is not None:
        s = view.summary
        return {"min": s.min, "max": s.max, "mean": s.mean, "std": s.std, "norm": s.norm}
    elements = array(view)
    return None if elements is None else statistics_of(elements)


def statistics_of(elements: np.ndarray[Any, Any]) -> dict[str, float] | None:
    """The same of an array; None for an integer of Python's that no float can represent.

    An empty array has NaN for all but the norm, which is 0.
    """
    if not elements.size:
        return {"min": math.nan, "max": math.nan, "mean": math.nan, "std": math.nan, "norm": 0.0}
    flat = elements.reshape(-1)
    try:
        flat = np.abs(flat) if np.iscomplexobj(flat) else flat.astype(np.float64)
    except OverflowError:
        return None  # an integer of Python's that no float can come near
    with np.errstate(all="ignore"):
        return {
            "min": float(flat.min()),
            "max": float(flat.max()),
            "mean": float(flat.mean()),
            "std": float(flat.std()),
            "norm": float(np.sqrt(np.square(flat).sum())),
        }


def plain(view: TensorView | None) -> Any:
    """A value as JSON holds it: nested lists up to `LISTED` elements, else shape and statistics.

    NaN and infinities become the strings "nan", "inf" and "-inf"; a value that is gone, null.
    """
    if view is None:
        return None
    if view.stored == "text":
        return jsonable(number(view))
    elements = array(view)
    if view.count <= LISTED and elements is not None:
        return jsonable(elements.tolist())
    found = statistics(view) or {}
    return {
        "shape": list(view.shape),
        "dtype": view.dtype,
        **{key: jsonable(found.get(key)) for key in ("min", "max", "mean", "norm")},
    }


def jsonable(value: Any) -> Any:
    """`value` with every float that JSON does not know written as a string."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, np.longdouble | np.clongdouble):
        return jsonable(complex(value) if np.iscomplexobj(value) else float(value))
    if isinstance(value, complex):
        return str(value)
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    return value
