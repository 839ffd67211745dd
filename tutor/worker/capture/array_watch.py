"""One named NumPy array of the script, compared with what it was at the last look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutor.schema.frame import EXACT, Kind, Summary, TensorView
from tutor.worker.capture import summary
from tutor.worker.capture.tensor_watch import CONTENT, FINGERPRINT

Array = np.ndarray[Any, Any]

_WIDEST = {"f": 8, "c": 16}
"""Bytes of the widest elements that torch knows."""


class ArrayWatch:
    """What was last recorded of one array or NumPy scalar.

    Arrays have no version: those of more than `EXACT` elements are compared by `FINGERPRINT`
    elements, which misses a sparse edit.
    """

    __slots__ = ("_content", "_value", "is_large", "name", "view")

    def __init__(self, name: str, value: Array | np.number[Any]) -> None:
        self.name = name
        self.view: TensorView | None = None
        self.is_large = False
        self._value = value
        self._content: bytes | None = None

    def rebind(self, value: Array | np.number[Any]) -> None:
        """The name stands for another array now."""
        self._value = value
        if self.is_large:
            self._content = None

    def look(self) -> TensorView | str | None:
        """The view if it changed, None if not, or CONTENT if it must be fetched."""
        array = self._array()
        self.is_large = array.size > EXACT
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
        """What to fetch for a look that asked for it."""
        return summary.vector(self.as_tensor())

    def as_tensor(self) -> Tensor:
        """The array as torch has it."""
        array = np.ascontiguousarray(self._array())
        if array.dtype.kind in "fc" and array.dtype.itemsize > _WIDEST[array.dtype.kind]:
            array = array.astype(f"<{array.dtype.kind}{_WIDEST[array.dtype.kind]}")
        # `from_numpy` warns of arrays that are read-only, which a copy is not.
        is_shared = array.flags.writeable
        return torch.from_numpy(array if is_shared else array.copy())

    def settle(self, content: bytes) -> TensorView | None:
        """Take the content that a look asked for; the view if it changed."""
        array, old = self._array(), self.view
        self.view = self._view(array, kept=summary.read(content, array.shape))
        return None if self.view == old else self.view

    def settle_without(self) -> TensorView:
        """Note that a large array changed when its content cannot be afforded now."""
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
