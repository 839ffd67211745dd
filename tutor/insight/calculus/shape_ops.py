"""Operations that only move numbers, so that a gradient is put back where its number came from.

Each is written for NumPy with torch's parameters. Where every element of an input went is found by
carrying out the operation on the elements' positions; -1 stands for what came from elsewhere.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tutor.insight.calculus.dual import Array, NoRule

_CASTS = ("bfloat16", "cpu", "cuda", "double", "float", "half", "to")

SAME = (*_CASTS, "clone", "contiguous", "expand", "expandas", "flatten", "ravel", "reshape",
        "reshapeas", "squeeze", "unflatten", "unsqueeze", "view", "viewas")  # fmt: skip
"""After these a formula goes on as if they were not there."""

TRANSPOSES = ("adjoint", "mt", "swapaxes", "swapdims", "t", "transpose")


def _sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes as torch takes them, one by one or together."""
    sizes = given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given
    if not all(isinstance(one, int) for one in sizes):
        raise NoRule
    return tuple(sizes)


def _view(input: Array, *shape: Any) -> Array:
    return input.reshape(_sizes(shape))


def _reshape(input: Array, *given: Any, shape: Any = None) -> Array:
    return input.reshape(_sizes(given if shape is None else (shape,)))


def _flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    if not input.ndim:
        return input.reshape(1)
    start, end = start_dim % input.ndim, end_dim % input.ndim
    return input.reshape(*input.shape[:start], -1, *input.shape[end + 1 :])


def _unflatten(input: Array, dim: int, sizes: tuple[int, ...]) -> Array:
    place = dim % input.ndim
    return input.reshape(*input.shape[:place], *sizes, *input.shape[place + 1 :])


def _squeeze(input: Array, dim: Any = None) -> Array:
    if dim is None:
        return np.squeeze(input)
    named = (dim,) if isinstance(dim, int) else tuple(dim)
    return np.squeeze(input, tuple(one for one in named if input.ndim and input.shape[one] == 1))


def _transpose(input: Array, dim0: int, dim1: int) -> Array:
    return np.swapaxes(input, dim0, dim1)


def _permute(input: Array, *dims: Any) -> Array:
    return np.transpose(input, _sizes(dims))


def _expand(input: Array, *size: Any) -> Array:
    sizes = _sizes(size)
    own = (1,) * (len(sizes) - input.ndim) + input.shape
    wanted = [old if new == -1 else new for old, new in zip(own, sizes, strict=True)]
    return np.broadcast_to(input, wanted)


def _repeat(input: Array, *sizes: Any) -> Array:
    return np.tile(input, _sizes(sizes))


def _cat(tensors: list[Array], dim: int = 0) -> Array:
    return np.concatenate(tensors, axis=dim)


def _stack(tensors: list[Array], dim: int = 0) -> Array:
    return np.stack(tensors, axis=dim)


def _index(input: Array, indices: Any) -> Array:
    # A list that was too long for the record stands there as [...].
    if isinstance(indices, list) and any(one is ... for one in indices):
        raise NoRule
    return np.asarray(input[indices])


def _select(input: Array, dim: int, index: int) -> Array:
    return np.asarray(np.take(input, index, axis=dim))


def _narrow(input: Array, dim: int, start: int, length: int) -> Array:
    return np.take(input, range(start, start + length), axis=dim)


def _index_select(input: Array, dim: int, index: Array) -> Array:
    return np.take(input, index, axis=dim)


def _gather(input: Array, dim: int, index: Array) -> Array:
    if input.ndim != index.ndim:
        raise NoRule
    room = tuple(
        slice(None) if axis == dim % input.ndim else slice(n) for axis, n in enumerate(index.shape)
    )
    return np.take_along_axis(input[room], index, axis=dim)


def _flip(input: Array, *dims: Any) -> Array:
    return np.flip(input, _sizes(dims))


def _unbind(input: Array, dim: int = 0) -> list[Array]:
    return list(np.moveaxis(input, dim, 0))


def _split(input: Array, split_size: Any, dim: int = 0) -> list[Array]:
    if isinstance(split_size, int):
        stops = range(split_size, input.shape[dim], split_size)
    else:
        stops = np.cumsum(split_size)[:-1].tolist()
    return np.split(input, list(stops), axis=dim)


def _chunk(input: Array, chunks: int, dim: int = 0) -> list[Array]:
    return _split(input, -(-input.shape[dim] // chunks), dim)


def _same(input: Array, *how: Any, **more: Any) -> Array:
    """Copies and casts: another dtype or device, and the same numbers but for rounding."""
    return input


Move = Callable[..., Any]

MOVES: dict[str, Move] = {
    **dict.fromkeys(_CASTS, _same),
    "adjoint": lambda input: np.swapaxes(input, -1, -2),
    "cat": _cat,
    "chunk": _chunk,
    "clone": _same,
    "concat": _cat,
    "contiguous": _same,
    "expand": _expand,
    "expandas": lambda input, other: np.broadcast_to(input, other.shape),
    "flatten": _flatten,
    "flip": _flip,
    "gather": _gather,
    "index": _index,
    "indexselect": _index_select,
    "mt": lambda input: np.swapaxes(input, -1, -2),
    "narrow": _narrow,
    "permute": _permute,
    "ravel": np.ravel,
    "repeat": _repeat,
    "reshape": _reshape,
    "reshapeas": lambda input, other: input.reshape(other.shape),
    "select": _select,
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "swapaxes": _transpose,
    "swapdims": _transpose,
    "t": np.transpose,
    "transpose": _transpose,
    "unbind": _unbind,
    "unflatten": _unflatten,
    "unsqueeze": lambda input, dim: np.expand_dims(input, dim),
    "view": _view,
    "viewas": lambda input, other: input.reshape(other.shape),
}
"""By `calls.Call.key`."""

INDEXING = ("gather", "index", "indexselect")
"""Those of which another tensor's values tell where the numbers go."""
