"""The derivatives of operations that only move numbers, or let some of them go: see `moves`."""

import inspect
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.calls import Call, Input
from tutor.insight.calculus.dual import Array, NoRule
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.local import (
    Derivative,
    Operand,
    attempt,
    first,
    known,
    shape_of,
    summed,
)
from tutor.insight.calculus.shape_ops import INDEXING, MOVES, SAME, TRANSPOSES
from tutor.schema import values
from tutor.schema.frame import Operation

PUT_BACK = "the same numbers, put back"
"""The local derivative of what only moves numbers."""


def moving(
    operation: Operation, call: Call, index: int, operands: Sequence[Operand]
) -> Derivative | None:
    key, shape = call.key, shape_of(operands[index].view)

    def stand_in(one: Input) -> Array:
        view = operands[one.index].view
        if one.index == index:
            return np.arange(prod(shape)).reshape(shape)
        if key not in INDEXING:
            return np.full(shape_of(view), -1)
        found = None if view is None else values.array(view)
        if found is None:
            raise NoRule
        return found

    def positions() -> list[Array]:
        filled = call.filled(stand_in)
        went = MOVES[key](*filled.args, **filled.kwargs)
        return went if isinstance(went, list) else [went]

    def apply(incoming: Sequence[Array | None]) -> Array:
        found = np.zeros(prod(shape))
        for went, g in zip(positions(), incoming, strict=True):
            if g is not None:
                if g.shape != went.shape:
                    raise NoRule
                np.add.at(found, went[went >= 0], g[went >= 0])
        return found.reshape(shape)

    def through(g: Formula) -> Formula | None:
        output = next(iter(operation.values), None)
        if key in TRANSPOSES and len(shape) == 2:
            return formula.transpose(g)
        if key not in SAME or output is None:
            return None
        grown = output.count / max(1, prod(shape))
        return g if grown == 1 else summed(g, grown)

    return Derivative(
        PUT_BACK, None, through, lambda: None, lambda incoming: attempt(lambda: apply(incoming))
    )


def dropout(operation: Operation, call: Call, operand: Operand) -> Derivative | None:
    """What was kept is told by the output, except where the input was 0."""
    bound = inspect.signature(_dropout_call).bind(*call.args, **call.kwargs)
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

    def apply(incoming: Sequence[Array | None]) -> Array:
        return np.asarray(local() * first(incoming))

    return Derivative(
        kept.text,
        kept,
        lambda g: kept * g if g.value is not None else g * kept,
        lambda: attempt(local),
        lambda incoming: attempt(lambda: apply(incoming)),
    )


def _dropout_call(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> None:
    """The parameters of torch's function."""
