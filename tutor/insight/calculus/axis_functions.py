"""Functions of formulas and arrays that reduce axes to length 1. See `functions`."""

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.functions import Array, Axes, Value, apply, equal, shape


def total(x: Value, over: Axes) -> Value:
    return formula.total(x) if isinstance(x, Formula) else x.sum(axis=over, keepdims=True)


def average(x: Value, over: Axes) -> Value:
    return apply("mean", x, lambda numbers: numbers.mean(axis=over, keepdims=True))


def deviation(x: Value, over: Axes, divisor: float) -> Value:
    """Return the standard deviation, with `divisor` in place of n."""

    def numbers(values: Array) -> Array:
        misses = values - values.mean(axis=over, keepdims=True)
        return np.asarray(np.sqrt(np.square(misses).sum(axis=over, keepdims=True) / divisor))

    return apply("std", x, numbers)


def norm(x: Value, over: Axes) -> Value:
    return apply("norm", x, lambda a: np.sqrt(np.square(a).sum(axis=over, keepdims=True)))


def extreme(x: Value, over: Axes, name: str) -> Value:
    """Return 1 where x is the maximum or minimum, divided evenly among ties; 0 elsewhere.

    Args:
        name: "max" or "min".
    """
    if isinstance(x, Formula):
        return equal(x, formula.function(name, x))
    best = x.max(axis=over, keepdims=True) if name == "max" else x.min(axis=over, keepdims=True)
    is_best = np.equal(x, best).astype(np.float64)
    return is_best / is_best.sum(axis=over, keepdims=True)


def softmax(x: Value, over: Axes) -> Value:
    def numbers(values: Array) -> Array:
        powers = np.exp(values - values.max(axis=over, keepdims=True))
        return np.asarray(powers / powers.sum(axis=over, keepdims=True))

    return apply("softmax", x, numbers)


def onehot(target: Value, like: Value, axis: int, ignored: int) -> Value:
    """Return 1 at the class of each target, 0 elsewhere and for ignored targets.

    Args:
        target: Class indices: the shape of `like` without `axis`.
        like: A value with the classes along `axis`.
    """
    if isinstance(target, Formula):
        return formula.function("onehot", target)
    classes = np.expand_dims(target.astype(np.int64), axis)
    along = np.arange(shape(like)[axis]).reshape([-1] + [1] * (len(shape(like)) - axis - 1))
    return ((along == classes) & (classes != ignored)).astype(np.float64)


def count_targets(target: Value, ignored: int) -> Value:
    """Return how many targets are not ignored."""
    return Formula("n") if isinstance(target, Formula) else np.not_equal(target, ignored).sum()


def is_counted(target: Value, axis: int, ignored: int) -> Value:
    """Return 1 for every target that is not ignored, 0 for the others."""
    if isinstance(target, Formula):
        return 1
    return np.expand_dims(np.not_equal(target, ignored).astype(np.float64), axis)
