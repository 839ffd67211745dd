"""Format a value for a line of text."""

from typing import Any

from tutor.insight.calculus.functions import Array
from tutor.schema import values
from tutor.schema.frame import TensorView


def format_value(view: TensorView | None, width: int = 32) -> str:
    """Return the elements if they fit into `width` characters, else the shape and the mean:
    `[1, 2, 3]`, `15×1, mean 0.3`. A single number is never shortened."""
    if view is None:
        return "not known"
    found = values.array(view)
    if found is not None and (text := format_elements(found, width)) is not None:
        return text
    shape = "×".join(map(str, view.shape)) or "a number"
    known = values.statistics(view)
    return f"{shape}, mean {_element(known['mean'], 4)}" if known else f"{shape}, not kept"


def format_elements(found: Array, width: int = 32) -> str | None:
    """Return all elements in as many digits as fit, three at least; None if they do not fit."""
    if not found.ndim:
        return _element(found.item(), 6)
    if found.size <= width:
        for digits in (6, 4, 3):
            text = _nested(found.tolist(), digits)
            if len(text) <= width:
                return text
    return None


def _nested(items: Any, digits: int) -> str:
    if isinstance(items, list):
        return f"[{', '.join(_nested(one, digits) for one in items)}]"
    return _element(items, digits)


def _element(value: Any, digits: int) -> str:
    if isinstance(value, bool | int):
        return str(value)
    # Adding 0 turns −0 into 0.
    return f"{value + 0:.{digits}g}"
