"""The derivative of dropout, whose output shows which elements it kept."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.calls import Call
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.functions import Array, NoRule
from tutor.insight.calculus.local import Derivative, Operand, attempt, first, known
from tutor.schema.frame import Operation


def dropout(operation: Operation, call: Call, operand: Operand) -> Derivative:
    """Return the derivative of dropout.

    It has no numbers where an input is 0, since a zero in the output then does not show whether the
    element was dropped, nor where the input was edited in place.
    """
    bound = inspect.signature(_parameters).bind(*call.args, **call.kwargs)
    bound.apply_defaults()
    rate, training = bound.arguments["p"], bound.arguments["training"]
    kept = Formula("[kept]") / (1 - rate) if training and rate < 1 else formula.number(1)
    if training and rate >= 1:
        kept = formula.number(0)

    def local() -> Array:
        given = known(operand.view)
        if not training or rate in (0, 1):
            return np.full(given.shape, 0.0 if training and rate else 1.0)
        if (given == 0).any() or call.function.endswith("_") or bound.arguments["inplace"]:
            raise NoRule
        return np.asarray((known(operation.values[0]) != 0) / (1 - rate))

    def contribution(incoming: Sequence[Array | None]) -> Array:
        return np.asarray(local() * first(incoming))

    return Derivative(
        kept.text,
        kept,
        lambda g: kept * g if g.value is not None else g * kept,
        lambda: attempt(local),
        lambda incoming: attempt(lambda: contribution(incoming)),
    )


def _parameters(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> None:
    """Stand for torch's function, to bind the arguments of a call."""
