"""Change a value in a running script, or run a statement among its names."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tutor.schema.target import Accessor, parse_target
from tutor.wire.messages import Edit


class EditError(ValueError):
    """An impossible edit; the text is one clear line."""


def apply(namespace: dict[str, Any], edit: Edit) -> None:
    """Make an edit.

    A tensor or array keeps its identity, shape, dtype and place in the autograd graph: only its
    elements are replaced. A number is rebound in its namespace, container or object.

    Raises:
        EditError: there is no such name, the value does not fit it, or the statement raises.
    """
    if edit.statement:
        _run(namespace, edit.statement)
    else:
        _assign(namespace, edit.target, edit.value)


def _run(namespace: dict[str, Any], statement: str) -> None:
    try:
        exec(compile(statement, "<edit>", "exec", dont_inherit=True), namespace)
    except (Exception, SystemExit) as error:  # whatever the statement raises
        raise EditError(f"{statement}: {type(error).__name__}: {error}") from None


def _assign(namespace: dict[str, Any], target: str, value: Any) -> None:
    try:
        name, parts = parse_target(target)
    except ValueError as error:
        raise EditError(str(error)) from None
    if name not in namespace:
        raise EditError(f"no {name!r} to edit here; the script has not made one yet")
    owner: Any = namespace
    current: Any = namespace[name]
    last = Accessor(name, key=name)
    for part in parts:
        is_element = part is parts[-1] and not part.attribute
        if is_element and isinstance(current, torch.Tensor | np.ndarray):
            _fill(current, part.key, value, target)
            return
        owner, last, current = current, part, _follow(current, part, target)
    if isinstance(current, torch.Tensor | np.ndarray):
        _fill(current, ..., value, target)
    elif isinstance(current, int | float | np.number):
        if isinstance(value, bool) != isinstance(current, bool) or not _is_number(value):
            raise EditError(f"{target!r} is a number; {value!r} is not")
        if isinstance(current, np.number):
            value = np.full((), value, np.asarray(current).dtype)[()]
        _setter(owner, last)(value)
    else:
        kind = type(current).__name__
        raise EditError(f"{target!r} is a {kind}; only numbers and tensors can be edited")


def _follow(owner: Any, part: Accessor, target: str) -> Any:
    """Return the value of a subscript or attribute."""
    try:
        found = getattr(owner, part.attribute) if part.attribute else owner[part.key]
    except Exception:  # whatever the script's objects raise
        found = None
    if found is None:
        missing = part.attribute or part.text
        raise EditError(f"no {target!r} to edit here: {missing!r} is not there")
    return found


def _setter(owner: Any, part: Accessor) -> Callable[[Any], None]:
    """Return what sets a subscript or attribute."""
    if part.attribute:
        return lambda value: setattr(owner, part.attribute, value)
    return lambda value: owner.__setitem__(part.key, value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _fill(owner: Any, key: Any, value: Any, target: str) -> None:
    """Replace elements of a tensor or an array."""
    try:
        if isinstance(owner, np.ndarray):
            owner[key] = value
            return
        part = owner.data[key]
        new = torch.tensor(value, dtype=owner.dtype, device=owner.device)
        owner.data[key] = new.reshape(part.shape) if new.dim() else new
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        shape = "x".join(map(str, owner.shape)) or "scalar"
        reason = str(error).partition("\n")[0]
        raise EditError(f"{value!r} does not fit {target!r} ({shape}): {reason}") from None
