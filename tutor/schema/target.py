"""What the learner calls a value: `lr`, `w[0, 1]`, `model.0.weight`, `optim.param_groups[0]["lr"]`.

Nothing here is evaluated but constants.
"""

import ast
import re
from dataclasses import dataclass
from typing import Any

_CONSTANTS = (ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
_PART = re.compile(r"\.(\w+)|(\[[^\[\]]*\])")


@dataclass(frozen=True)
class Part:
    """One step on the way to a value."""

    text: str
    """As it stands in the target."""
    attribute: str = ""
    """Its name; "" for a subscript."""
    key: Any = None
    """What stands between the brackets of a subscript."""


def path(target: str) -> tuple[str, tuple[Part, ...]]:
    """The name that a target begins with, and the way from there.

    Raises:
        ValueError: it is no place of a value.
    """
    target = target.strip()
    name = re.match(r"\w*", target)
    place = name.end() if name else 0
    if not target[:place].isidentifier():
        raise ValueError(f"no {target!r} to edit here: want a name, such as lr, w[0] or w.grad")
    parts = []
    rest = target[place:]
    while rest:
        found = _PART.match(rest)
        if found is None:
            raise ValueError(f"{target!r} is no place of a value: want w[0], w.grad or the like")
        if found[1]:
            parts.append(Part(found[0], attribute=found[1]))
        else:
            parts.append(Part(found[0], key=subscript(found[2])))
        rest = rest[found.end() :]
    return target[:place], tuple(parts)


def subscript(text: str) -> Any:
    """What stands between the brackets of `[3:5, :, 0]`.

    Raises:
        ValueError: it is no subscript of constants.
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
