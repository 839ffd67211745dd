"""Formulas as mathematics writes them: `2·(w·x − y)/3`.

A `Formula` is text that knows how tightly it holds together, so that brackets come where they are
needed and nowhere else. Python's operators on formulas simplify (1·a is a, a⁰ is 1), for they make
derivatives; `plus`, `times` and the others write what they are given, for they repeat a script.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Level(IntEnum):
    """How tightly a formula holds together, from the loosest. Where one is put into another of a
    higher level it gets brackets."""

    COMPARISON = 0
    SUM = 1
    BIG = 2
    """`Σ a·b`, which reaches as far as the product goes."""
    MATMUL = 3
    PRODUCT = 4
    POWER = 5
    ATOM = 6


@dataclass(frozen=True, eq=False)
class Formula:
    """A piece of mathematics as text."""

    text: str
    level: Level = Level.ATOM
    value: float | None = None
    """Of a plain number."""
    shape: tuple[int, ...] | None = None
    """Of the operand that this stands for: the n of a mean is told by it."""
    negated: "Formula | None" = None
    """Of `−a`: a."""
    divisor: "Formula | None" = None
    """Of `1/a`: a."""
    transposed: "Formula | None" = None
    """Of `aᵀ`: a."""

    __array_ufunc__ = None

    def within(self, level: Level) -> str:
        """The text where a formula of at least `level` is expected."""
        return self.text if self.level >= level else f"({self.text})"

    def __add__(self, other: object) -> "Formula":
        return _added(self, formula(other))

    def __radd__(self, other: object) -> "Formula":
        return _added(formula(other), self)

    def __sub__(self, other: object) -> "Formula":
        return _added(self, -formula(other))

    def __rsub__(self, other: object) -> "Formula":
        return _added(formula(other), -self)

    def __neg__(self) -> "Formula":
        if self.negated is not None:
            return self.negated
        return self if self.value == 0 else negative(self)

    def __mul__(self, other: object) -> "Formula":
        return _multiplied(self, formula(other))

    def __rmul__(self, other: object) -> "Formula":
        return _multiplied(formula(other), self)

    def __truediv__(self, other: object) -> "Formula":
        return _divided(self, formula(other))

    def __rtruediv__(self, other: object) -> "Formula":
        return _divided(formula(other), self)

    def __pow__(self, other: object) -> "Formula":
        exponent = formula(other)
        if exponent.value == 0:
            return number(1)
        return self if exponent.value == 1 else raised(self, exponent)

    def __rpow__(self, other: object) -> "Formula":
        return raised(formula(other), self)

    def __gt__(self, other: object) -> "Formula":
        return compared(self, ">", formula(other))

    def __ge__(self, other: object) -> "Formula":
        return compared(self, "≥", formula(other))

    def __lt__(self, other: object) -> "Formula":
        return compared(self, "<", formula(other))

    def __le__(self, other: object) -> "Formula":
        return compared(self, "≤", formula(other))


def formula(value: object) -> Formula:
    """A formula as it is, a number as a formula.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, Formula):
        return value
    if isinstance(value, int | float):
        return number(value)
    raise TypeError(f"{value!r} is no part of a formula")


def number(value: float) -> Formula:
    """A plain number in at most six significant digits."""
    if value < 0:
        return negative(number(-value))
    if math.isinf(value):
        return Formula("∞", value=value)
    whole = float(value).is_integer() and value < 1e6
    return Formula(str(int(value)) if whole else f"{value:.6g}", value=float(value))


def numbers(text: str) -> Formula:
    """The text of one or several numbers, with minus signs as formulas have them."""
    signed = re.sub(r"(?<![e\d])-(?=[\d.]|inf)", "−", text)
    is_negative = signed.startswith("−")
    return (
        Formula(signed, Level.SUM, negated=Formula(signed[1:])) if is_negative else Formula(signed)
    )


# What a script wrote


def plus(a: Formula, b: Formula) -> Formula:
    if b.negated is not None:
        return minus(a, b.negated)
    # `a + (−b + c)` keeps its brackets: two signs never stand side by side.
    right = b.within(Level.BIG) if b.text.startswith("−") else b.within(Level.SUM)
    return Formula(f"{a.within(Level.SUM)} + {right}", Level.SUM)


def minus(a: Formula, b: Formula) -> Formula:
    return Formula(f"{a.within(Level.SUM)} − {b.within(Level.BIG)}", Level.SUM)


def negative(a: Formula) -> Formula:
    value = None if a.value is None else -a.value
    return Formula(f"−{a.within(Level.MATMUL)}", Level.SUM, value, negated=a)


def times(a: Formula, b: Formula) -> Formula:
    text = f"{a.within(Level.PRODUCT)}·{b.within(Level.PRODUCT)}"
    return Formula(text, Level.PRODUCT)


def over(a: Formula, b: Formula) -> Formula:
    known = a.value is not None and b.value
    value = a.value / b.value if known and a.value is not None and b.value else None
    divisor = b if a.value == 1 else None
    text = f"{a.within(Level.PRODUCT)}/{b.within(Level.POWER)}"
    return Formula(text, Level.PRODUCT, value, divisor=divisor)


def raised(a: Formula, b: Formula) -> Formula:
    """`a²`, or `a^0.5` where the exponent is no small whole number."""
    value = b.value
    if value is not None and value.is_integer() and abs(value) < 100:
        return Formula(a.within(Level.ATOM) + f"{int(value)}".translate(_SUPERSCRIPTS), Level.POWER)
    return Formula(f"{a.within(Level.ATOM)}^{b.within(Level.ATOM)}", Level.POWER)


def matmul(a: Formula, b: Formula) -> Formula:
    left = a.text if a.level == Level.MATMUL else a.within(Level.POWER)
    return Formula(f"{left} @ {b.within(Level.POWER)}", Level.MATMUL)


def transpose(a: Formula) -> Formula:
    """`aᵀ`; of a transpose, what was transposed; a number is its own."""
    if a.value is not None:
        return a
    if a.transposed is not None:
        return a.transposed
    return Formula(f"{a.within(Level.ATOM)}ᵀ", Level.POWER, transposed=a)


def compared(a: Formula, sign: str, b: Formula) -> Formula:
    text = f"{a.within(Level.SUM)} {sign} {b.within(Level.SUM)}"
    return Formula(text, Level.COMPARISON)


def function(name: str, *arguments: Formula | str) -> Formula:
    """`name(a, b)`."""
    inner = ", ".join(one if isinstance(one, str) else one.text for one in arguments)
    return Formula(f"{name}({inner})")


def total(a: Formula) -> Formula:
    """`Σ a`, over what the place where it stands tells."""
    return a if a.level == Level.BIG else Formula(f"Σ {a.within(Level.BIG)}", Level.BIG)


def bracket(condition: Formula) -> Formula:
    """Iverson's bracket: `[a > 0]` is 1 where a > 0, and 0 elsewhere."""
    return Formula(f"[{condition.text}]")


def listed(items: Sequence[Formula], brackets: str = "[]") -> Formula:
    return Formula(brackets[0] + ", ".join(one.text for one in items) + brackets[1])


# What a derivative makes


def _added(a: Formula, b: Formula) -> Formula:
    if a.value is not None and b.value is not None:
        return number(a.value + b.value)
    if b.value == 0:
        return a
    return b if a.value == 0 else plus(a, b)


def _multiplied(a: Formula, b: Formula) -> Formula:
    if a.value == 0 or b.value == 0:
        return number(0)
    if a.value == 1 or b.value == 1:
        return b if a.value == 1 else a
    for one, other in ((a, b), (b, a)):
        if one.negated is not None:
            return -(one.negated * other)
    for one, other in ((b, a), (a, b)):
        if one.divisor is not None:
            return over(other, one.divisor)
    if a.value is not None and b.value is not None:
        return number(a.value * b.value)
    return times(b, a) if b.value is not None else times(a, b)


def _divided(a: Formula, b: Formula) -> Formula:
    if b.value == 1 or a.value == 0:
        return a
    if a.negated is not None:
        return -(a.negated / b)
    return over(a, b)
