"""Keep what notes operations out of the way of what asks who looks on."""

import functools
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from tutor.worker import torch_private
from tutor.worker.operations.source_line import Origins


def hide_from_attention(mode: TorchFunctionMode) -> None:
    """Attention takes its fast path only where nobody looks on."""
    original = torch.overrides.has_torch_function

    @functools.wraps(original)
    def has_torch_function(tensors: Iterable[Any]) -> bool:
        with torch_private.hidden(mode):
            return original(tensors)

    torch.overrides.has_torch_function = has_torch_function  # type: ignore[assignment]


def hide_from_warnings(file: str, origins: Origins) -> None:
    """A warning of torch's names the place that asked torch, not the one in `file`, which passed
    the question on."""
    original = warnings.showwarning

    def show(message: Any, category: Any, filename: str, lineno: int, *rest: Any) -> None:
        if filename == file and (frame := origins.here(1).frame) is not None:
            filename, lineno = frame.f_code.co_filename, frame.f_lineno
        original(message, category, filename, lineno, *rest)

    warnings.showwarning = show  # type: ignore[assignment]


def hide_from_compiled(mode: TorchFunctionMode, told: Callable[[], None]) -> None:
    """What `torch.compile` compiles must not have `mode` in it.

    Args:
        told: Called when compiled code runs, whose operations then go unseen.
    """
    original = torch.compile

    def hidden(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            told()
            with torch_private.hidden(mode):
                return function(*args, **kwargs)

        return call

    @functools.wraps(original)
    def compile(model: Any = None, **options: Any) -> Any:
        made: Any = original(model, **options)
        if isinstance(made, torch.nn.Module):
            made.forward = hidden(made.forward)
            return made
        if model is None:
            return lambda function: hidden(made(function))
        return hidden(made)

    torch.compile = compile
