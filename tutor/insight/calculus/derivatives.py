"""The local derivative of an operation: what it does to a gradient on the way back to an input.

`derive` answers with text in the field's notation, with a formula to build the chain rule of, and
with numbers in float64. Where nothing is known it answers None.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from math import prod
from typing import Any

import numpy as np

from tutor.insight.calculus import dual, formula
from tutor.insight.calculus.activations import ACTIVATIONS
from tutor.insight.calculus.arithmetic import ARITHMETIC
from tutor.insight.calculus.calls import Call, Input, parse
from tutor.insight.calculus.dropout import dropout
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
from tutor.insight.calculus.losses import LOSSES
from tutor.insight.calculus.matrices import MATRICES
from tutor.insight.calculus.partial import Part, Rule, Spread, Through
from tutor.insight.calculus.rearrange import REARRANGING, rearranged
from tutor.insight.calculus.reductions import REDUCTIONS
from tutor.schema.frame import Operation, TensorView

INCOMING = "g"
"""What a text calls the gradient that comes in."""

RULES: dict[str, Rule] = {**ARITHMETIC, **ACTIVATIONS, **REDUCTIONS, **MATRICES, **LOSSES}
"""By `calls.Call.key`; `rearrange` and `dropout` have the others."""


def derive(operation: Operation, index: int, operands: Sequence[Operand]) -> Derivative | None:
    """The derivative of `operation` with respect to `inputs[index]`, None if there is no rule.

    Args:
        operation: Its `call` and its `values`' shapes are what counts.
        index: An input's place in `Operation.inputs`.
        operands: As many as it has inputs.
    """
    call = parse(operation.call)
    if call is None or not 0 <= index < len(operands) or call.uses(index) != 1:
        return None
    if any(o.view is not None and o.view.dtype.startswith("complex") for o in operands):
        return None
    try:
        if call.key in REARRANGING:
            view = operands[index].view
            return None if view is None else rearranged(operation, call, view)
        if call.key == "dropout":
            return dropout(operation, call, operands[index])
        return _calculated(operation, call, index, operands)
    except (NoRule, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        # A call that the rule cannot bind, or that breaks on arguments it was not made for.
        return None


def _calculated(
    operation: Operation, call: Call, index: int, operands: Sequence[Operand]
) -> Derivative | None:
    rule = RULES.get(call.key)
    if rule is None:
        return None
    call = _in_order(call, operands)
    place = _place(rule, call, index)
    named = [
        replace(one.formula, shape=None if one.view is None else one.view.shape) for one in operands
    ]

    def part_of(filled: Call) -> Part:
        parts = rule(*filled.args, **filled.kwargs)
        if place >= len(parts) or parts[place] is None:
            raise NoRule
        return parts[place]

    def numeric() -> Part:
        return part_of(call.filled(lambda one: known(operands[one.index].view)))

    part = part_of(call.filled(lambda one: named[one.index]))
    wanted = operands[index].view
    if isinstance(part, Through):
        return _product(part, numeric, operation, wanted)
    factor = formula.formula(part.factor if isinstance(part, Spread) else part)

    def full() -> tuple[int, ...]:
        """The shape that the input has beside the others."""
        if isinstance(part, Spread):
            return shape_of(wanted)
        return dual.broadcast([shape_of(one.view) for one in operands])

    def through(g: Formula) -> Formula | None:
        grown = attempt(lambda: prod(full()) / max(1, prod(shape_of(wanted))))
        if grown is None:
            return None
        found = factor * g if g.value is not None else g * factor
        return summed(found, grown) if grown != 1 else found

    def local() -> Array:
        found = numeric()
        value = found.factor if isinstance(found, Spread) else found
        return np.broadcast_to(np.asarray(value, dtype=np.float64), full())

    def apply(incoming: Sequence[Array | None]) -> Array:
        g = first(incoming)
        if isinstance(part, Spread) and g.ndim < len(shape_of(wanted)) and part.axes:
            g = np.expand_dims(g, part.axes)
        return dual.sum_to(np.asarray(local() * g), shape_of(wanted))

    return Derivative(
        factor.text,
        factor,
        through,
        lambda: attempt(local),
        lambda incoming: attempt(lambda: apply(incoming)),
    )


def _product(
    part: Through, numeric: Callable[[], Any], operation: Operation, wanted: TensorView | None
) -> Derivative:
    output = next(iter(operation.values), None)

    def through(g: Formula) -> Formula | None:
        if g.value is None:
            pulled: Formula = part.pull(g)
            return pulled
        if output is None:
            return None
        # The same number everywhere: `xᵀ @ ones(3×1)` rather than `xᵀ @ 1`.
        ones = Formula(f"ones({'×'.join(map(str, output.shape))})")
        found: Formula = part.pull(ones * g)
        return found

    def apply(incoming: Sequence[Array | None]) -> Array:
        found = np.asarray(numeric().pull(first(incoming)))
        return dual.sum_to(found, shape_of(wanted))

    return Derivative(
        part.pull(Formula(INCOMING)).text,
        None,
        through,
        lambda: None,
        lambda incoming: attempt(lambda: apply(incoming)),
    )


def _place(rule: Callable[..., Any], call: Call, index: int) -> int:
    """Which of the rule's parts belongs to this input: the place of its parameter."""
    signature = _signature(rule)
    bound = signature.bind(*call.args, **call.kwargs).arguments
    for place, name in enumerate(signature.parameters):
        if bound.get(name) == Input(index):
            return place
    raise NoRule


@cache
def _signature(rule: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(rule)


def _in_order(call: Call, operands: Sequence[Operand]) -> Call:
    """`x.where(condition, y)` with its arguments as `torch.where` has them."""
    if call.key != "where" or len(call.args) != 3:
        return call

    def is_condition(argument: Any) -> bool:
        view = operands[argument.index].view if isinstance(argument, Input) else None
        return view is not None and view.dtype == "bool"

    x, condition, y = call.args
    is_method = is_condition(condition) and not is_condition(x)
    return replace(call, args=(condition, x, y)) if is_method else call
