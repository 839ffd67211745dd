"""Write the chain rule of a recorded run as one formula: `∂loss/∂w = Σ 2·(w·x − y)/3·x`."""

from tutor.insight.calculus import formula
from tutor.insight.calculus.derivatives import derive
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.local import Operand
from tutor.insight.explain.infix import (
    ELIDED,
    FormulaWriter,
    Labels,
    Operations,
    label,
    only_value,
    output_numbers,
    parenthesised,
)
from tutor.schema.frame import Operation

MAX_TEXT = 120
"""Most characters of the formula."""

MAX_PATHS = 4
"""Most paths from a value to the root."""

_MAX_LENGTH = 200
"""Most operations on one path."""

_Path = list[tuple[Operation, int]]
"""From the root to the leaf: each operation, and the index of its input on the path."""


def gradient_formula(
    leaf_id: int, root_id: int, operations: Operations, labels: Labels
) -> str | None:
    """Return the gradient of a root with respect to a leaf: the sum over all paths of the products
    of the local derivatives. Σ sums over what was broadcast.

    Return None if an operation on a path has no rule or was not recorded, or if the formula would
    be longer than `MAX_TEXT` or have more than `MAX_PATHS` paths.
    """
    root = only_value(operations.get(root_id))
    if root is None or root.count != 1:
        return None
    paths = _paths(leaf_id, root_id, operations)
    if not paths:
        return None
    writer = FormulaWriter(operations, labels, MAX_TEXT)
    whole: Formula | None = None
    for path in paths:
        found = _derivative_along(path, operations, writer)
        if found is None:
            return None
        whole = found if whole is None else whole + found
    top, below = (parenthesised(label(one, operations, labels)) for one in (root_id, leaf_id))
    text = f"∂{top}/∂{below} = {whole.text if whole else ''}"
    return text if len(text) <= MAX_TEXT and ELIDED.text not in text else None


def _derivative_along(path: _Path, operations: Operations, writer: FormulaWriter) -> Formula | None:
    g: Formula | None = formula.number(1)
    for operation, index in path:
        operands, numbers = [], output_numbers(operation, operations)
        for one, number in zip(operation.inputs, numbers, strict=True):
            # A name that is too long does no harm if the derivative does not contain it.
            named = writer.operand(one, number=number) or ELIDED
            operands.append(Operand(named, only_value(operations.get(one))))
        found = derive(operation, index, operands)
        if found is None or g is None:
            return None
        g = found.propagate(g)
        if g is None or len(g.text) > MAX_TEXT:
            return None
    return g


def _paths(leaf_id: int, root_id: int, operations: Operations) -> list[_Path] | None:
    """Return all paths; None if there are too many, or if an operation was not recorded."""
    counts = _counts(leaf_id, root_id, operations)
    if counts is None or counts[root_id] > MAX_PATHS:
        return None
    found: list[_Path] = []
    waiting: list[tuple[int, _Path]] = [(root_id, [])]
    while waiting:
        id, path = waiting.pop()
        if id == leaf_id:
            found.append(path)
            continue
        if len(path) == _MAX_LENGTH:
            return None
        operation = operations[id]
        following = [
            (one, [*path, (operation, index)])
            for index, one in enumerate(operation.inputs)
            if counts.get(one)
        ]
        waiting += reversed(following)
    return found


def _counts(leaf_id: int, root_id: int, operations: Operations) -> dict[int, int] | None:
    """Return how many paths lead from each operation to the leaf; None if an operation between them
    was not recorded. Does not recurse, since a chain may be long."""
    counts = {leaf_id: 1}
    waiting = [root_id]
    while waiting:
        id = waiting[-1]
        if id in counts:
            waiting.pop()
            continue
        operation = operations.get(id)
        if operation is None:
            return None
        if operation.kind == "data" or not _requires_grad(operation) or operation.kind == "leaf":
            counts[id] = 0
            continue
        if not operation.call or len(operation.values) != 1:
            return None
        open_ones = [one for one in operation.inputs if one not in counts]
        if open_ones:
            waiting += open_ones
        else:
            counts[id] = sum(counts[one] for one in operation.inputs)
    return counts


def _requires_grad(operation: Operation) -> bool:
    return any(view is None or view.requires_grad for view in operation.values)
