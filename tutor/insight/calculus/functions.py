"""Functions that take formulas and NumPy arrays alike.

A rule is evaluated twice, with formulas for its text and with arrays for its numbers, so that the
text and the numbers cannot disagree. Shapes follow NumPy's broadcasting.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.formula import Formula

Array = np.ndarray[Any, Any]

Value = Any
"""A `Formula`, an array of float64 or a plain number."""

Axes = tuple[int, ...]


class NoRule(Exception):
    """The rule does not cover this call of the operation, or a value that it needs is not known."""


def shape(x: Value) -> tuple[int, ...]:
    """Return the shape. Raise `NoRule` if a formula's shape is not known."""
    found = x.shape if isinstance(x, Formula) else np.shape(x)
    if found is None:
        raise NoRule
    return tuple(found)


def axes(x: Value, dim: Any) -> Axes:
    """Return the axes, from 0, that torch's argument `dim` means; None and () mean all."""
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


def size(x: Value, over: Axes) -> int:
    """Return how many elements some axes have together."""
    along = shape(x)
    return math.prod(along[axis] for axis in over)


def sum_to(x: Array, wanted: tuple[int, ...]) -> Array:
    """Sum over the axes that broadcasting added to `wanted`: the transpose of `np.broadcast_to`."""
    x = x.sum(axis=tuple(range(x.ndim - len(wanted))))
    grown = tuple(axis for axis, n in enumerate(wanted) if n == 1 and x.shape[axis] != 1)
    return np.asarray(np.broadcast_to(x.sum(axis=grown, keepdims=True), wanted))


# Elementwise


def apply(name: str, x: Value, numbers: Any) -> Value:
    """Return the formula `name(x)` of a formula, and `numbers(x)` of anything else."""
    return formula.function(name, x) if isinstance(x, Formula) else numbers(x)


def _elementwise(name: str, numbers: Any) -> Callable[[Value], Value]:
    return lambda x: apply(name, x, numbers)


exp = _elementwise("exp", np.exp)
log = _elementwise("log", np.log)
sqrt = _elementwise("sqrt", np.sqrt)
sin = _elementwise("sin", np.sin)
cos = _elementwise("cos", np.cos)
sinh = _elementwise("sinh", np.sinh)
cosh = _elementwise("cosh", np.cosh)
tanh = _elementwise("tanh", np.tanh)
sign = _elementwise("sign", np.sign)


def sigma(x: Value) -> Value:
    """Return the logistic function, 1/(1 + exp(−x))."""
    # tanh does not overflow.
    return apply("σ", x, lambda numbers: (1 + np.tanh(np.divide(numbers, 2))) / 2)


def density(x: Value) -> Value:
    """Return the standard normal density φ."""
    return apply("φ", x, lambda numbers: np.exp(-numbers * numbers / 2) / math.sqrt(math.tau))


def distribution(x: Value) -> Value:
    """Return the standard normal distribution function Φ."""
    erf = np.vectorize(math.erf, otypes=[float])
    return apply("Φ", x, lambda numbers: (1 + erf(numbers / math.sqrt(2))) / 2)


def bracket(condition: Value) -> Value:
    """Return 1 where the condition holds, 0 elsewhere."""
    if isinstance(condition, Formula):
        return formula.bracket(condition)
    return np.asarray(condition).astype(np.float64)


def between(low: Value, x: Value, high: Value, sign: str = "≤") -> Value:
    """Return 1 where x lies between the bounds, 0 elsewhere.

    Args:
        low: None for no bound.
        high: None for no bound.
        sign: "≤" includes the bounds, "<" excludes them.
    """
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


def equal(x: Value, y: Value) -> Value:
    """Return 1 where both are equal, 0 elsewhere."""
    if isinstance(x, Formula) or isinstance(y, Formula):
        return formula.bracket(formula.compared(formula.formula(x), "=", formula.formula(y)))
    return np.equal(x, y).astype(np.float64)


def ratio(x: Value, y: Value) -> Value:
    """Return x/y, and 0 where y is 0, as torch does for the slope of a norm at 0."""
    if isinstance(x, Formula) or isinstance(y, Formula):
        return x / y
    return np.where(np.equal(y, 0), 0.0, np.divide(x, np.where(np.equal(y, 0), 1.0, y)))


def where_nonzero(x: Value, y: Value, instead: float) -> Value:
    """Return y, and `instead` where x is 0. A formula leaves the exception out."""
    return y if isinstance(y, Formula) else np.where(np.equal(x, 0), instead, y)


def at_most(x: Value, bound: float) -> Value:
    """Return x, at most `bound`, so that elements which do not count cannot overflow. A formula
    leaves the bound out."""
    return x if isinstance(x, Formula) else np.minimum(x, bound)


def at_least(x: Value, bound: float) -> Value:
    """Return x, at least `bound`, where torch avoids a division by 0. A formula leaves the bound
    out."""
    return x if isinstance(x, Formula) else np.maximum(x, bound)


def clamped(x: Value, low: float, high: float) -> Value:
    if isinstance(x, Formula):
        return formula.function("clamp", x, formula.number(low), formula.number(high))
    return np.clip(x, low, high)


# Matrices


def matmul(x: Value, y: Value) -> Value:
    return formula.matmul(x, y) if isinstance(x, Formula) else x @ y


def transpose(x: Value) -> Value:
    """Swap the last two axes."""
    return formula.transpose(x) if isinstance(x, Formula) else np.swapaxes(x, -1, -2)


def outer(x: Value, y: Value) -> Value:
    if isinstance(x, Formula):
        return formula.function("outer", x, y)
    return x[..., :, None] * y[..., None, :]


def on_vector(matrix: Value, vector: Value) -> Value:
    """Multiply a matrix by a vector along the last axis."""
    if isinstance(matrix, Formula):
        return formula.matmul(matrix, vector)
    return (matrix @ vector[..., None])[..., 0]


def rows(x: Value) -> Value:
    """Return one matrix whose rows lie along the last axis. A formula stays as it is."""
    return x if isinstance(x, Formula) else x.reshape(-1, x.shape[-1])


def over_rows(x: Value) -> Value:
    """Sum over all axes but the last."""
    return formula.total(x) if isinstance(x, Formula) else rows(x).sum(axis=0)


def summed(x: Value, like: Value, full: tuple[int, ...], kept: int) -> Value:
    """Put Σ before a formula if its operand was broadcast, since its gradient is then a sum.

    Args:
        x: The gradient. An array stays as it is; `sum_to` sums it.
        like: The operand.
        full: The shape that the operand's axes, except the last `kept`, were broadcast to.
    """
    if not isinstance(x, Formula):
        return x
    own = shape(like)[: len(shape(like)) - kept]
    return x if math.prod(own) == math.prod(full) else formula.total(x)


def broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the broadcast shape. Raise `NoRule` if the shapes do not fit."""
    try:
        return tuple(np.broadcast_shapes(*shapes))
    except ValueError:
        raise NoRule from None
