"""Decode the content of a `TensorView` with NumPy."""

import math
from typing import Any

import numpy as np

from tutor.schema.frame import Summary, TensorView

LISTED = 64
"""The most elements of a value that JSON output lists; larger values give statistics."""


def array(view: TensorView) -> np.ndarray[Any, Any] | None:
    """Return all elements in the view's shape, or None if the view does not hold them."""
    if view.data is None:
        return None
    if view.stored == "text":
        return np.array(number(view))
    return np.frombuffer(view.data, dtype=view.stored).reshape(view.shape)


def number(view: TensorView) -> int | float:
    """Return the value of a Python number.

    Raises:
        ValueError: the view is a tensor or an array, or has no content.
    """
    if view.stored != "text" or view.data is None:
        raise ValueError(f"a {view.kind} of shape {view.shape} is not a plain number")
    text = view.data.decode()
    return int(text) if view.dtype == "int" else float(text)


def block(summary: Summary) -> np.ndarray[Any, Any]:
    """Return the block means of a large tensor: rows x cols float32."""
    return np.frombuffer(summary.block, dtype="<f4").reshape(summary.rows, summary.cols)


def statistics(view: TensorView) -> dict[str, float] | None:
    """Return min, max, mean, std and norm over all elements in float64; None if unknown."""
    if view.summary is not None:
        s = view.summary
        return {"min": s.min, "max": s.max, "mean": s.mean, "std": s.std, "norm": s.norm}
    elements = array(view)
    return None if elements is None else statistics_of(elements)


def statistics_of(elements: np.ndarray[Any, Any]) -> dict[str, float] | None:
    """Return the statistics of an array; None for a Python integer that no float can represent.

    An empty array has NaN for all but the norm, which is 0.
    """
    if not elements.size:
        return {"min": math.nan, "max": math.nan, "mean": math.nan, "std": math.nan, "norm": 0.0}
    flat = elements.reshape(-1)
    try:
        flat = np.abs(flat) if np.iscomplexobj(flat) else flat.astype(np.float64)
    except OverflowError:
        return None  # a Python integer larger than any float
    with np.errstate(all="ignore"):
        return {
            "min": float(flat.min()),
            "max": float(flat.max()),
            "mean": float(flat.mean()),
            "std": float(flat.std()),
            "norm": float(np.sqrt(np.square(flat).sum())),
        }


def plain(view: TensorView | None) -> Any:
    """Return a value for JSON: nested lists up to `LISTED` elements, else shape and statistics.

    One whose elements cannot be read has the reason instead.

    NaN and infinities become the strings "nan", "inf" and "-inf"; None stays None.
    """
    if view is None:
        return None
    if view.stored == "text":
        return jsonable(number(view))
    elements = array(view)
    if view.count <= LISTED and elements is not None:
        return jsonable(elements.tolist())
    if view.summary is not None and view.summary.problem:
        return {"shape": list(view.shape), "dtype": view.dtype, "problem": view.summary.problem}
    found = statistics(view) or {}
    return {
        "shape": list(view.shape),
        "dtype": view.dtype,
        **{key: jsonable(found.get(key)) for key in ("min", "max", "mean", "norm")},
    }


def jsonable(value: Any) -> Any:
    """Return `value` with every float that JSON cannot represent replaced by a string."""
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
