"""Derive the local derivative of a recorded operation: `derive`.

It has a text in the field's notation, a formula to build the chain rule from, and numbers in
float64.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from math import prod
from typing import Any

import numpy as np

from tutor.insight.calculus import formula, functions
from tutor.insight.calculus.activations import ACTIVATIONS
from tutor.insight.calculus.arithmetic import ARITHMETIC
from tutor.insight.calculus.calls import Call, Input, parse
from tutor.insight.calculus.dropout import dropout
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.functions import Array, NoRule
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
from tutor.insight.calculus.partial import Partial, ReducedFactor, Rule, Vjp
from tutor.insight.calculus.rearrange import REARRANGING, rearranged
from tutor.insight.calculus.reductions import REDUCTIONS
from tutor.schema.frame import Operation, TensorView

INCOMING = "g"
"""Name of the gradient of the output in a text."""

RULES: dict[str, Rule] = {**ARITHMETIC, **ACTIVATIONS, **REDUCTIONS, **MATRICES, **LOSSES}
"""By `calls.Call.key`; `rearrange` and `dropout` have the others."""


def derive(operation: Operation, index: int, operands: Sequence[Operand]) -> Derivative | None:
    """Return the derivative of `operation` with respect to `inputs[index]`, None without a rule.

    Args:
        operation: Its `call` and its `values` are used.
        index: An index into `Operation.inputs`.
        operands: One for each input.
    """
    call = parse(operation.call)
    if call is None or not 0 <= index < len(operands) or call.count(index) != 1:
        return None
    if any(o.view is not None and o.view.dtype.startswith("complex") for o in operands):
        return None
    try:
        if call.key in REARRANGING:
            view = operands[index].view
            return None if view is None else rearranged(operation, call, view)
        if call.key == "dropout":
            return dropout(operation, call, operands[index])
        return _by_rule(operation, call, index, operands)
    except (NoRule, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        # The rule does not accept the arguments of this call.
        return None


def _by_rule(
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

    def part_of(substituted: Call) -> Partial:
        parts = rule(*substituted.args, **substituted.kwargs)
        if place >= len(parts) or parts[place] is None:
            raise NoRule
        return parts[place]

    def numeric() -> Partial:
        return part_of(call.substituted(lambda one: known(operands[one.index].view)))

    part = part_of(call.substituted(lambda one: named[one.index]))
    wanted = operands[index].view
    if isinstance(part, Vjp):
        return _vjp(part, numeric, operation, wanted)
    factor = formula.formula(part.factor if isinstance(part, ReducedFactor) else part)

    def full() -> tuple[int, ...]:
        """Return the shape that the input is broadcast to."""
        if isinstance(part, ReducedFactor):
            return shape_of(wanted)
        return functions.broadcast([shape_of(one.view) for one in operands])

    def propagate(g: Formula) -> Formula | None:
        copies = attempt(lambda: prod(full()) / max(1, prod(shape_of(wanted))))
        if copies is None:
            return None
        found = factor * g if g.value is not None else g * factor
        return summed(found, copies) if copies != 1 else found

    def local() -> Array:
        found = numeric()
        value = found.factor if isinstance(found, ReducedFactor) else found
        return np.broadcast_to(np.asarray(value, dtype=np.float64), full())

    def contribution(incoming: Sequence[Array | None]) -> Array:
        g = first(incoming)
        if isinstance(part, ReducedFactor) and g.ndim < len(shape_of(wanted)) and part.axes:
            g = np.expand_dims(g, part.axes)
        return functions.sum_to(np.asarray(local() * g), shape_of(wanted))

    return Derivative(
        factor.text,
        factor,
        propagate,
        lambda: attempt(local),
        lambda incoming: attempt(lambda: contribution(incoming)),
    )


def _vjp(
    part: Vjp,
    numeric: Callable[[], Any],
    operation: Operation,
    wanted: TensorView | None,
) -> Derivative:
    output = next(iter(operation.values), None)

    def propagate(g: Formula) -> Formula | None:
        if g.value is None:
            symbolic: Formula = part.pullback(g)
            return symbolic
        if output is None:
            return None
        # A number stands for a matrix of equal numbers: `xᵀ @ ones(3×1)`, not `xᵀ @ 1`.
        ones = Formula(f"ones({'×'.join(map(str, output.shape))})")
        found: Formula = part.pullback(ones * g)
        return found

    def contribution(incoming: Sequence[Array | None]) -> Array:
        found = np.asarray(numeric().pullback(first(incoming)))
        return functions.sum_to(found, shape_of(wanted))

    return Derivative(
        part.pullback(Formula(INCOMING)).text,
        None,
        propagate,
        lambda: None,
        lambda incoming: attempt(lambda: contribution(incoming)),
    )


def _place(rule: Callable[..., Any], call: Call, index: int) -> int:
    """Return which partial derivative belongs to this input: the position of its parameter."""
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
    """Return `x.where(condition, y)` with its arguments in the order of `torch.where`."""
    if call.key != "where" or len(call.args) != 3:
        return call

    def is_condition(argument: Any) -> bool:
        view = operands[argument.index].view if isinstance(argument, Input) else None
        return view is not None and view.dtype == "bool"

    x, condition, y = call.args
    is_method = is_condition(condition) and not is_condition(x)
    return replace(call, args=(condition, x, y)) if is_method else call
