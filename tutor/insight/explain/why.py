"""Why a number is what it is: how a value was made, and what a gradient was added up from.

`merged` gathers the operations of some frames, `explain_value` and `explain_gradient` answer, and
an `explanation.Origin` in the answer is where to go on. `expression` and `gradient_formula` say it
in a line.
"""

from collections.abc import Iterable

import msgspec

from tutor.insight.explain.backward_edges import Backtrack
from tutor.insight.explain.chain_rule import gradient_formula
from tutor.insight.explain.explanation import Explanation, Origin
from tutor.insight.explain.infix import Labels, Operations, Writer, expression, label, outputs
from tutor.insight.explain.terms import WIDTH, Names, adds_up, term, total, value_of
from tutor.insight.explain.wording import numbers as told
from tutor.schema.frame import Operation

__all__ = ["explain_gradient", "explain_value", "expression", "gradient_formula",
           "merged"]  # fmt: skip


TERMS = 50
"""At most so many terms of a sum are told, for a weight may be used thousands of times."""


def merged(
    forwards: Iterable[Operation], backwards: Iterable[Operation] = ()
) -> dict[int, Operation]:
    """What is known of each operation, by its id.

    Args:
        forwards: Of all frames that matter, in their order, none later than the one that is looked
            at: of what comes again, such as a leaf, the last value counts.
        backwards: Of the one frame whose backward pass is looked at. What other frames tell of
            their passes does not count: gradients of two passes are not to be added up.
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
        # It may have run forwards and backwards in the same frame, or in two passes.
        if known is None or one.order is not None or known.order is None:
            found[one.id] = one
    return found


# Values


def explain_value(id: int, operations: Operations, labels: Labels, number: int = 0) -> Explanation:
    """How a value was made, and of what.

    Args:
        id: The operation that made it.
        operations: What is known of the run, from `merged`.
        labels: The names that the script gives to what operations made.
        number: Which output of the operation.
    """
    operation = operations.get(id)
    named = label(id, operations, labels, number)
    of = Origin(id, named, value_of(operation, number), number)
    if operation is None:
        return Explanation(of, "", "", "not recorded")
    used = dict.fromkeys(zip(operation.inputs, outputs(operation, operations), strict=True))
    inputs = tuple(_input(one, place, operations, labels) for one, place in used)
    if not operation.call:
        return Explanation(of, "", "", _told_kind(operation), inputs)
    made = expression(id, operations, labels, WIDTH)
    return Explanation(of, made, _with_numbers(id, operations, labels), "", inputs)


def _input(id: int, number: int | None, operations: Operations, labels: Labels) -> Origin:
    view = None if number is None else value_of(operations.get(id), number)
    return Origin(id, label(id, operations, labels, number), view, number or 0)


def _told_kind(operation: Operation) -> str:
    match operation.kind:
        case "leaf":
            return "a leaf: the script made it"
        case "data":
            return "data: it wants no gradient, and its making was not recorded"
        case "library":
            return f"{operation.name} did this"
        case "part":
            return f"a node that torch put inside an operation ({operation.name})"
        case _:
            return f"made where nobody could look (node {operation.name})"


def _with_numbers(id: int, operations: Operations, labels: Labels) -> str:
    """The formula with numbers for names, or, if that is too long, for its operands; "" if those
    are too long to be listed, or not known."""
    every = dict.fromkeys(operations[id].inputs, "operand")
    for names in (labels, every):
        found = Writer(operations, names, WIDTH, with_numbers=True).made(id)
        if found is not None:
            return found.text
    return ""


# Gradients


def explain_gradient(
    id: int,
    operations: Operations,
    labels: Labels,
    number: int = 0,
    back: Backtrack | None = None,
) -> Explanation:
    """What the gradient with respect to a value is the sum of.

    Args:
        id: The operation that made the value.
        operations: What is known of the run and of one backward pass, from `merged`.
        labels: The names that the script gives to what operations made.
        number: Which output of the operation.
        back: The edges of that pass, where several gradients are asked for.
    """
    operation = operations.get(id)
    back = back or Backtrack(operations)
    names = Names(operations, labels, back.root(id))
    of = names.gradient(id, number)
    if operation is None:
        return Explanation(of, "", "", "not recorded")
    passages = list(back.passages(id, number))
    terms = tuple(term(one, operations, labels, names) for one in passages[:TERMS])
    if of.view is None and not terms:
        return Explanation(of, "", "", _told_nothing(operation))
    if not terms:
        return Explanation(of, "", "", f"backward() began here, with {told(of.view)}")
    notes = []
    if len(passages) > TERMS:
        notes.append(f"and {len(passages) - TERMS:,} more terms")
    contributions = [total(one.contributions) for one in passages]
    if not adds_up(contributions, of.view):
        notes.append(_DIFFERS)
    is_short = len(passages) <= 3
    return Explanation(
        of,
        _joined([one.formula for one in terms]) if is_short else f"Σ of {len(passages):,} terms",
        _joined(map(told, contributions)) if is_short and len(terms) > 1 else "",
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
    """A sum of what begins with a sign or does not."""
    return " + ".join(texts).replace("+ −", "− ").replace("+ -", "- ")


def _told_nothing(operation: Operation) -> str:
    if operation.kind == "data":
        return "data: it wants no gradient"
    if operation.order is None:
        return "no backward pass came here"
    return "nothing came back to this"
