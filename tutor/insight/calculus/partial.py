"""Partial derivatives, which rules return: one for each tensor parameter of an operation.

A rule is a function with the same parameters as torch's own, so that calling it binds the arguments
of a recorded call and raises TypeError for arguments that it does not know. It returns its partial
derivatives in the order of the parameters, None where there is none. It is evaluated twice, with
formulas and with numbers: see `functions`. The behaviour at kinks is that of torch 2.13: relu and
relu6 pass nothing at their bounds, clamp passes everything, and ties share the gradient of a
maximum.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tutor.insight.calculus.formula import Formula, number
from tutor.insight.calculus.functions import Axes, NoRule, Value


@dataclass(frozen=True)
class ReducedFactor:
    """A factor for each element of the input, of an operation that removes axes."""

    factor: Value
    axes: Axes = ()
    """Axes of the input that the output does not have."""


@dataclass(frozen=True)
class Vjp:
    """A vector-Jacobian product that is not an elementwise multiplication."""

    pullback: Callable[[Value], Value]
    """The gradient of the output -> that of the input, before `sum_to`."""


Partial = Value | ReducedFactor | Vjp | None
"""A factor for each element, or one of the classes above; None for no derivative."""

Rule = Callable[..., tuple[Any, ...]]


def reject(*arguments: Any) -> None:
    """Raise `NoRule` if one of these arguments is given."""
    if any(one is not None for one in arguments):
        raise NoRule


def as_number(like: Value, value: float) -> Value:
    """Return a number that a formula does not evaluate: 1/3, not 0.333333."""
    return number(value) if isinstance(like, Formula) else value
