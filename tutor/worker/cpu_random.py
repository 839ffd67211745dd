"""Random draws on the CPU, moved to the device: a seed then gives the same data on every device."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_MAKERS = {torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal}
LIKE = {torch.rand_like, torch.randn_like, torch.randint_like}
"""Take shape and dtype from a tensor."""
FROM_VALUES = {torch.bernoulli, torch.multinomial, torch.normal, torch.poisson}
"""Take their probabilities, means or rates from a tensor."""
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
    """Whether it fills a tensor in place, whatever was in it."""
    return func in FILLERS or getattr(func, "__module__", "") == "torch.nn.init"


class DrawOnCpu(TorchFunctionMode):
    """Draws on the CPU what the script draws on `device` or any other one.

    A generator of the device's own, made by the script, is left alone.

    Args:
        device: Where new tensors go unless the script says otherwise: the default device.
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
            there = torch.device(kwargs.pop("device", None) or self._device)
            return _placed(func(*args, **kwargs, device="cpu"), there)
        if tensor is not None and tensor.device.type != "cpu":
            if func in LIKE:
                there = torch.device(kwargs.pop("device", None) or tensor.device)
                return _placed(_drawn(func, args, kwargs, _empty), there)
            if func in FROM_VALUES:
                return _placed(_drawn(func, args, kwargs, _copied), tensor.device)
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
    func: Any, args: Any, kwargs: dict[str, Any], stand_in: Callable[[Tensor], Tensor]
) -> Tensor:
    """What `func` draws with a stand-in on the CPU for each tensor that it takes."""

    def replaced(value: Any) -> Any:
        return stand_in(value) if isinstance(value, Tensor) else value

    named = {key: replaced(value) for key, value in kwargs.items()}
    drawn: Tensor = func(*map(replaced, args), **named)
    return drawn


def _empty(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor, device="cpu", requires_grad=False)


def _ones(tensor: Tensor) -> Tensor:
    return torch.ones_like(tensor, device="cpu", requires_grad=False)


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu")


def _placed(drawn: Tensor, device: torch.device) -> Tensor:
    """Move what was drawn; a leaf that requires grad stays a leaf."""
    if device.type == "cpu":
        return drawn
    return drawn.detach().to(device).requires_grad_(drawn.requires_grad)
