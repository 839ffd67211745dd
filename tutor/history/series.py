"""Many changes of a value at once, as arrays: what is fast for a run of 100,000 steps."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tutor.history.column import Column
from tutor.schema import values
from tutor.schema.frame import TensorView

Array = np.ndarray[Any, Any]

_CHUNK, _BYTES = 512, 2**17
"""So many changes, or so much content, are looked at in one go."""


def chunk(column: Column, start: int, end: int) -> list[TensorView | None]:
    """What a value became at some of its changes: no more than can be looked at in one go."""
    views: list[TensorView | None] = []
    size = 0
    while start < end and len(views) < _CHUNK and size < _BYTES:
        view = column.view(start)
        views.append(view)
        size += len(view.data) if view is not None and view.data is not None else 0
        start += 1
    return views


def stacked(views: Sequence[TensorView | None]) -> Iterator[tuple[Array, Array]]:
    """Those that are kept element by element, all of one dtype and shape in one array.

    Yields:
        (which they are, their elements: as many x shape).
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
    """Of each view: 1 where it is not finite, 0 where it is and -1 where nothing is known; and of
    a gradient its norm, NaN where that is not known, and whether it is known not to be all zero."""
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
    """The items with what came before them."""
    return np.concatenate([np.array([first], items.dtype), items])
