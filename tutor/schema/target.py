"""Parse the target of an edit: `lr`, `w[0, 1]`, `model.0.weight`, `optim.param_groups[0]["lr"]`.

Only constants are evaluated.
"""

import ast
import re
from dataclasses import dataclass
from typing import Any

_CONSTANTS = (ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
_ACCESSOR = re.compile(r"\.(\w+)|(\[[^\[\]]*\])")


@dataclass(frozen=True)
class Accessor:
    """An attribute or a subscript of a target."""

    text: str
    """As written in the target."""
    attribute: str = ""
    """The name of the attribute; "" for a subscript."""
    key: Any = None
    """The value between the brackets of a subscript."""


def parse_target(target: str) -> tuple[str, tuple[Accessor, ...]]:
    """Return the name that a target begins with, and its accessors.

    Raises:
        ValueError: this is no target.
    """
    target = target.strip()
    name = re.match(r"\w*", target)
    end = name.end() if name else 0
    if not target[:end].isidentifier():
        raise ValueError(f"no {target!r} to edit here: want a name, such as lr, w[0] or w.grad")
    accessors = []
    rest = target[end:]
    while rest:
        found = _ACCESSOR.match(rest)
        if found is None:
            raise ValueError(f"{target!r} is no place of a value: want w[0], w.grad or the like")
        if found[1]:
            accessors.append(Accessor(found[0], attribute=found[1]))
        else:
            accessors.append(Accessor(found[0], key=parse_subscript(found[2])))
        rest = rest[found.end() :]
    return target[:end], tuple(accessors)


def parse_subscript(text: str) -> Any:
    """Return the index that a subscript such as `[3:5, :, 0]` means.

    Raises:
        ValueError: this is no subscript of constants.
    """
    text = text.strip()
    try:
        found = ast.parse(f"_{text}", mode="eval").body
    except (SyntaxError, ValueError):
        found = None
    if not (text.startswith("[") and isinstance(found, ast.Subscript)):
        raise ValueError(f"{text} is no subscript; want one such as [3:5, :, 0]")
    if not all(isinstance(node, _CONSTANTS) for node in ast.walk(found.slice)):
        raise ValueError(f"{text}: want numbers and colons only, such as [3:5, :, 0]")
    return _constant(found.slice)


def _constant(index: ast.expr) -> Any:
    if isinstance(index, ast.Tuple):
        return tuple(_constant(one) for one in index.elts)
    if isinstance(index, ast.Slice):
        ends = (index.lower, index.upper, index.step)
        return slice(*(None if end is None else _constant(end) for end in ends))
    return ast.literal_eval(index)
