"""Hide the mode that notes operations from code that behaves differently under a mode."""

import functools
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from tutor.worker import torch_private
from tutor.worker.operations.source_line import Origins


def hide_from_attention(mode: TorchFunctionMode) -> None:
    """Let attention take its fast path, which it skips under a mode."""
    original = torch.overrides.has_torch_function

    @functools.wraps(original)
    def has_torch_function(tensors: Iterable[Any]) -> bool:
        with torch_private.hidden(mode):
            return original(tensors)

    torch.overrides.has_torch_function = has_torch_function  # type: ignore[assignment]


def hide_from_warnings(file: str, origins: Origins) -> None:
    """Let torch's warnings name the script's line, not the line in `file` that calls torch."""
    original = warnings.showwarning

    def show(message: Any, category: Any, filename: str, lineno: int, *rest: Any) -> None:
        if filename == file and (frame := origins.find(1).frame) is not None:
            filename, lineno = frame.f_code.co_filename, frame.f_lineno
        original(message, category, filename, lineno, *rest)

    warnings.showwarning = show  # type: ignore[assignment]


def hide_from_compiled(mode: TorchFunctionMode, on_call: Callable[[], None]) -> None:
    """Keep `mode` out of the code that `torch.compile` compiles.

    Args:
        on_call: Called when compiled code runs: its operations cannot be noted.
    """
    original = torch.compile

    def hidden(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            on_call()
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
