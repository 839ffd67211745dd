"""Read many changes of a value at once as arrays, which is fast for runs of 100,000 steps."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tutor.history.column import Column
from tutor.schema import values
from tutor.schema.frame import TensorView

Array = np.ndarray[Any, Any]

_CHUNK, _BYTES = 512, 2**17
"""The most changes, and the most bytes of content, in one chunk."""


def chunk(column: Column, start: int, end: int) -> list[TensorView | None]:
    """Return the values after the changes from `start` to `end`, but at most one chunk of them."""
    views: list[TensorView | None] = []
    size = 0
    while start < end and len(views) < _CHUNK and size < _BYTES:
        view = column.view(start)
        views.append(view)
        size += len(view.data) if view is not None and view.data is not None else 0
        start += 1
    return views


def stacked(views: Sequence[TensorView | None]) -> Iterator[tuple[Array, Array]]:
    """Stack the views that have all elements, one array for each dtype and shape.

    Yields:
        (indices into `views`, elements of shape (number of indices, *shape)).
    """
    groups: dict[tuple[str, str, tuple[int, ...]], list[int]] = {}
    for at, view in enumerate(views):
        if view is not None and view.data is not None:
            groups.setdefault((view.stored, view.dtype, view.shape), []).append(at)
    for (stored, _, shape), which in groups.items():
        these = [view for at in which if (view := views[at]) is not None]
        if stored == "text":
            elements = np.array([values.number(view) for view in these])
        else:
            content = b"".join(view.data or b"" for view in these)
            elements = np.frombuffer(content, stored).reshape(len(these), *shape)
        yield np.array(which), elements


def facts(views: Sequence[TensorView | None], is_gradient: bool) -> tuple[Array, Array, Array]:
    """Return three arrays with an entry for each view.

    Returns:
        1 if the view has a non-finite element, 0 if it has none, -1 if that is unknown;
        the norm of a gradient, NaN if it is unknown;
        whether a gradient is known to have an element that is not zero.
    """
    bad, norms = np.full(len(views), -1, "i1"), np.full(len(views), math.nan)
    is_set = np.zeros(len(views), bool)
    for which, elements in stacked(views):
        flat = elements.reshape(len(which), -1)
        bad[which] = ~np.isfinite(flat).all(axis=1) if flat.dtype.kind in "fc" else 0
        if is_gradient:
            size = (np.abs(flat) if np.iscomplexobj(flat) else flat).astype(np.float64)
            with np.errstate(all="ignore"):
                norms[which] = np.sqrt(np.square(size).sum(axis=1))
            is_set[which] = size.any(axis=1)
    for at, view in enumerate(views):
        if view is not None and view.summary is not None:
            bad[at], norms[at] = view.summary.nonfinite > 0, view.summary.norm
            is_set[at] = view.summary.norm != 0
    return bad, norms, is_set


def shifted(items: Array, first: object) -> Array:
    """Return the items with `first` in front."""
    return np.concatenate([np.array([first], items.dtype), items])
