"""Make the views of tensors."""

import math
from collections.abc import Callable
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import EXACT, Kind, Summary, TensorView
from tutor.worker.capture import transfer

UNKNOWN = Summary(math.nan, math.nan, math.nan, math.nan, math.nan, 0, (), 0, 0, b"")
"""Of a tensor whose elements are not there: on the meta device, or too many to be written out."""


def of_tensor(
    tensor: Tensor,
    kind: Kind | None,
    data: bytes | None = None,
    kept: Summary | None = None,
) -> TensorView:
    """The view of a tensor with its content, or its summary, or neither.

    Args:
        tensor: The tensor.
        kind: None to tell it from the tensor's type.
        data: Its elements as `transfer.raw` has them.
        kept: What is kept of a large tensor.
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


def with_content(view: TensorView, content: bytes) -> TensorView:
    """The view of the same tensor with other elements."""
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
    """The view, without its content, of a tensor of at most `EXACT` elements in this process's own
    memory; None for any other.

    Args:
        kind: Its type, and so on: what `FORM` gives.
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
    """Its name, and how its elements are stored."""
    return str(dtype).removeprefix("torch."), transfer.STORED.get(dtype, "<f4")
