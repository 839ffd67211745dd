"""Whether two figures are the same: what `expect` and `@ask` mean by that."""

import math
from typing import Any


def agrees(found: Any, wanted: Any, rtol: float, atol: float) -> bool:
    """Whether two figures are the same: floats within |found - wanted| <= atol + rtol·|wanted|, all
    else exactly, lists element by element. NaN agrees with NaN."""
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(
            agrees(one, other, rtol, atol) for one, other in zip(found, wanted, strict=True)
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
    """Whether an answer is this choice: a number written in any way, or the same text."""
    try:
        return agrees(float(answer), float(choice), 1e-5, 5e-7)
    except ValueError:
        return answer.strip() == choice.strip()
