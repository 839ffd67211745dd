"""Explain what one use of a value contributes to its gradient: `term`."""

from collections.abc import Sequence

import msgspec
import numpy as np

from tutor.insight.calculus import formula
from tutor.insight.calculus.derivatives import derive
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.functions import Array
from tutor.insight.calculus.local import Derivative, Operand, as_float64
from tutor.insight.explain.backward_edges import GradientFlow
from tutor.insight.explain.explanation import Origin, Term
from tutor.insight.explain.infix import (
    FormulaWriter,
    Labels,
    Operations,
    label,
    name_or_expression,
    parenthesised,
)
from tutor.insight.explain.wording import format_elements, format_value
from tutor.schema.frame import Operation, TensorView

MAX_TEXT = 80
"""Most characters of a formula, with names or with numbers."""

PRECISION = {"float64": 1e-7, "float32": 1e-3}
"""Tolerance between a rule, in float64, and what torch passed on in this dtype, relative to the
largest element. 0.03 for other dtypes, which have eight significant bits or more."""


class Names:
    """Names gradients: `∂loss/∂(w·x)`."""

    def __init__(self, operations: Operations, labels: Labels, root: int) -> None:
        self._operations = operations
        self._labels = labels
        self._root = parenthesised(label(root, operations, labels))

    def gradient(self, id: int, number: int | None = None) -> Origin:
        """Return the gradient with respect to an output; without a number, the first output."""
        found = self._operations.get(id)
        place = number or 0
        view = found.grads[place] if found is not None and place < len(found.grads) else None
        below = parenthesised(label(id, self._operations, self._labels, number))
        return Origin(id, f"∂{self._root}/∂{below}", view, place, True)


def term(flow: GradientFlow, operations: Operations, labels: Labels, names: Names) -> Term:
    """Return what flowed back from one operation, with the local derivative that explains it."""
    owner = flow.owner
    given = [as_float64(grad) for grad in owner.grads]
    contribution = total(flow.contributions)
    consumer = names.gradient(owner.id)
    operands, origins = _operands(flow, operations, labels)
    found = derive(owner, flow.place, operands) if flow.place is not None else None
    if found is not None and _contradicts(found, owner.grads, contribution):
        found = None
    if found is None or flow.place is None:
        target = operations.get(flow.to)
        is_inside = target is not None and target.kind == "part"
        reason = "this node is inside it" if is_inside else "its derivative is not known here"
        text, result = f"{consumer.label}: {owner.name}, {reason}", format_value(contribution)
        return Term(consumer, flow.via, None, None, contribution, text, result, ())
    marked = [Operand(Formula(chr(_FIRST_MARK + i)), one.view) for i, one in enumerate(operands)]
    with_marks = derive(owner, flow.place, marked)
    used = {
        (one.id, one.number): one
        for i, one in enumerate(origins)
        if with_marks is not None and chr(_FIRST_MARK + i) in with_marks.text
    }
    return Term(
        consumer,
        flow.via,
        found.text,
        found.local(),
        contribution,
        _term_formula(found, consumer.label),
        _term_numbers(found, given, format_value(contribution)),
        tuple(used.values()),
    )


_FIRST_MARK = 0xF0000
"""The first private-use character. Operands named with these characters show which of them a
derivative contains."""


def _operands(
    flow: GradientFlow, operations: Operations, labels: Labels
) -> tuple[list[Operand], list[Origin]]:
    writer = FormulaWriter(operations, labels, MAX_TEXT)
    operands, origins = [], []
    for place, one in enumerate(flow.owner.inputs):
        maker = operations.get(one)
        is_only = maker is not None and len(maker.values) == 1
        number = flow.numbers.get(place, 0 if is_only else None)
        view = value_of(maker, number) if number is not None else None
        named = name_or_expression(one, operations, labels, number)
        operands.append(Operand(writer.operand(one, number=number) or named, view))
        origins.append(Origin(one, named.text, view, number or 0))
    return operands, origins


def _term_formula(derivative: Derivative, incoming: str) -> str:
    """Return `Σ x·∂loss/∂(w·x)`."""
    g = Formula(incoming, formula.Level.PRODUCT)
    written = derivative.propagate(g)
    if written is None:
        return f"{incoming}: {derivative.text}"
    if derivative.factor is None:
        return written.text
    # The derivative comes first: `∂loss/∂y/3` would be misread.
    factor, sign = derivative.factor, 1
    if factor.negated is not None:
        factor, sign = factor.negated, -1
    product = sign * (factor * g if factor.value == 1 else formula.times(factor, g))
    return (formula.total(product) if written.level == formula.Level.BIG else product).text


def _term_numbers(derivative: Derivative, given: list[Array | None], result: str) -> str:
    """Return `Σ [1, 2, 3]·[0.3, 0.3, 0.3] = 1.8`; only the result if the numbers do not fit."""
    local = derivative.local()
    if local is None or derivative.factor is None or not given or given[0] is None:
        return result
    texts = [format_elements(local), format_elements(given[0])]
    if None in texts:
        return result
    one, other = (formula.numbers(text) for text in texts if text is not None)
    product = other if derivative.factor.value == 1 else formula.times(one, other)
    propagated = derivative.propagate(Formula("g"))
    if propagated is not None and propagated.level == formula.Level.BIG:
        product = formula.total(product)
    # An unchanged gradient is not repeated. Formulas have the true minus sign.
    is_same = product.text.replace("−", "-") == result
    return result if is_same else f"{product.text} = {result}"


def total(contributions: tuple[TensorView, ...]) -> TensorView:
    """Return the sum of several contributions, without content if one of them has none."""
    first = contributions[0]
    if len(contributions) == 1:
        return first
    known = [as_float64(one) for one in contributions]
    shapes = {one.shape for one in contributions}
    data = None
    if len(shapes) == 1 and all(one is not None for one in known):
        added = np.sum([one for one in known if one is not None], axis=0)
        data = np.asarray(added).astype(first.stored).tobytes()
    return msgspec.structs.replace(first, data=data, summary=None)


def _contradicts(
    found: Derivative, grads: Sequence[TensorView | None], contribution: TensorView
) -> bool:
    """Return True if torch passed on something else than the derivative gives.

    Values that were not kept contradict nothing.
    """
    passed = as_float64(contribution)
    if passed is None:
        return False
    if found.keeps_sum:
        given = [as_float64(one) for one in grads if one is not None]
        known = [one.reshape(-1) for one in given if one is not None]
        return len(known) == len(given) and not _same_sum(
            np.concatenate([np.zeros(0), *known]), passed, contribution.dtype
        )
    calculated = found.contribution([as_float64(one) for one in grads])
    if calculated is None:
        return False
    if calculated.shape != passed.shape:
        return True
    return not _close(calculated, passed, contribution.dtype)


def _same_sum(one: Array, other: Array, dtype: str) -> bool:
    with np.errstate(all="ignore"):
        gap = one.sum() - other.sum()
    room = PRECISION.get(dtype, 0.03) * float(np.abs(one).sum())
    return not np.isfinite(gap) or abs(float(gap)) <= room


def adds_up(contributions: list[TensorView], gradient: TensorView | None) -> bool:
    """Return True if contributions add up to a gradient, or if their numbers are not known."""
    wanted = as_float64(gradient)
    known = [one for one in map(as_float64, contributions) if one is not None]
    if gradient is None or wanted is None or len(known) < len(contributions):
        return True
    try:
        with np.errstate(all="ignore"):
            added = np.broadcast_to(sum(known), wanted.shape)
    except ValueError:
        return False
    return _close(added, wanted, gradient.dtype)


def _close(one: Array, other: Array, dtype: str) -> bool:
    finite = np.abs(other[np.isfinite(other)])
    room = PRECISION.get(dtype, 0.03) * float(finite.max(initial=0.0))
    return bool(np.allclose(one, other, rtol=0, atol=room + 1e-30, equal_nan=True))


def value_of(operation: Operation | None, number: int) -> TensorView | None:
    """Return an output of an operation, None if it is not known."""
    if operation is None or number >= len(operation.values):
        return None
    return operation.values[number]
