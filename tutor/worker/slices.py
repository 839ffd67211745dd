"""Return slices of large values, for paging through them."""

from math import prod
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import EXACT
from tutor.schema.target import parse_subscript
from tutor.wire.messages import Fetch, Fetched
from tutor.worker.capture import transfer, views


def fetch(wanted: Fetch, value: Tensor | None) -> Fetched:
    """Return a slice of a value.

    Args:
        wanted: The rows and columns.
        value: The value of the name; None if it is not a tensor or array.
    """
    if value is None:
        return Fetched(wanted, problem=f"{wanted.name} is no tensor here")
    try:
        return _slice(wanted, value.detach())
    except (IndexError, ValueError, TypeError, RuntimeError) as error:
        shape = "x".join(map(str, value.shape))
        reason = str(error).partition("\n")[0]
        return Fetched(wanted, problem=f"{wanted.name}{wanted.index} ({shape}): {reason}")


def _slice(wanted: Fetch, tensor: Tensor) -> Fetched:
    if type(tensor) is not Tensor:
        tensor = tensor.as_subclass(Tensor)
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if wanted.index:
        tensor = tensor[parse_subscript(wanted.index)]
    shape = tuple(tensor.shape)
    matrix = tensor if len(shape) > 1 else tensor.reshape(1, -1)
    *leading, width = matrix.shape
    rows, columns = _clipped(wanted.rows, prod(leading)), _clipped(wanted.cols, width)
    if len(rows) * len(columns) > EXACT:
        return Fetched(wanted, shape, problem=f"at most {EXACT} elements can be shown at once")
    # Indexed row by row: `reshape` may copy all of a tensor of more dimensions.
    numbers = torch.arange(rows.start, rows.stop, device="cpu")
    key: list[Any] = [*torch.unravel_index(numbers, torch.Size(leading))]
    part = matrix[(*key, slice(columns.start, columns.stop))]
    (content,) = transfer.fetch([transfer.raw(part)])
    return Fetched(wanted, shape, views.of_tensor(part, None, content))


def _clipped(wanted: tuple[int, int], size: int) -> range:
    first, end = (min(max(0, place), size) for place in wanted)
    return range(first, max(first, end))
