"""Compare one named NumPy array of the script with what it was at the last look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutor.schema.frame import EXACT, Kind, Summary, TensorView
from tutor.worker import guard
from tutor.worker.capture import summary, transfer, views
from tutor.worker.capture.kinds import Array, exceeds_its_memory
from tutor.worker.capture.tensor_watch import CONTENT, FINGERPRINT

_WIDEST = {"f": 8, "c": 16}
"""Bytes of the widest elements that torch has, by kind of dtype."""


class ArrayWatch:
    """Remembers what was last recorded of one array or NumPy scalar.

    Arrays have no version counter: those of more than `EXACT` elements are compared by
    `FINGERPRINT` elements, which misses a sparse edit.
    """

    __slots__ = ("_content", "_value", "is_large", "name", "view")

    def __init__(self, name: str, value: Array | np.number[Any]) -> None:
        self.name = name
        self.view: TensorView | None = None
        self.is_large = False
        self._value = value
        self._content: bytes | None = None

    def rebind(self, value: Array | np.number[Any]) -> None:
        """Note that the name is bound to another array."""
        self._value = value
        if self.is_large:
            self._content = None

    def look(self) -> TensorView | str | None:
        """Return the view if it changed, None if not, or CONTENT if that must be fetched."""
        return guard.attempt(self._look, otherwise=self.give_up)

    def give_up(self, problem: str) -> TensorView | None:
        """Note why the array cannot be read; return the view if it changed."""
        old, self.view = self.view, views.unreadable(self._value, "array", problem)
        self._content = None
        return None if self.view == old else self.view

    def _look(self) -> TensorView | str | None:
        array = self._array()
        self.is_large = array.size > EXACT
        if self.is_large and exceeds_its_memory(array):
            view, self._content = self.view, None
            self.view = self._view(array, kept=views.UNKNOWN)
            return None if self.view == view else self.view
        if self.is_large:
            steps = summary.steps(array.shape, FINGERPRINT)
            content = array[tuple(slice(None, None, step) for step in steps)].tobytes()
        else:
            content = array.tobytes()
        view = self.view
        if (
            view is not None
            and content == self._content
            and array.shape == view.shape
            and array.dtype.name == view.dtype
        ):
            return None
        self._content = content
        if self.is_large:
            return CONTENT
        self.view = self._view(array, data=content)
        return None if self.view == view else self.view

    def piece(self, need: str) -> Tensor:
        """Return the bytes to fetch after a look that returned CONTENT."""
        return transfer.raw(summary.vector(self.as_tensor()))

    def as_tensor(self) -> Tensor:
        """Return the array as a tensor."""
        array = np.ascontiguousarray(self._array())
        if array.dtype.kind in "fc" and array.dtype.itemsize > _WIDEST[array.dtype.kind]:
            array = array.astype(f"<{array.dtype.kind}{_WIDEST[array.dtype.kind]}")
        # `from_numpy` warns about read-only arrays; a copy is writeable.
        is_shared = array.flags.writeable
        return torch.from_numpy(array if is_shared else array.copy())

    def settle(self, content: bytes) -> TensorView | None:
        """Take the content that was fetched; return the view if it changed."""
        array, old = self._array(), self.view
        self.view = self._view(array, kept=summary.read(content, array.shape))
        return None if self.view == old else self.view

    def settle_without(self) -> TensorView:
        """Return a view without content of a large array that changed; it is not fetched now."""
        self.view = self._view(self._array())
        return self.view

    def _array(self) -> Array:
        array = np.asarray(self._value)
        return array.astype(array.dtype.newbyteorder("<"), copy=False)

    def _view(
        self, array: Array, data: bytes | None = None, kept: Summary | None = None
    ) -> TensorView:
        kind: Kind = "number" if isinstance(self._value, np.number) else "array"
        dtype = array.dtype
        return TensorView(kind, array.shape, dtype.name, "cpu", False, dtype.str, data, kept)
