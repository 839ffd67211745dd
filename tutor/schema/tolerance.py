"""Compare figures within a tolerance, as `expect` and `@ask` do."""

import math
from typing import Any


def is_close(found: Any, wanted: Any, rtol: float, atol: float) -> bool:
    """Return True if floats satisfy |found - wanted| <= atol + rtol·|wanted| and all else is equal.

    Lists are compared element by element. NaN equals NaN.
    """
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(
            is_close(one, other, rtol, atol) for one, other in zip(found, wanted, strict=True)
        )
    numbers = (found, wanted)
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return type(found) is type(wanted) and bool(found == wanted)
    if not any(isinstance(number, float) for number in numbers):
        return bool(found == wanted)
    if math.isnan(found) or math.isnan(wanted):
        return math.isnan(found) and math.isnan(wanted)
    return bool(found == wanted or abs(found - wanted) <= atol + rtol * abs(wanted))


def is_choice(answer: str, choice: str) -> bool:
    """Return True if an answer is the same text as this choice, or the same number."""
    try:
        return is_close(float(answer), float(choice), 1e-5, 5e-7)
    except ValueError:
        return answer.strip() == choice.strip()
