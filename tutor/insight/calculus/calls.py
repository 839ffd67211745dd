"""Reads the text of a recorded call, such as `sum(_0, dim=1)`: `frame.Operation.call`."""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Input:
    """Stands for a tensor input in a call."""

    index: int
    """Its place in `Operation.inputs`."""


@dataclass(frozen=True)
class Opaque:
    """An argument of which only the text is known, such as a dtype."""

    text: str


@dataclass(frozen=True, eq=False)
class Call:
    """A call with its arguments: constants, inputs, and lists, tuples and slices of them."""

    function: str
    """As it was recorded; `add_` keeps its mark of an edit in place."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def key(self) -> str:
        """The operation's name however it is written: `mse_loss`, `MseLoss` and `relu_` are
        mseloss, mseloss and relu. `T` and `t`, which do the same, are one."""
        return self.function.replace("_", "").lower()

    def filled(self, value: Callable[[Input], Any]) -> "Call":
        """The call with its inputs replaced."""
        args = tuple([_filled(one, value) for one in self.args])
        kwargs = {name: _filled(one, value) for name, one in self.kwargs.items()}
        return Call(self.function, args, kwargs)

    def uses(self, index: int) -> int:
        """How many of its arguments are, or hold, this input."""
        found: list[int] = []

        def note(one: Input) -> None:
            found.append(one.index)

        self.filled(note)
        return found.count(index)


@lru_cache(maxsize=4096)
def parse(text: str) -> Call | None:
    """The call that `text` writes; None if it writes none, as of a leaf."""
    try:
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
            return None
        kwargs = {one.arg: _argument(one.value) for one in tree.keywords if one.arg}
        # torch takes NumPy's name for it too.
        if "axis" in kwargs:
            kwargs["dim"] = kwargs.pop("axis")
        return Call(tree.func.id, tuple([_argument(one) for one in tree.args]), kwargs)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _argument(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name.startswith("_") and name[1:].isdigit():
            return Input(int(name[1:]))
        case ast.Name(id="inf" | "nan" as name):
            return math.inf if name == "inf" else math.nan
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _argument(operand)
            return -inner if isinstance(inner, int | float) else Opaque(ast.unparse(node))
        case ast.List(elts=items):
            return [_argument(one) for one in items]
        case ast.Tuple(elts=items):
            return tuple([_argument(one) for one in items])
        case ast.Call(func=ast.Name(id="slice"), args=bounds) if bounds:
            return slice(*[_argument(one) for one in bounds])
        case _:
            return Opaque(ast.unparse(node))


def _filled(argument: Any, value: Callable[[Input], Any]) -> Any:
    if isinstance(argument, Input):
        return value(argument)
    if isinstance(argument, list):
        return [_filled(one, value) for one in argument]
    if isinstance(argument, tuple):
        return tuple([_filled(one, value) for one in argument])
    if isinstance(argument, slice):
        bounds = (argument.start, argument.stop, argument.step)
        return slice(*[_filled(one, value) for one in bounds])
    return argument
