"""Parts of large values, for a learner who pages through them."""

from math import prod
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import EXACT
from tutor.schema.target import parse_subscript
from tutor.wire.messages import Fetch, Fetched
from tutor.worker.capture import transfer, views


def fetch(wanted: Fetch, value: Tensor | None) -> Fetched:
    """The part of a value that is asked for.

    Args:
        wanted: What part.
        value: What its name stands for, None if it is nothing that has parts.
    """
    if value is None:
        return Fetched(wanted, problem=f"{wanted.name} is no tensor here")
    try:
        return _part(wanted, value.detach())
    except (IndexError, ValueError, TypeError, RuntimeError) as error:
        shape = "x".join(map(str, value.shape))
        reason = str(error).partition("\n")[0]
        return Fetched(wanted, problem=f"{wanted.name}{wanted.index} ({shape}): {reason}")


def _part(wanted: Fetch, tensor: Tensor) -> Fetched:
    if type(tensor) is not Tensor:
        tensor = tensor.as_subclass(Tensor)
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if wanted.index:
        tensor = tensor[parse_subscript(wanted.index)]
    shape = tuple(tensor.shape)
    matrix = tensor if len(shape) > 1 else tensor.reshape(1, -1)
    *leading, width = matrix.shape
    rows, columns = _within(wanted.rows, prod(leading)), _within(wanted.cols, width)
    if len(rows) * len(columns) > EXACT:
        return Fetched(wanted, shape, problem=f"at most {EXACT} elements can be shown at once")
    # Picked row by row, because `reshape` may copy all of a tensor that is no matrix.
    numbers = torch.arange(rows.start, rows.stop, device="cpu")
    key: list[Any] = [*torch.unravel_index(numbers, torch.Size(leading))]
    part = matrix[(*key, slice(columns.start, columns.stop))]
    (content,) = transfer.fetch([part])
    return Fetched(wanted, shape, views.of_tensor(part, None, content))


def _within(wanted: tuple[int, int], size: int) -> range:
    first, end = (min(max(0, place), size) for place in wanted)
    return range(first, max(first, end))
