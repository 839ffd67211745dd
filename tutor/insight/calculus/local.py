"""What is known of one operation's local derivative with respect to one input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.dual import Array, NoRule
from tutor.insight.calculus.formula import Formula
from tutor.schema import values
from tutor.schema.frame import TensorView

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Operand:
    """A tensor input of an operation."""

    formula: Formula
    """What a formula calls it."""
    view: TensorView | None
    """Its value; None where it is not known."""


@dataclass(frozen=True, eq=False)
class Derivative:
    """The local derivative of an operation with respect to one of its inputs."""

    text: str
    """`2·a`; where it is no factor, what becomes of the gradient g: `g @ Bᵀ`."""
    factor: Formula | None
    """What multiplies the gradient element by element; None for what does not do that."""
    through: Callable[[Formula], Formula | None]
    """The formula of the gradient of the output -> that of the input."""
    local: Callable[[], Array | None]
    """The factor's numbers, in the shape that the input is broadcast to; None where they are not
    known, or where there is no factor."""
    apply: Callable[[Sequence[Array | None]], Array | None]
    """The gradients of the outputs -> the contribution to the input's, in the input's shape; None
    where a value that it takes is not known."""
    keeps_sum: bool = False
    """Whether the contribution adds up to the same number as the gradients of the outputs."""


def numbers(view: TensorView | None) -> Array | None:
    """All elements in float64; None where they were not kept."""
    found = None if view is None else values.array(view)
    return None if found is None or np.iscomplexobj(found) else found.astype(np.float64)


def known(view: TensorView | None) -> Array:
    found = numbers(view)
    if found is None:
        raise NoRule
    return found


def shape_of(view: TensorView | None) -> tuple[int, ...]:
    if view is None:
        raise NoRule
    return view.shape


def attempt(compute: Callable[[], T]) -> T | None:
    """What `compute` gives; None where a value that it takes is not known."""
    try:
        with np.errstate(all="ignore"):
            return compute()
    except (NoRule, TypeError, ValueError, IndexError, ArithmeticError):
        return None


def summed(g: Formula, grown: float) -> Formula:
    """Σ g over `grown` places; a number is multiplied instead."""
    return formula.number(g.value * grown) if g.value is not None else formula.total(g)


def first(incoming: Sequence[Array | None]) -> Array:
    """The gradient of the first output, the only one that these operations pass back."""
    if not incoming or incoming[0] is None:
        raise NoRule
    return incoming[0]
