"""Read the elements of a CPU tensor straight from its memory, as often as needed.

`Tensor.numpy()` would leave the script a tensor that it cannot resize, and every operation of torch
costs far more. The caller must know that the memory is still the tensor's.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from torch import Tensor

from tutor.worker.capture import summary, transfer

Read = Callable[[], bytes]


def memory_at(address: int, size: int) -> memoryview:
    """Return a view of `size` bytes of this process's memory."""
    return memoryview(_bytes_type(size).from_address(address)).cast("B")


def read_contiguous(address: int, size: int) -> Read:
    """Return a function that reads `size` bytes."""
    return memoryview(_bytes_type(size).from_address(address)).tobytes


def read_strided(tensor: Tensor, address: int, limit: int | None = None) -> Read:
    """Return a function that reads the elements in C order, or at most `limit`, evenly strided.

    Args:
        tensor: A strided tensor of a dtype that NumPy has.
        address: The address of its first element.
        limit: None for all elements.
    """
    size = tensor.element_size()
    steps = summary.steps(tensor.shape, limit) if limit else [1] * tensor.dim()
    shape = [-(-count // step) for count, step in zip(tensor.shape, steps, strict=True)]
    strides = [size * one * step for one, step in zip(tensor.stride(), steps, strict=True)]
    extent = size + sum((count - 1) * one for count, one in zip(shape, strides, strict=True))
    memory = memoryview(_bytes_type(extent).from_address(address))
    return np.ndarray(shape, transfer.STORED[tensor.dtype], memory, 0, strides).tobytes


@lru_cache(1024)
def _bytes_type(size: int) -> type[ctypes.Array[ctypes.c_char]]:
    return ctypes.c_char * size
