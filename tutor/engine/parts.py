"""Parts of large values, for a learner who pages through them."""

from torch import Tensor

from tutor.engine import transfer, views
from tutor.engine.protocol import Fetch, Fetched
from tutor.frame import EXACT
from tutor.target import subscript


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
    if wanted.index:
        tensor = tensor[subscript(wanted.index)]
    shape = tuple(tensor.shape)
    matrix = tensor.reshape(-1, shape[-1]) if len(shape) > 1 else tensor.reshape(1, -1)
    (top, bottom), (left, right) = wanted.rows, wanted.cols
    part = matrix[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if part.numel() > EXACT:
        return Fetched(wanted, shape, problem=f"at most {EXACT} elements can be shown at once")
    (content,) = transfer.fetch([part])
    return Fetched(wanted, shape, views.of_tensor(part, None, content))
