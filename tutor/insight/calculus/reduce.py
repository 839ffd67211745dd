"""Functions, as those of `dual`, that add up or compare along axes; these keep a length of 1."""

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.dual import Array, Axes, Dual, applied, equal, shape
from tutor.insight.calculus.formula import Formula


def total(x: Dual, over: Axes) -> Dual:
    return formula.total(x) if isinstance(x, Formula) else x.sum(axis=over, keepdims=True)


def average(x: Dual, over: Axes) -> Dual:
    return applied("mean", x, lambda numbers: numbers.mean(axis=over, keepdims=True))


def deviation(x: Dual, over: Axes, divisor: float) -> Dual:
    """The standard deviation, with `divisor` where the population's has n."""

    def numbers(values: Array) -> Array:
        misses = values - values.mean(axis=over, keepdims=True)
        return np.asarray(np.sqrt(np.square(misses).sum(axis=over, keepdims=True) / divisor))

    return applied("std", x, numbers)


def norm(x: Dual, over: Axes) -> Dual:
    return applied("norm", x, lambda a: np.sqrt(np.square(a).sum(axis=over, keepdims=True)))


def extreme(x: Dual, over: Axes, name: str) -> Dual:
    """1 where x is the maximum or minimum, shared by those that are equal; 0 elsewhere.

    Args:
        name: max or min.
    """
    if isinstance(x, Formula):
        return equal(x, formula.function(name, x))
    best = x.max(axis=over, keepdims=True) if name == "max" else x.min(axis=over, keepdims=True)
    is_best = np.equal(x, best).astype(np.float64)
    return is_best / is_best.sum(axis=over, keepdims=True)


def softmax(x: Dual, over: Axes) -> Dual:
    def numbers(values: Array) -> Array:
        powers = np.exp(values - values.max(axis=over, keepdims=True))
        return np.asarray(powers / powers.sum(axis=over, keepdims=True))

    return applied("softmax", x, numbers)


def onehot(target: Dual, like: Dual, axis: int, ignored: int) -> Dual:
    """1 at the class of each target, 0 elsewhere and for targets that are ignored.

    Args:
        target: Class indices: the shape of `like` without `axis`.
        like: Has the classes along `axis`.
    """
    if isinstance(target, Formula):
        return formula.function("onehot", target)
    classes = np.expand_dims(target.astype(np.int64), axis)
    along = np.arange(shape(like)[axis]).reshape([-1] + [1] * (len(shape(like)) - axis - 1))
    return ((along == classes) & (classes != ignored)).astype(np.float64)


def counted(target: Dual, ignored: int) -> Dual:
    """How many targets are not ignored."""
    return Formula("n") if isinstance(target, Formula) else np.not_equal(target, ignored).sum()


def counts(target: Dual, axis: int, ignored: int) -> Dual:
    """1 for every target that is not ignored, 0 for the others."""
    if isinstance(target, Formula):
        return 1
    return np.expand_dims(np.not_equal(target, ignored).astype(np.float64), axis)
