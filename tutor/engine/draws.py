"""Random draws on the CPU, moved to the device: a seed then gives the same data on every device."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_MAKERS = {torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal}
_FROM_INPUT = {
    torch.rand_like,
    torch.randn_like,
    torch.randint_like,
    torch.bernoulli,
    torch.multinomial,
    torch.poisson,
    torch.dropout,
    functional.dropout,
}
_FILLERS = {
    Tensor.bernoulli_,
    Tensor.cauchy_,
    Tensor.exponential_,
    Tensor.geometric_,
    Tensor.log_normal_,
    Tensor.normal_,
    Tensor.random_,
    Tensor.uniform_,
}


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
        if func in _MAKERS and not any(isinstance(arg, Tensor) for arg in args):
            there = torch.device(kwargs.pop("device", None) or self._device)
            return _placed(func(*args, **kwargs, device="cpu"), there)
        tensor = args[0] if args else kwargs.get("tensor", kwargs.get("input"))
        if isinstance(tensor, Tensor) and tensor.device.type != "cpu":
            if func in _FROM_INPUT or func is torch.normal:
                return self._from_input(func, tensor, args, kwargs)
            if func in _FILLERS or getattr(func, "__module__", "") == "torch.nn.init":
                return self._fill(func, tensor, args, kwargs)
        return func(*args, **kwargs)

    @staticmethod
    def _from_input(func: Any, tensor: Tensor, args: Any, kwargs: dict[str, Any]) -> Any:
        there = torch.device(kwargs.pop("device", None) or tensor.device)
        if func in (torch.dropout, functional.dropout):
            # Only the mask is drawn; the input keeps its graph on its own device.
            ones = torch.ones(tensor.shape, dtype=tensor.dtype, device="cpu")
            rest = {key: value for key, value in kwargs.items() if key != "input"}
            return tensor * func(ones, *args[1:], **rest).to(there)
        moved = [_on_cpu(arg) for arg in args]
        return _placed(func(*moved, **{k: _on_cpu(v) for k, v in kwargs.items()}), there)

    @staticmethod
    def _fill(func: Any, tensor: Tensor, args: Any, kwargs: dict[str, Any]) -> Any:
        drawn = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
        rest = {key: value for key, value in kwargs.items() if key != "tensor"}
        func(drawn, *(_on_cpu(arg) for arg in args[1:]), **rest)
        with torch.no_grad():
            tensor.copy_(drawn)
        return tensor


def _on_cpu(value: Any) -> Any:
    return value.to("cpu") if isinstance(value, Tensor) else value


def _placed(drawn: Tensor, device: torch.device) -> Tensor:
    """Move what was drawn; a leaf that requires grad stays a leaf."""
    if device.type == "cpu":
        return drawn
    return drawn.detach().to(device).requires_grad_(drawn.requires_grad)
