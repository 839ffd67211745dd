"""Functions of formulas and of NumPy arrays alike.

A rule is evaluated twice, with formulas for its text and with arrays for its numbers, so that the
two cannot say different things. What is typed `Dual` is a `Formula`, an array or a plain number;
shapes are those of NumPy's broadcasting.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.formula import Formula

Array = np.ndarray[Any, Any]

Dual = Any
"""A `Formula`, an array of float64 or a plain number."""

Axes = tuple[int, ...]


class NoRule(Exception):
    """An operation was called in a way that its rule does not cover, or too little is known."""


def shape(x: Dual) -> tuple[int, ...]:
    """Raises `NoRule` where a formula's shape is not known."""
    found = x.shape if isinstance(x, Formula) else np.shape(x)
    if found is None:
        raise NoRule
    return tuple(found)


def axes(x: Dual, dim: Any) -> Axes:
    """The axes, from 0, that a `dim` of torch's means; None and () mean all."""
    count = len(shape(x))
    if dim is None or dim == () or dim == []:
        return tuple(range(count))
    named = [dim] if isinstance(dim, int) else dim
    if not isinstance(named, list | tuple) or not all(isinstance(one, int) for one in named):
        raise NoRule
    if not count:
        return ()
    if not all(-count <= one < count for one in named):
        raise NoRule
    return tuple(one % count for one in named)


def size(x: Dual, over: Axes) -> int:
    """How many elements lie along some axes."""
    along = shape(x)
    return math.prod(along[axis] for axis in over)


def sum_to(x: Array, wanted: tuple[int, ...]) -> Array:
    """Sum over what broadcasting added to `wanted`: the transpose of `np.broadcast_to`."""
    x = x.sum(axis=tuple(range(x.ndim - len(wanted))))
    grown = tuple(axis for axis, n in enumerate(wanted) if n == 1 and x.shape[axis] != 1)
    return np.asarray(np.broadcast_to(x.sum(axis=grown, keepdims=True), wanted))


# Elementwise


def applied(name: str, x: Dual, numbers: Any) -> Dual:
    """`name(x)`, or what `numbers` makes of x."""
    return formula.function(name, x) if isinstance(x, Formula) else numbers(x)


def exp(x: Dual) -> Dual:
    return applied("exp", x, np.exp)


def log(x: Dual) -> Dual:
    return applied("log", x, np.log)


def sqrt(x: Dual) -> Dual:
    return applied("sqrt", x, np.sqrt)


def sin(x: Dual) -> Dual:
    return applied("sin", x, np.sin)


def cos(x: Dual) -> Dual:
    return applied("cos", x, np.cos)


def tan(x: Dual) -> Dual:
    return applied("tan", x, np.tan)


def sinh(x: Dual) -> Dual:
    return applied("sinh", x, np.sinh)


def cosh(x: Dual) -> Dual:
    return applied("cosh", x, np.cosh)


def tanh(x: Dual) -> Dual:
    return applied("tanh", x, np.tanh)


def sign(x: Dual) -> Dual:
    return applied("sign", x, np.sign)


def sigma(x: Dual) -> Dual:
    """The logistic function, 1/(1 + exp(−x))."""
    # Through tanh, which does not overflow.
    return applied("σ", x, lambda numbers: (1 + np.tanh(np.divide(numbers, 2))) / 2)


def density(x: Dual) -> Dual:
    """The standard normal density φ."""
    return applied("φ", x, lambda numbers: np.exp(-numbers * numbers / 2) / math.sqrt(math.tau))


def distribution(x: Dual) -> Dual:
    """The standard normal distribution function Φ."""
    erf = np.vectorize(math.erf, otypes=[float])
    return applied("Φ", x, lambda numbers: (1 + erf(numbers / math.sqrt(2))) / 2)


def bracket(condition: Dual) -> Dual:
    """1 where the condition holds, 0 elsewhere."""
    if isinstance(condition, Formula):
        return formula.bracket(condition)
    return np.asarray(condition).astype(np.float64)


def between(low: Dual, x: Dual, high: Dual, sign: str = "≤") -> Dual:
    """1 where x lies from low to high, 0 elsewhere; with "<" not at the ends. None: no bound."""
    if low is None and high is None:
        raise NoRule
    parts = [one for one in (low, x, high) if one is not None]
    if any(isinstance(one, Formula) for one in parts):
        texts = [formula.formula(one).within(formula.Level.SUM) for one in parts]
        return Formula(f"[{f' {sign} '.join(texts)}]")
    inside = np.ones_like(x, dtype=bool)
    for bound, way in ((low, 1), (high, -1)):
        if bound is not None:
            gap = way * (x - bound)
            inside = inside & ((gap >= 0) if sign == "≤" else (gap > 0))
    return inside.astype(np.float64)


def equal(x: Dual, y: Dual) -> Dual:
    """1 where both are the same, 0 elsewhere."""
    if isinstance(x, Formula) or isinstance(y, Formula):
        return formula.bracket(formula.compared(formula.formula(x), "=", formula.formula(y)))
    return np.equal(x, y).astype(np.float64)


def ratio(x: Dual, y: Dual) -> Dual:
    """x/y, and 0 where y is 0: what torch takes for the slope of a norm at its kink."""
    if isinstance(x, Formula) or isinstance(y, Formula):
        return x / y
    return np.where(np.equal(y, 0), 0.0, np.divide(x, np.where(np.equal(y, 0), 1.0, y)))


def unless(x: Dual, y: Dual, instead: float) -> Dual:
    """y, and `instead` where x is 0, which a formula need not mention."""
    return y if isinstance(y, Formula) else np.where(np.equal(x, 0), instead, y)


def at_most(x: Dual, bound: float) -> Dual:
    """x with larger numbers cut off, for numbers that would overflow where they do not count."""
    return x if isinstance(x, Formula) else np.minimum(x, bound)


def at_least(x: Dual, bound: float) -> Dual:
    """x with smaller numbers raised, where torch guards against a division by 0."""
    return x if isinstance(x, Formula) else np.maximum(x, bound)


def clamped(x: Dual, low: float, high: float) -> Dual:
    if isinstance(x, Formula):
        return formula.function("clamp", x, formula.number(low), formula.number(high))
    return np.clip(x, low, high)


# Matrices


def matmul(x: Dual, y: Dual) -> Dual:
    return formula.matmul(x, y) if isinstance(x, Formula) else x @ y


def transpose(x: Dual) -> Dual:
    """Of the last two axes."""
    return formula.transpose(x) if isinstance(x, Formula) else np.swapaxes(x, -1, -2)


def outer(x: Dual, y: Dual) -> Dual:
    if isinstance(x, Formula):
        return formula.function("outer", x, y)
    return x[..., :, None] * y[..., None, :]


def on_vector(matrix: Dual, vector: Dual) -> Dual:
    """Matrix times vector, the vector along the last axis."""
    if isinstance(matrix, Formula):
        return formula.matmul(matrix, vector)
    return (matrix @ vector[..., None])[..., 0]


def rows(x: Dual) -> Dual:
    """As one matrix, whose rows are what lies along the last axis; formulas need not mention it."""
    return x if isinstance(x, Formula) else x.reshape(-1, x.shape[-1])


def over_rows(x: Dual) -> Dual:
    """Summed over all axes but the last."""
    return formula.total(x) if isinstance(x, Formula) else rows(x).sum(axis=0)


def summed(x: Dual, like: Dual, full: tuple[int, ...], kept: int) -> Dual:
    """Marks a formula with Σ where an operand was broadcast, and so what comes back is summed.

    Args:
        x: What comes back. An array stays as it is, for `sum_to` knows what to do.
        like: The operand.
        full: The shape that its axes but the last `kept` were broadcast to.
    """
    if not isinstance(x, Formula):
        return x
    own = shape(like)[: len(shape(like)) - kept]
    return x if math.prod(own) == math.prod(full) else formula.total(x)


def broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that these give together; raises `NoRule` if they do not fit."""
    try:
        return tuple(np.broadcast_shapes(*shapes))
    except ValueError:
        raise NoRule from None
