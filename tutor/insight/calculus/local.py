"""The local derivative of one operation with respect to one input, and helpers to compute it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.functions import Array, NoRule
from tutor.schema import values
from tutor.schema.frame import TensorView

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Operand:
    """A tensor input of an operation."""

    formula: Formula
    """How a formula writes it."""
    view: TensorView | None
    """Its value; None if it is not known."""


@dataclass(frozen=True, eq=False)
class Derivative:
    """The local derivative of an operation with respect to one of its inputs, g being the gradient
    of its output."""

    text: str
    """`2·a` if it is a factor, else the product with g: `g @ Bᵀ`."""
    factor: Formula | None
    """The factor that multiplies g element by element; None if there is no such factor."""
    propagate: Callable[[Formula], Formula | None]
    """The formula of g -> the formula of the input's gradient."""
    local: Callable[[], Array | None]
    """Return the numbers of the factor, in the shape that the input is broadcast to; None if they
    are not known or there is no factor."""
    contribution: Callable[[Sequence[Array | None]], Array | None]
    """The numbers of the gradient of each output -> the contribution to the input's gradient, in
    the input's shape; None if a value that it needs is not known."""
    keeps_sum: bool = False
    """Whether the contribution adds up to the same number as the gradients of the outputs."""


def as_float64(view: TensorView | None) -> Array | None:
    """Return all elements in float64; None if they were not kept or are complex."""
    found = None if view is None else values.array(view)
    return None if found is None or np.iscomplexobj(found) else found.astype(np.float64)


def known(view: TensorView | None) -> Array:
    """Return all elements in float64. Raise `NoRule` if they are not known."""
    found = as_float64(view)
    if found is None:
        raise NoRule
    return found


def shape_of(view: TensorView | None) -> tuple[int, ...]:
    """Return the shape. Raise `NoRule` if the value is not known."""
    if view is None:
        raise NoRule
    return view.shape


def attempt(compute: Callable[[], T]) -> T | None:
    """Return the result of `compute`; None if it fails because a value is not known."""
    try:
        with np.errstate(all="ignore"):
            return compute()
    except (NoRule, TypeError, ValueError, IndexError, ArithmeticError):
        return None


def summed(g: Formula, copies: float) -> Formula:
    """Return Σ g over so many copies of an element; a number is multiplied instead."""
    return formula.number(g.value * copies) if g.value is not None else formula.total(g)


def first(incoming: Sequence[Array | None]) -> Array:
    """Return the gradient of the first output, the only differentiable one of these operations.
    Raise `NoRule` if it is not known."""
    if not incoming or incoming[0] is None:
        raise NoRule
    return incoming[0]
