"""Parse the text of a recorded call, such as `sum(_0, dim=1)`: `frame.Operation.call`."""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Input:
    """A tensor input of a call."""

    index: int
    """Its index in `Operation.inputs`."""


@dataclass(frozen=True)
class RawArgument:
    """An argument that is kept as text, such as a dtype."""

    text: str


@dataclass(frozen=True, eq=False)
class Call:
    """A call with its arguments: constants, inputs, and lists, tuples and slices of them."""

    function: str
    """As recorded: an in-place operation keeps its underscore, `add_`."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def key(self) -> str:
        """The operation's name without case and underscores: `mse_loss` and `MseLoss` are mseloss,
        `relu_` is relu, `T` and `t` are t."""
        return self.function.replace("_", "").lower()

    def substituted(self, value: Callable[[Input], Any]) -> "Call":
        """Return the call with its inputs replaced."""
        args = tuple([_substituted(one, value) for one in self.args])
        kwargs = {name: _substituted(one, value) for name, one in self.kwargs.items()}
        return Call(self.function, args, kwargs)

    def count(self, index: int) -> int:
        """Return how many times this input occurs in the arguments."""
        found: list[int] = []

        def note(one: Input) -> None:
            found.append(one.index)

        self.substituted(note)
        return found.count(index)


@lru_cache(maxsize=4096)
def parse(text: str) -> Call | None:
    """Return the parsed call; None if `text` is not a call, such as the "" of a leaf."""
    try:
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
            return None
        kwargs = {one.arg: _argument(one.value) for one in tree.keywords if one.arg}
        # torch accepts NumPy's name too.
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
            return -inner if isinstance(inner, int | float) else RawArgument(ast.unparse(node))
        case ast.List(elts=items):
            return [_argument(one) for one in items]
        case ast.Tuple(elts=items):
            return tuple([_argument(one) for one in items])
        case ast.Call(func=ast.Name(id="slice"), args=bounds) if bounds:
            return slice(*[_argument(one) for one in bounds])
        case _:
            return RawArgument(ast.unparse(node))


def _substituted(argument: Any, value: Callable[[Input], Any]) -> Any:
    if isinstance(argument, Input):
        return value(argument)
    if isinstance(argument, list):
        return [_substituted(one, value) for one in argument]
    if isinstance(argument, tuple):
        return tuple([_substituted(one, value) for one in argument])
    if isinstance(argument, slice):
        bounds = (argument.start, argument.stop, argument.step)
        return slice(*[_substituted(one, value) for one in bounds])
    return argument
