"""Draw random numbers on the CPU and move them to the device.

A seed then gives the same data on every device.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_MAKERS = {torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal}
LIKE = {torch.rand_like, torch.randn_like, torch.randint_like}
"""Functions that take shape and dtype from a tensor."""
FROM_VALUES = {torch.bernoulli, torch.multinomial, torch.normal, torch.poisson}
"""Functions that take their probabilities, means or rates from a tensor."""
DROPOUTS = {
    torch.dropout,
    functional.dropout,
    functional.dropout1d,
    functional.dropout2d,
    functional.dropout3d,
}
FILLERS = {
    Tensor.bernoulli_,
    Tensor.cauchy_,
    Tensor.exponential_,
    Tensor.geometric_,
    Tensor.log_normal_,
    Tensor.normal_,
    Tensor.random_,
    Tensor.uniform_,
}


def is_filler(func: Any) -> bool:
    """Return True if `func` fills a tensor in place, whatever it contained."""
    return func in FILLERS or getattr(func, "__module__", "") == "torch.nn.init"


class DrawOnCpu(TorchFunctionMode):
    """Draws on the CPU what the script draws on any device.

    A generator that the script made on a device is used as it is.

    Args:
        device: The default device.
    """

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = torch.device(device)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        generator = kwargs.get("generator")
        if generator is not None and generator.device.type != "cpu":
            return func(*args, **kwargs)
        tensors = (value for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
        tensor = next(tensors, None)
        if tensor is None and func in _MAKERS:
            target = torch.device(kwargs.pop("device", None) or self._device)
            return _moved(func(*args, **kwargs, device="cpu"), target)
        if tensor is not None and tensor.device.type != "cpu":
            if func in LIKE:
                target = torch.device(kwargs.pop("device", None) or tensor.device)
                return _moved(_drawn(func, args, kwargs, _empty), target)
            if func in FROM_VALUES:
                return _moved(_drawn(func, args, kwargs, _copied), tensor.device)
            if func in DROPOUTS:
                return self._drop_out(func, tensor, args, kwargs)
            if is_filler(func):
                return self._fill(func, tensor, args, kwargs)
        return func(*args, **kwargs)

    @staticmethod
    def _drop_out(func: Any, tensor: Tensor, args: Any, kwargs: dict[str, Any]) -> Any:
        # Only the mask is drawn; the input keeps its graph on its own device.
        mask = _drawn(func, args, kwargs, _ones).to(tensor.device)
        is_in_place = kwargs.get("inplace", args[3] if len(args) > 3 else False)
        return tensor.mul_(mask) if is_in_place else tensor * mask

    @staticmethod
    def _fill(func: Any, tensor: Tensor, args: Any, kwargs: dict[str, Any]) -> Any:
        drawn = _drawn(func, args, kwargs, _empty)
        with torch.no_grad():
            tensor.copy_(drawn)
        return tensor


def _drawn(
    func: Any, args: Any, kwargs: dict[str, Any], replacement: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return what `func` draws with each tensor argument replaced by one on the CPU."""

    def replaced(value: Any) -> Any:
        return replacement(value) if isinstance(value, Tensor) else value

    named = {key: replaced(value) for key, value in kwargs.items()}
    drawn: Tensor = func(*map(replaced, args), **named)
    return drawn


def _empty(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor, device="cpu", requires_grad=False)


def _ones(tensor: Tensor) -> Tensor:
    return torch.ones_like(tensor, device="cpu", requires_grad=False)


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu")


def _moved(drawn: Tensor, device: torch.device) -> Tensor:
    """Return `drawn` on a device; a leaf that requires grad stays a leaf."""
    if device.type == "cpu":
        return drawn
    return drawn.detach().to(device).requires_grad_(drawn.requires_grad)
