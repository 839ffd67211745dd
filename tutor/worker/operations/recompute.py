"""Repeat the calls that led to a backward pass, in float64 and with another value of a tensor."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from tutor.worker.cpu_random import is_filler
from tutor.worker.operations import call_text
from tutor.worker.operations.call_log import CallLog, LoggedCall

_WIDER = {
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float32: torch.float64,
    torch.complex64: torch.complex128,
}
_NARROWING = {Tensor.float, Tensor.half, Tensor.bfloat16}
"""Methods that name a dtype instead of taking one."""

Nudge = Callable[[Tensor], Tensor]
"""Returns another value in place of a tensor's, or the same tensor edited in place."""


def loss(log: CallLog, number: int, tensor: Tensor, nudge: Nudge, detach: bool) -> float:
    """Return the weighted sum of the roots of backward pass `number`, computed in float64.

    Args:
        tensor: A leaf, or a tensor that a call made.
        nudge: Applied to `tensor` where it was last made or edited before the pass.
        detach: Treat outputs that the script detached as constants.
    """
    with torch.no_grad(), _same_random_state():
        return _total(log, number, tensor, nudge, detach, _wide).item()


def gradient(log: CallLog, number: int, tensor: Tensor, wide: bool) -> Tensor:
    """Return autograd's gradient of the same sum, without the hooks and functions of the script.

    Args:
        wide: Compute in float64; otherwise in the script's own precision.

    Raises:
        RuntimeError: autograd refuses, for example after an in-place edit.
    """
    leaves: list[Tensor] = []

    def nudge(value: Tensor) -> Tensor:
        leaves.append(value.detach().clone().requires_grad_())
        # The leaf itself must not be edited in place.
        return leaves[0].view_as(leaves[0])

    with torch.enable_grad(), _same_random_state():
        total = _total(log, number, tensor, nudge, False, _wide if wide else _unchanged)
        return torch.autograd.grad(total, leaves[0])[0].double()


def _total(
    log: CallLog,
    number: int,
    tensor: Tensor,
    nudge: Nudge,
    detach: bool,
    cast: Callable[[Tensor], Tensor],
) -> Tensor:
    start = log.start(number)
    assert start is not None
    calls = log.calls[: start.calls]
    last = max((at for at, one in enumerate(calls) if one.changes(tensor)), default=-1)
    values = {key: cast(copy.clone()) for key, (_, copy) in log.sources.items()}
    if last < 0:
        values[id(tensor)] = nudge(values[id(tensor)])
    for at, call in enumerate(calls):
        _repeat(call, values, detach, cast)
        if at == last:
            values[id(tensor)] = nudge(values[id(tensor)])
    total = torch.zeros((), dtype=torch.float64)
    for one, weight in zip(start.roots, start.weights, strict=True):
        value = values[id(one)]
        total = total + (value if weight is None else value * values[id(weight)]).sum().cpu()
    return total


def _repeat(
    call: LoggedCall, values: dict[int, Tensor], detach: bool, cast: Callable[[Tensor], Tensor]
) -> None:
    """Make a call again with the values that its inputs have now."""
    constant = call.constant or (call.detached if detach else None)
    if constant is not None:
        found = [cast(one.clone()) for one in constant]
        if is_filler(call.func):
            found = [values[id(call.outputs[0])].copy_(found[0])]
    elif call.random_state is not None:
        found = [_drop_out(call, values, cast)]
    else:
        is_wide = cast is _wide
        func = Tensor.double if is_wide and call.func in _NARROWING else call.func
        result = func(
            *_replaced(call.args, values, is_wide),
            **{key: _replaced(value, values, is_wide) for key, value in call.kwargs.items()},
        )
        found = []
        call_text.tensors_in([result], found)
        if result is None:
            found = [values[id(one)] for one in call.outputs]
    for one, value in zip(call.outputs, found, strict=True):
        values[id(one)] = value


def _drop_out(
    call: LoggedCall, values: dict[int, Tensor], cast: Callable[[Tensor], Tensor]
) -> Tensor:
    """Draw the mask in the script's own precision: in float64 it would be another one."""
    assert call.random_state is not None
    torch.set_rng_state(call.random_state)
    dropped = call.args[0] if call.args else call.kwargs["input"]
    ones = torch.ones_like(dropped, requires_grad=False)

    def replaced(value: Any) -> Any:
        return ones if value is dropped else value

    mask: Tensor = call.func(
        *map(replaced, call.args),
        **{key: replaced(value) for key, value in call.kwargs.items()},
    )
    return values[id(dropped)] * cast(mask)


def _replaced(value: Any, values: dict[int, Tensor], is_wide: bool) -> Any:
    """Return an argument with its tensors, and its dtype if `is_wide`, replaced."""
    if isinstance(value, Tensor):
        return values[id(value)]
    if isinstance(value, torch.dtype):
        return _WIDER.get(value, value) if is_wide else value
    if isinstance(value, list | tuple):
        items = [_replaced(item, values, is_wide) for item in value]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*items)
        return type(value)(items)
    return value


def _wide(tensor: Tensor) -> Tensor:
    return tensor.to(_WIDER.get(tensor.dtype, tensor.dtype))


def _unchanged(tensor: Tensor) -> Tensor:
    return tensor


@contextmanager
def _same_random_state() -> Iterator[None]:
    """Restore the script's generator afterwards."""
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
