"""Values as a few words or numbers, for a line of text."""

from typing import Any

import numpy as np

from tutor.schema import values
from tutor.schema.frame import TensorView

Array = np.ndarray[Any, Any]


def numbers(view: TensorView | None, width: int = 32) -> str:
    """A value in at most `width` characters, if it can be: `0.333333`, `[1, 2, 3]`; what is larger
    as `15×1, mean 0.3`. A single number is never cut."""
    if view is None:
        return "not known"
    found = values.array(view)
    if found is not None and (text := listed(found, width)) is not None:
        return text
    shape = "×".join(map(str, view.shape)) or "a number"
    known = values.statistics(view)
    return f"{shape}, mean {_element(known['mean'], 4)}" if known else f"{shape}, not kept"


def listed(found: Array, width: int = 32) -> str | None:
    """All elements, in four or three digits if that takes it; None if they are too many."""
    if not found.ndim:
        return _element(found.item(), 6)
    if found.size <= width:
        for digits in (6, 4, 3):
            text = _listed(found.tolist(), digits)
            if len(text) <= width:
                return text
    return None


def _listed(items: Any, digits: int) -> str:
    if isinstance(items, list):
        return f"[{', '.join(_listed(one, digits) for one in items)}]"
    return _element(items, digits)


def _element(value: Any, digits: int) -> str:
    if isinstance(value, bool | int):
        return str(value)
    # Adding 0 takes the sign off a zero, which tells a reader nothing.
    return f"{value + 0:.{digits}g}"
