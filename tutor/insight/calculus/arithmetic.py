"""Rules of arithmetic, of functions of one number, and of what chooses between numbers."""

from tutor.insight.calculus.dual import (
    Dual,
    between,
    bracket,
    cos,
    cosh,
    equal,
    exp,
    log,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
    unless,
)
from tutor.insight.calculus.partial import Part, Rule, as_number, refuse


def add(input: Dual, other: Dual, alpha: float = 1) -> tuple[Part, ...]:
    return 1, alpha


def sub(input: Dual, other: Dual, alpha: float = 1) -> tuple[Part, ...]:
    return 1, -alpha


def rsub(input: Dual, other: Dual, alpha: float = 1) -> tuple[Part, ...]:
    return -alpha, 1


def mul(input: Dual, other: Dual) -> tuple[Part, ...]:
    return other, input


def div(input: Dual, other: Dual, rounding_mode: str | None = None) -> tuple[Part, ...]:
    refuse(rounding_mode)
    return as_number(input, 1) / other, -input / other**2


def power(input: Dual, exponent: Dual) -> tuple[Part, ...]:
    if isinstance(exponent, int | float):
        return 0 if exponent == 0 else exponent * input ** (exponent - 1), None
    by_base = unless(exponent, exponent * input ** (exponent - 1), 0.0)
    return by_base, unless(input, input**exponent * log(input), 0.0)


def clamp(input: Dual, min: Dual = None, max: Dual = None) -> tuple[Part, ...]:
    inside = between(min, input, max)
    below = None if min is None else bracket(input < min)
    return inside, below, None if max is None else bracket(input > max)


def clamp_min(input: Dual, min: Dual) -> tuple[Part, ...]:
    return clamp(input, min)


def clamp_max(input: Dual, max: Dual) -> tuple[Part, ...]:
    return clamp(input, None, max)[0], None


def maximum(input: Dual, other: Dual) -> tuple[Part, ...]:
    tie = equal(input, other) / 2
    return bracket(input > other) + tie, bracket(input < other) + tie


def minimum(input: Dual, other: Dual) -> tuple[Part, ...]:
    tie = equal(input, other) / 2
    return bracket(input < other) + tie, bracket(input > other) + tie


def where(condition: Dual, input: Dual, other: Dual) -> tuple[Part, ...]:
    chosen = bracket(condition)
    return None, chosen, 1 - chosen


ARITHMETIC: dict[str, Rule] = {
    "abs": lambda input: (sign(input),),
    "acos": lambda input: (-1 / sqrt(1 - input**2),),
    "add": add,
    "asin": lambda input: (1 / sqrt(1 - input**2),),
    "atan": lambda input: (1 / (1 + input**2),),
    "clamp": clamp,
    "clampmax": clamp_max,
    "clampmin": clamp_min,
    "clip": clamp,
    "cos": lambda input: (-sin(input),),
    "cosh": lambda input: (sinh(input),),
    "div": div,
    "exp": lambda input: (exp(input),),
    "expm1": lambda input: (exp(input),),
    "log": lambda input: (1 / input,),
    "log10": lambda input: (1 / (log(10) * input),),
    "log1p": lambda input: (1 / (1 + input),),
    "log2": lambda input: (1 / (log(2) * input),),
    "maximum": maximum,
    "minimum": minimum,
    "mul": mul,
    "neg": lambda input: (-1,),
    "pow": power,
    "reciprocal": lambda input: (-1 / input**2,),
    "rsqrt": lambda input: (-0.5 * input**-1.5,),
    "rsub": rsub,
    "sin": lambda input: (cos(input),),
    "sinh": lambda input: (cosh(input),),
    "sqrt": lambda input: (1 / (2 * sqrt(input)),),
    "square": lambda input: (2 * input,),
    "sub": sub,
    "tan": lambda input: (1 / cos(input) ** 2,),
    "tanh": lambda input: (1 - tanh(input) ** 2,),
    "where": where,
}
