"""Rules of what makes fewer numbers of many: sums, means, norms, extremes."""

from typing import Any

from tutor.insight.calculus import reduce
from tutor.insight.calculus.arithmetic import maximum, minimum
from tutor.insight.calculus.dual import Dual, NoRule, axes, ratio, sign, size
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.partial import Part, Rule, Spread, as_number, refuse
from tutor.insight.calculus.reduce import average, deviation, softmax


def sum_(input: Dual, dim: Any = None, keepdim: bool = False) -> tuple[Part, ...]:
    return (_reduced(input, 1, dim, keepdim),)


def mean(input: Dual, dim: Any = None, keepdim: bool = False) -> tuple[Part, ...]:
    return (_reduced(input, 1 / as_number(input, size(input, axes(input, dim))), dim, keepdim),)


def var(
    input: Dual, dim: Any = None, unbiased: bool = True, keepdim: bool = False,
    correction: int | None = None,
) -> tuple[Part, ...]:  # fmt: skip
    dim, freedom = _freedom(input, dim, unbiased, correction)
    slope = 2 * (input - average(input, axes(input, dim))) / freedom
    return (_reduced(input, slope, dim, keepdim),)


def std(
    input: Dual, dim: Any = None, unbiased: bool = True, keepdim: bool = False,
    correction: int | None = None,
) -> tuple[Part, ...]:  # fmt: skip
    dim, freedom = _freedom(input, dim, unbiased, correction)
    over = axes(input, dim)
    slope = ratio(input - average(input, over), freedom * deviation(input, over, freedom))
    return (_reduced(input, slope, dim, keepdim),)


def norm(
    input: Dual, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: None = None
) -> tuple[Part, ...]:
    refuse(dtype)
    if p == 1:
        return (_reduced(input, sign(input), dim, keepdim),)
    if p not in ("fro", 2):
        raise NoRule
    return (_reduced(input, ratio(input, reduce.norm(input, axes(input, dim))), dim, keepdim),)


def vector_norm(
    x: Dual, ord: float = 2, dim: Any = None, keepdim: bool = False, dtype: None = None
) -> tuple[Part, ...]:
    return norm(x, ord, dim, keepdim, dtype)


def logsumexp(input: Dual, dim: Any, keepdim: bool = False) -> tuple[Part, ...]:
    return (_reduced(input, softmax(input, axes(input, dim)), dim, keepdim),)


def max_(input: Dual, dim: Any = None, keepdim: bool = False) -> tuple[Part, ...]:
    return _extreme("max", input, dim, keepdim)


def min_(input: Dual, dim: Any = None, keepdim: bool = False) -> tuple[Part, ...]:
    return _extreme("min", input, dim, keepdim)


def amax(input: Dual, dim: Any = (), keepdim: bool = False) -> tuple[Part, ...]:
    over = axes(input, dim)
    return (_reduced(input, reduce.extreme(input, over, "max"), dim, keepdim),)


def amin(input: Dual, dim: Any = (), keepdim: bool = False) -> tuple[Part, ...]:
    over = axes(input, dim)
    return (_reduced(input, reduce.extreme(input, over, "min"), dim, keepdim),)


def _reduced(input: Dual, factor: Dual, dim: Any, keepdim: bool) -> Spread:
    return Spread(factor, () if keepdim else axes(input, dim))


def _freedom(input: Dual, dim: Any, unbiased: bool, correction: int | None) -> tuple[Any, Dual]:
    """The dim of a variance, and what it divides by; its first argument may be `unbiased`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    less = int(unbiased) if correction is None else correction
    return dim, as_number(input, size(input, axes(input, dim)) - less)


def _extreme(name: str, input: Dual, dim: Any, keepdim: bool) -> tuple[Part, ...]:
    if dim is None or isinstance(dim, int):
        over = axes(input, dim)
        slope = reduce.extreme(input, over, name)
        # Along one axis torch picks one of the ties, and which one is not told.
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
