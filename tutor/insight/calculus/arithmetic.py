"""Rules of arithmetic, of elementary functions, and of clamp, maximum, minimum and where."""

from tutor.insight.calculus.functions import (
    Value,
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
    where_nonzero,
)
from tutor.insight.calculus.partial import Partial, Rule, as_number, reject


def add(input: Value, other: Value, alpha: float = 1) -> tuple[Partial, ...]:
    return 1, alpha


def sub(input: Value, other: Value, alpha: float = 1) -> tuple[Partial, ...]:
    return 1, -alpha


def rsub(input: Value, other: Value, alpha: float = 1) -> tuple[Partial, ...]:
    return -alpha, 1


def mul(input: Value, other: Value) -> tuple[Partial, ...]:
    return other, input


def div(input: Value, other: Value, rounding_mode: str | None = None) -> tuple[Partial, ...]:
    reject(rounding_mode)
    return as_number(input, 1) / other, -input / other**2


def power(input: Value, exponent: Value) -> tuple[Partial, ...]:
    if isinstance(exponent, int | float):
        return 0 if exponent == 0 else exponent * input ** (exponent - 1), None
    by_base = where_nonzero(exponent, exponent * input ** (exponent - 1), 0.0)
    return by_base, where_nonzero(input, input**exponent * log(input), 0.0)


def clamp(input: Value, min: Value = None, max: Value = None) -> tuple[Partial, ...]:
    inside = between(min, input, max)
    below = None if min is None else bracket(input < min)
    return inside, below, None if max is None else bracket(input > max)


def clamp_min(input: Value, min: Value) -> tuple[Partial, ...]:
    return clamp(input, min)


def clamp_max(input: Value, max: Value) -> tuple[Partial, ...]:
    return clamp(input, None, max)[0], None


def maximum(input: Value, other: Value) -> tuple[Partial, ...]:
    tie = equal(input, other) / 2
    return bracket(input > other) + tie, bracket(input < other) + tie


def minimum(input: Value, other: Value) -> tuple[Partial, ...]:
    tie = equal(input, other) / 2
    return bracket(input < other) + tie, bracket(input > other) + tie


def where(condition: Value, input: Value, other: Value) -> tuple[Partial, ...]:
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
