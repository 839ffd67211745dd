"""Explain a value by how it was computed, and a gradient by the terms of its sum.

`merge` collects the operations of some frames; `explain_value` and `explain_gradient` return an
explanation, whose `Origin`s can be explained in turn. `expression` and `gradient_formula` return
one formula.
"""

from collections.abc import Iterable

import msgspec

from tutor.insight.explain.backward_edges import BackwardEdges
from tutor.insight.explain.chain_rule import gradient_formula
from tutor.insight.explain.explanation import Explanation, Origin
from tutor.insight.explain.infix import (
    FormulaWriter,
    Labels,
    Operations,
    expression,
    label,
    output_numbers,
)
from tutor.insight.explain.terms import MAX_TEXT, Names, adds_up, term, total, value_of
from tutor.insight.explain.wording import format_value
from tutor.schema.frame import Operation

__all__ = ["explain_gradient", "explain_value", "expression", "gradient_formula",
           "merge"]  # fmt: skip


TERMS = 50
"""Most terms of a sum that are explained: a weight may be used thousands of times."""


def merge(
    forwards: Iterable[Operation], backwards: Iterable[Operation] = ()
) -> dict[int, Operation]:
    """Return what is known of each operation, by its id.

    Args:
        forwards: The operations of all frames up to the explained step, in order. Of an operation
            that comes again, such as a leaf, the last value counts.
        backwards: The operations of the explained backward pass. Gradients of other passes are
            left out, since they must not be added to it.
    """
    found: dict[int, Operation] = {}
    empty = {"order": None, "grads": (), "edges": (), "before": None, "after": None}
    for one in forwards:
        found[one.id] = msgspec.structs.replace(one, **empty)
    for one in backwards:
        known = found.get(one.id)
        if known is not None:
            kept = {"inputs": one.inputs or known.inputs, "call": one.call or known.call,
                    "values": one.values or known.values}  # fmt: skip
            one = msgspec.structs.replace(one, **kept)
        # An operation may have run forwards and backwards in this frame, or in two passes.
        if known is None or one.order is not None or known.order is None:
            found[one.id] = one
    return found


# Values


def explain_value(id: int, operations: Operations, labels: Labels, number: int = 0) -> Explanation:
    """Explain how a value was computed, and from which values.

    Args:
        id: The operation that computed it.
        operations: From `merge`.
        labels: The script's names for the outputs of operations.
        number: Which output of the operation.
    """
    operation = operations.get(id)
    named = label(id, operations, labels, number)
    of = Origin(id, named, value_of(operation, number), number)
    if operation is None:
        return Explanation(of, "", "", "not recorded")
    used = dict.fromkeys(zip(operation.inputs, output_numbers(operation, operations), strict=True))
    inputs = tuple(_input(one, place, operations, labels) for one, place in used)
    if not operation.call:
        return Explanation(of, "", "", _kind_note(operation), inputs)
    computation = expression(id, operations, labels, MAX_TEXT)
    return Explanation(of, computation, _with_numbers(id, operations, labels), "", inputs)


def _input(id: int, number: int | None, operations: Operations, labels: Labels) -> Origin:
    view = None if number is None else value_of(operations.get(id), number)
    return Origin(id, label(id, operations, labels, number), view, number or 0)


def _kind_note(operation: Operation) -> str:
    match operation.kind:
        case "leaf":
            return "a leaf: the script made it"
        case "data":
            return "data: it needs no gradient, and how it was made was not recorded"
        case "library":
            return f"{operation.name} did this"
        case "part":
            return f"a node that torch put inside an operation ({operation.name})"
        case _:
            return f"computed where nothing could be recorded (node {operation.name})"


def _with_numbers(id: int, operations: Operations, labels: Labels) -> str:
    """Return the formula with numbers in place of names, or, if that is too long, in place of its
    operands; "" if the numbers do not fit or are not known."""
    every = dict.fromkeys(operations[id].inputs, "operand")
    for names in (labels, every):
        found = FormulaWriter(operations, names, MAX_TEXT, with_numbers=True).computation(id)
        if found is not None:
            return found.text
    return ""


# Gradients


def explain_gradient(
    id: int,
    operations: Operations,
    labels: Labels,
    number: int = 0,
    edges: BackwardEdges | None = None,
) -> Explanation:
    """Explain the gradient with respect to a value as a sum of terms.

    Args:
        id: The operation that computed the value.
        operations: From `merge`, with one backward pass.
        labels: The script's names for the outputs of operations.
        number: Which output of the operation.
        edges: The edges of that pass, to reuse them for several gradients.
    """
    operation = operations.get(id)
    edges = edges or BackwardEdges(operations)
    names = Names(operations, labels, edges.root(id))
    of = names.gradient(id, number)
    if operation is None:
        return Explanation(of, "", "", "not recorded")
    flows = list(edges.flows(id, number))
    terms = tuple(term(one, operations, labels, names) for one in flows[:TERMS])
    if of.view is None and not terms:
        return Explanation(of, "", "", _no_gradient_note(operation))
    if not terms:
        return Explanation(of, "", "", f"backward() began here, with {format_value(of.view)}")
    notes = []
    if len(flows) > TERMS:
        notes.append(f"and {len(flows) - TERMS:,} more terms")
    contributions = [total(one.contributions) for one in flows]
    if not adds_up(contributions, of.view):
        notes.append(_DIFFERS)
    is_short = len(flows) <= 3
    return Explanation(
        of,
        _joined([one.formula for one in terms]) if is_short else f"Σ of {len(flows):,} terms",
        _joined(map(format_value, contributions)) if is_short and len(terms) > 1 else "",
        "; ".join(notes),
        (),
        terms,
        operation.before,
        operation.after,
    )


_DIFFERS = (
    "these do not add up to it: a hook changed it, backward() began here too, or another pass came"
)


def _joined(texts: Iterable[str]) -> str:
    """Return the texts joined by plus signs, or minus signs where a text begins with one."""
    return " + ".join(texts).replace("+ −", "− ").replace("+ -", "- ")


def _no_gradient_note(operation: Operation) -> str:
    if operation.kind == "data":
        return "data: it needs no gradient"
    if operation.order is None:
        return "no backward pass came here"
    return "no gradient came back to this"
