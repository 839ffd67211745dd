"""What a rule gives: the parts of a derivative, one for each tensor parameter.

A rule is a function with the parameters of torch's own, so that calling it binds a recorded call,
and refuses one with arguments that it does not know. It gives its parts in the order of the
parameters, None where there is no derivative, and is evaluated twice, with formulas and with
numbers: see `dual`. What torch does at kinks was tried with torch 2.13: relu and relu6 pass nothing
at their bounds, clamp passes everything, and a maximum is shared by its ties.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tutor.insight.calculus.dual import Axes, Dual, NoRule
from tutor.insight.calculus.formula import Formula, number


@dataclass(frozen=True)
class Spread:
    """A factor for every element of the input, where the output has fewer axes."""

    factor: Dual
    axes: Axes = ()
    """Axes that the output lost, in the input's counting."""


@dataclass(frozen=True)
class Through:
    """A vector-Jacobian product that is no elementwise multiplication."""

    pull: Callable[[Dual], Dual]
    """The gradient of the output -> that of the input, up to broadcasting."""


Part = Dual | Spread | Through | None
"""What comes back to an input: the gradient times a number for each element, or one of these."""

Rule = Callable[..., tuple[Any, ...]]


def refuse(*arguments: Any) -> None:
    """Nothing is known for these arguments, if they are given."""
    if any(one is not None for one in arguments):
        raise NoRule


def as_number(like: Dual, value: float) -> Dual:
    """A number that a formula keeps as it is: 1/3, not 0.333333."""
    return number(value) if isinstance(like, Formula) else value
