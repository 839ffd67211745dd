"""Rules of reductions: sums, means, deviations, norms, maxima and minima."""

from typing import Any

from tutor.insight.calculus import axis_functions
from tutor.insight.calculus.arithmetic import maximum, minimum
from tutor.insight.calculus.axis_functions import average, deviation, softmax
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.functions import NoRule, Value, axes, ratio, sign, size
from tutor.insight.calculus.partial import Partial, ReducedFactor, Rule, as_number, reject


def sum_(input: Value, dim: Any = None, keepdim: bool = False) -> tuple[Partial, ...]:
    return (_reduced(input, 1, dim, keepdim),)


def mean(input: Value, dim: Any = None, keepdim: bool = False) -> tuple[Partial, ...]:
    return (_reduced(input, 1 / as_number(input, size(input, axes(input, dim))), dim, keepdim),)


def var(
    input: Value, dim: Any = None, unbiased: bool = True, keepdim: bool = False,
    correction: int | None = None,
) -> tuple[Partial, ...]:  # fmt: skip
    dim, divisor = _divisor(input, dim, unbiased, correction)
    slope = 2 * (input - average(input, axes(input, dim))) / divisor
    return (_reduced(input, slope, dim, keepdim),)


def std(
    input: Value, dim: Any = None, unbiased: bool = True, keepdim: bool = False,
    correction: int | None = None,
) -> tuple[Partial, ...]:  # fmt: skip
    dim, divisor = _divisor(input, dim, unbiased, correction)
    over = axes(input, dim)
    slope = ratio(input - average(input, over), divisor * deviation(input, over, divisor))
    return (_reduced(input, slope, dim, keepdim),)


def norm(
    input: Value, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: None = None
) -> tuple[Partial, ...]:
    reject(dtype)
    if p == 1:
        return (_reduced(input, sign(input), dim, keepdim),)
    if p not in ("fro", 2):
        raise NoRule
    return (
        _reduced(input, ratio(input, axis_functions.norm(input, axes(input, dim))), dim, keepdim),
    )


def vector_norm(
    x: Value, ord: float = 2, dim: Any = None, keepdim: bool = False, dtype: None = None
) -> tuple[Partial, ...]:
    return norm(x, ord, dim, keepdim, dtype)


def logsumexp(input: Value, dim: Any, keepdim: bool = False) -> tuple[Partial, ...]:
    return (_reduced(input, softmax(input, axes(input, dim)), dim, keepdim),)


def max_(input: Value, dim: Any = None, keepdim: bool = False) -> tuple[Partial, ...]:
    return _extreme("max", input, dim, keepdim)


def min_(input: Value, dim: Any = None, keepdim: bool = False) -> tuple[Partial, ...]:
    return _extreme("min", input, dim, keepdim)


def amax(input: Value, dim: Any = (), keepdim: bool = False) -> tuple[Partial, ...]:
    over = axes(input, dim)
    return (_reduced(input, axis_functions.extreme(input, over, "max"), dim, keepdim),)


def amin(input: Value, dim: Any = (), keepdim: bool = False) -> tuple[Partial, ...]:
    over = axes(input, dim)
    return (_reduced(input, axis_functions.extreme(input, over, "min"), dim, keepdim),)


def _reduced(input: Value, factor: Value, dim: Any, keepdim: bool) -> ReducedFactor:
    return ReducedFactor(factor, () if keepdim else axes(input, dim))


def _divisor(input: Value, dim: Any, unbiased: bool, correction: int | None) -> tuple[Any, Value]:
    """Return the dim and the divisor of a variance; its first argument may be `unbiased`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    less = int(unbiased) if correction is None else correction
    return dim, as_number(input, size(input, axes(input, dim)) - less)


def _extreme(name: str, input: Value, dim: Any, keepdim: bool) -> tuple[Partial, ...]:
    if dim is None or isinstance(dim, int):
        over = axes(input, dim)
        slope = axis_functions.extreme(input, over, name)
        # Along one axis torch passes the gradient to one of the ties; the call does not say which.
        is_tied = dim is not None and not isinstance(slope, Formula) and (slope % 1).any()
        if is_tied:
            raise NoRule
        return (_reduced(input, slope, dim, keepdim),)
    return (maximum if name == "max" else minimum)(input, dim)


REDUCTIONS: dict[str, Rule] = {
    "amax": amax,
    "amin": amin,
    "linalgvectornorm": vector_norm,
    "logsumexp": logsumexp,
    "max": max_,
    "mean": mean,
    "min": min_,
    "norm": norm,
    "std": std,
    "sum": sum_,
    "var": var,
    "vectornorm": vector_norm,
}
