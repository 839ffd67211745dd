"""Evaluate expressions in a running script: the slots of notes, and `--show`."""

import ast
import warnings
from collections.abc import Sequence
from functools import partial
from types import CodeType
from typing import Any

import numpy as np
import torch

from tutor.schema.values import LISTED
from tutor.worker import guard, pure_expressions
from tutor.worker.interrupts import is_from_handler

_LONGEST = 200
"""Characters of the `repr` of any other value."""


class Expression:
    """An expression over the script's names.

    Args:
        text: Python source.
        spec: A format for the value; None to keep the value itself.
        is_pure: Refuse to do more than read values: see `pure_expressions`.

    Raises:
        SyntaxError: `text` is not an expression.
    """

    def __init__(self, text: str, spec: str | None = None, is_pure: bool = False) -> None:
        self.text = text
        self._spec = spec
        code: CodeType = compile(text.strip(), "<expression>", "eval", dont_inherit=True)
        self._value = partial(eval, code)
        if is_pure:
            tree = ast.parse(text.strip(), mode="eval").body
            self._value = partial(pure_expressions.value_of, tree)

    def value(self, namespace: dict[str, Any]) -> Any:
        """Return its value now: text if it has a format, else a value that MessagePack can hold."""
        found = self._value(namespace)
        if self._spec is None:
            return portable(found)
        if isinstance(found, torch.Tensor) and found.numel() == 1 and self._spec:
            found = found.item()
        return format(found, self._spec)


def evaluate(
    expressions: Sequence[Expression], namespace: dict[str, Any], problems: list[tuple[str, str]]
) -> tuple[Any, ...]:
    """Return the values of `expressions`; None for one that raises, and add why to `problems`."""
    values = []
    # Reading a gradient that is not kept would warn on the script's own stderr.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for expression in expressions:
            try:
                values.append(expression.value(namespace))
            except BaseException as error:  # whatever the script's objects raise, SystemExit too
                if is_from_handler(error):
                    raise
                values.append(None)
                problems.append((expression.text, described(error)))
    return tuple(values)


def described(error: BaseException) -> str:
    """Return type and text of what an expression raised; only the type if the text raises."""
    name = guard.type_name(error)
    text = guard.attempt(str, error, otherwise=lambda problem: "")
    return f"{name}: {text}" if text else name


def portable(value: Any) -> Any:
    """Return `value` as numbers, text, lists and dictionaries; large tensors as statistics."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, np.ndarray | np.generic):
        value = torch.as_tensor(value)
    if isinstance(value, torch.Tensor):
        return _tensor(value.detach())
    if isinstance(value, list | tuple):
        return [portable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): portable(item) for key, item in value.items()}
    return repr(value)[:_LONGEST]


def _tensor(tensor: torch.Tensor) -> Any:
    if tensor.numel() <= LISTED:
        return portable(tensor.tolist())
    wide = tensor.to("cpu", torch.float64)
    return {
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "min": wide.min().item(),
        "max": wide.max().item(),
        "mean": wide.mean().item(),
        "norm": torch.linalg.vector_norm(wide).item(),
    }
