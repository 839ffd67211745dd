"""Name torch's functions, and write a call as text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

_LONGEST = 60
"""Characters of a constant in a call, such as a list of indices."""

_LITERALS = {int, float, bool, type(None)}

_REFLECTED = re.compile(r"r(add|sub|mul|div|truediv|floordiv|pow|matmul|mod)")
_IN_PLACE = re.compile(r"i(add|sub|mul|truediv|floordiv|pow)")

_SAME = {
    "truediv": "div",
    "true_divide": "div",
    "divide": "div",
    "multiply": "mul",
    "subtract": "sub",
    "negative": "neg",
    "absolute": "abs",
    "getitem": "index",
}
"""Torch's aliases of an operation, and the name that is shown."""

_NO_OPERATION = {
    *("grad", "_grad", "_base", "requires_grad_", "share_memory_", "as_subclass"),
    *("__deepcopy__", "__reduce_ex__", "__setstate__"),
}
"""Functions that return tensors and compute nothing."""


@dataclass(frozen=True)
class Function:
    """Describes one of torch's functions."""

    name: str
    """Its usual name: matmul, pow, sub_, T, index; MseLoss as in the names of autograd's nodes."""
    is_operation: bool
    in_place: bool
    is_reflected: bool
    """Whether Python swapped its first two arguments, as for `1 - x`."""
    in_place_at: int
    """The position of `inplace` among its arguments; 0 if it has none."""

    def edits(self, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> bool:
        """Return True if a call edits one of its tensors."""
        if self.in_place:
            return True
        if kwargs and (kwargs.get("inplace") or kwargs.get("out") is not None):
            return True
        return 0 < self.in_place_at < len(args) and args[self.in_place_at] is True


@cache
def function(func: Any) -> Function:
    """Describe `func`, as `__torch_function__` is called with it."""
    own = getattr(func, "__name__", "") or type(func).__name__
    is_property = own in ("__get__", "__set__")
    word = getattr(getattr(func, "__self__", None), "__name__", own) if is_property else own
    is_operation = word not in _NO_OPERATION
    in_place = own in ("__set__", "__setitem__")
    is_reflected = False
    if word.startswith("__") and word.endswith("__"):
        word = word.strip("_")
        if match := _REFLECTED.fullmatch(word):
            is_reflected, word = True, match[1]
        elif match := _IN_PLACE.fullmatch(word):
            in_place, word = True, f"{_SAME.get(match[1], match[1])}_"
    else:
        word = word.lstrip("_")
        in_place = in_place or word.endswith("_")
    word = _SAME.get(word, word)
    if own == "__set__":
        word = f"set_{word}"
    if getattr(func, "__module__", "") in ("torch.nn.functional", "torch._C._nn"):
        word = _as_node(word)
    return Function(word, is_operation, in_place, is_reflected, _in_place_at(func))


def _in_place_at(func: Any) -> int:
    """Return the position of `inplace`; only functions written in Python have it."""
    code = getattr(func, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code is not None else ()
    return names.index("inplace") if "inplace" in names else 0


def _as_node(name: str) -> str:
    """Write a name of several words as autograd does: mse_loss is MseLoss."""
    words = name.strip("_").split("_")
    if len(words) == 1:
        return name
    return "".join(word[:1].upper() + word[1:] for word in words) + "_" * name.endswith("_")


@cache
def node_name(name: str) -> str:
    """Return the operation's name for a node: `PowBackward0` is pow, `MseLossBackward0` is MseLoss.

    The node of the script's own `Function` keeps its name.
    """
    word, backward, digits = name.rpartition("::")[2].partition("Backward")
    if backward and not digits:
        return word
    return word.lower() if len(re.findall("[A-Z]", word)) == 1 else word


def tensors_in(values: Iterable[Any], found: list[Tensor]) -> None:
    """Add the tensors among arguments or results to `found`, in their order."""
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            tensors_in(value, found)
        elif isinstance(value, dict):
            tensors_in(value.values(), found)


def text(
    function: Function, args: Sequence[Any], kwargs: Mapping[str, Any] | None, found: list[Tensor]
) -> str:
    """Return a call such as `pow(_0, 2)`, and add its tensors _0, _1, … to `found`.

    The order is that of `tensors_in`.
    """
    parts = [_argument(value, found) for value in args]
    if kwargs:
        parts += [
            f"{key}={_argument(one, found)}" for key, one in kwargs.items() if one is not None
        ]
    if function.is_reflected and len(parts) > 1:
        parts[:2] = parts[1::-1]
    return f"{function.name}({', '.join(parts)})"


def _argument(value: Any, found: list[Tensor]) -> str:
    if isinstance(value, Tensor):
        found.append(value)
        return f"_{len(found) - 1}"
    if type(value) in _LITERALS:
        return repr(value)
    if isinstance(value, list | tuple):
        parts = [_argument(item, found) for item in value]
        inner = ", ".join(parts)
        if len(inner) > _LONGEST and not any(part.startswith("_") for part in parts):
            inner = "..."
        if type(value) is list:
            return f"[{inner}]"
        return f"({inner},)" if len(parts) == 1 else f"({inner})"
    if isinstance(value, dict):
        tensors_in(value.values(), found)
    return _constant(value)


def _constant(value: Any) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= _LONGEST else "..."
    if isinstance(value, slice):
        return f"slice({value.start!r}, {value.stop!r}, {value.step!r})"
    if isinstance(value, torch.device):
        return repr(str(value))
    if value is Ellipsis:
        return "..."
    return str(value) if isinstance(value, torch.dtype) else type(value).__name__
