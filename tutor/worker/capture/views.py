"""Make views of tensors."""

import math
from collections.abc import Callable
from functools import cache, lru_cache, partial
from operator import attrgetter
from typing import Any

import msgspec
import torch
from torch import Tensor

from tutor.schema.frame import EXACT, Kind, Summary, TensorView
from tutor.worker import guard
from tutor.worker.capture import transfer

UNKNOWN = Summary(math.nan, math.nan, math.nan, math.nan, math.nan, 0, (), 0, 0, b"")
"""The summary of a tensor without elements in memory: on the meta device, sparse or expanded."""

_unreadable = cache(partial(msgspec.structs.replace, UNKNOWN))


def of_tensor(
    tensor: Tensor,
    kind: Kind | None,
    data: bytes | None = None,
    kept: Summary | None = None,
) -> TensorView:
    """Return the view of a tensor with its content, or its summary, or neither.

    Args:
        tensor: The tensor.
        kind: The kind of the view; None to take it from the tensor's type.
        data: Its elements, as `transfer.raw` returns them.
        kept: The summary of a large tensor.
    """
    name, stored = _dtype(tensor.dtype)
    is_parameter = type(tensor) is torch.nn.Parameter
    return TensorView(
        kind or ("parameter" if is_parameter else "tensor"),
        tuple(tensor.shape),
        name,
        "cpu" if tensor.is_cpu else str(tensor.device),
        tensor.requires_grad,
        stored,
        data,
        kept,
    )


def unreadable(value: object, kind: Kind, problem: str) -> TensorView:
    """Return the view of a value whose elements cannot be read, and perhaps not its shape either.

    Args:
        problem: Why, in one line.
    """
    kept = _unreadable(problem=problem)
    nothing = TensorView(kind, (), guard.type_name(value), "cpu", False, "<f4", None, kept)
    if type(value) is not Tensor and type(value) is not torch.nn.Parameter:
        return nothing
    return guard.attempt(of_tensor, value, kind, None, kept, otherwise=lambda _: nothing)


def with_content(view: TensorView, content: bytes) -> TensorView:
    """Return a copy of `view` with other elements."""
    return TensorView(
        view.kind,
        view.shape,
        view.dtype,
        view.device,
        view.requires_grad,
        view.stored,
        content,
    )


@lru_cache(4096)
def blank(
    kind: type[Tensor],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    layout: torch.layout,
    is_cpu: bool,
    requires_grad: bool,
) -> TensorView | None:
    """Return the view, without content, of a small tensor in this process's memory.

    Args:
        kind: The tensor's type. This and the rest are what `FORM` returns.

    Returns:
        None for a tensor that is large, on a device, or not stored as plain bytes.
    """
    if not is_cpu or layout is not torch.strided or dtype not in transfer.STORED:
        return None
    if math.prod(shape) > EXACT:
        return None
    name, stored = _dtype(dtype)
    word: Kind = "parameter" if kind is torch.nn.Parameter else "tensor"
    return TensorView(word, tuple(shape), name, "cpu", requires_grad, stored, None)


FORM: Callable[[Tensor], tuple[Any, ...]] = attrgetter(
    "__class__", "shape", "dtype", "layout", "is_cpu", "requires_grad"
)


@cache
def _dtype(dtype: torch.dtype) -> tuple[str, str]:
    """Return the name of a dtype, and NumPy's name of how it is stored."""
    return str(dtype).removeprefix("torch."), transfer.STORED.get(dtype, "<f4")
