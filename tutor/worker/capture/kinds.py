"""Decide which of the script's names and values are recorded."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, Any]

_LONGEST = 4096
"""Bits of an integer that is recorded."""

_AFFORDABLE = 2**24
"""Bytes that a broadcast array may take when it is copied."""


def is_recorded(name: object) -> bool:
    """Return False for `_`, for Python's own names, and for what is no name."""
    return is_text(name) and name != "_" and not str(name).startswith("__")


def is_text(name: object) -> bool:
    """Return False for what is no name: `globals()` and modules take any key."""
    return type(name) is str


def kind_of(value: Any) -> str:
    """Return tensor, number, module, array, or other for a value that is not recorded."""
    kind = type(value)
    if kind is float or kind is int:
        # Python refuses to print very long integers.
        return "number" if kind is float or value.bit_length() <= _LONGEST else "other"
    # By type: `isinstance` would ask the object for `__class__`, which may run script code.
    if issubclass(kind, Tensor):
        return "tensor"
    if issubclass(kind, torch.nn.Module):
        return "module"
    return "array" if is_numeric(value) else "other"


def is_numeric(value: Any) -> bool:
    """Return True for NumPy's numbers; False for its objects, texts, times and records."""
    kind = type(value)
    if not issubclass(kind, np.ndarray | np.number):
        return False
    # By the base class: a subclass of the script's may have another `dtype`.
    owner = np.ndarray if issubclass(kind, np.ndarray) else np.number
    return owner.dtype.__get__(value).kind in "biufc"


def exceeds_its_memory(array: Array) -> bool:
    """Return True for large broadcast arrays, which have far more elements than memory."""
    if array.nbytes < _AFFORDABLE:
        return False
    stored = (n for n, stride in zip(array.shape, array.strides, strict=True) if stride)
    return bool(array.size > 16 * math.prod(stored))
