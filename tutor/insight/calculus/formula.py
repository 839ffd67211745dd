"""Formulas as mathematics writes them: `2·(w·x − y)/3`.

A `Formula` is text with its precedence, so that brackets come only where they are needed. Python's
operators on formulas simplify (1·a is a, a⁰ is 1) and serve derivatives. `plus`, `times` and the
other functions do not simplify, since they repeat what a script computes.
"""

import math
import re
from dataclasses import dataclass
from enum import IntEnum

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Level(IntEnum):
    """Precedence, the lowest first. A formula inside one of a higher level gets brackets."""

    COMPARISON = 0
    SUM = 1
    BIG = 2
    """`Σ a·b`, whose sum includes the whole product."""
    MATMUL = 3
    PRODUCT = 4
    POWER = 5
    ATOM = 6


@dataclass(frozen=True, eq=False)
class Formula:
    """A mathematical expression as text."""

    text: str
    level: Level = Level.ATOM
    value: float | None = None
    """The value of a plain number."""
    shape: tuple[int, ...] | None = None
    """The shape of the operand that this stands for; a mean's n comes from it."""
    negated: "Formula | None" = None
    """a, if this is `−a`."""
    divisor: "Formula | None" = None
    """a, if this is `1/a`."""
    transposed: "Formula | None" = None
    """a, if this is `aᵀ`."""

    __array_ufunc__ = None

    def within(self, level: Level) -> str:
        """Return the text, in brackets if the formula is below `level`."""
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
    """Return a formula unchanged, and a number as a formula.

    Raises:
        TypeError: `value` is neither.
    """
    if isinstance(value, Formula):
        return value
    if isinstance(value, int | float):
        return number(value)
    raise TypeError(f"{value!r} is not part of a formula")


def number(value: float) -> Formula:
    """Return a plain number with at most six significant digits."""
    if value < 0:
        return negative(number(-value))
    if math.isinf(value):
        return Formula("∞", value=value)
    whole = float(value).is_integer() and value < 1e6
    return Formula(str(int(value)) if whole else f"{value:.6g}", value=float(value))


def numbers(text: str) -> Formula:
    """Return the text of one or several numbers as a formula, with true minus signs."""
    signed = re.sub(r"(?<![e\d])-(?=[\d.]|inf)", "−", text)
    is_negative = signed.startswith("−")
    return (
        Formula(signed, Level.SUM, negated=Formula(signed[1:])) if is_negative else Formula(signed)
    )


# Without simplifying


def plus(a: Formula, b: Formula) -> Formula:
    if b.negated is not None:
        return minus(a, b.negated)
    # `a + (−b + c)` keeps its brackets: two signs are never adjacent.
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
    """Return `a²`, or `a^0.5` if the exponent is not a small integer."""
    value = b.value
    if value is not None and value.is_integer() and abs(value) < 100:
        return Formula(a.within(Level.ATOM) + f"{int(value)}".translate(_SUPERSCRIPTS), Level.POWER)
    return Formula(f"{a.within(Level.ATOM)}^{b.within(Level.ATOM)}", Level.POWER)


def matmul(a: Formula, b: Formula) -> Formula:
    left = a.text if a.level == Level.MATMUL else a.within(Level.POWER)
    return Formula(f"{left} @ {b.within(Level.POWER)}", Level.MATMUL)


def transpose(a: Formula) -> Formula:
    """Return `aᵀ`; a, if given `aᵀ`; a number unchanged."""
    if a.value is not None:
        return a
    if a.transposed is not None:
        return a.transposed
    return Formula(f"{a.within(Level.ATOM)}ᵀ", Level.POWER, transposed=a)


def compared(a: Formula, sign: str, b: Formula) -> Formula:
    text = f"{a.within(Level.SUM)} {sign} {b.within(Level.SUM)}"
    return Formula(text, Level.COMPARISON)


def function(name: str, *arguments: Formula | str) -> Formula:
    """Return `name(a, b)`."""
    inner = ", ".join(one if isinstance(one, str) else one.text for one in arguments)
    return Formula(f"{name}({inner})")


def total(a: Formula) -> Formula:
    """Return `Σ a`; the context says over what."""
    return a if a.level == Level.BIG else Formula(f"Σ {a.within(Level.BIG)}", Level.BIG)


def bracket(condition: Formula) -> Formula:
    """Return the Iverson bracket: `[a > 0]` is 1 where a > 0, and 0 elsewhere."""
    return Formula(f"[{condition.text}]")


# Simplifying


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
