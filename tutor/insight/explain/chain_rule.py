"""The chain rule of a real run as one line: `∂loss/∂w = Σ 2·(w·x − y)/3·x`."""

from tutor.insight.calculus import formula
from tutor.insight.calculus.derivatives import derive
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.local import Operand
from tutor.insight.explain.infix import (
    ELIDED,
    Labels,
    Operations,
    Writer,
    grouped,
    label,
    only_value,
    outputs,
)
from tutor.schema.frame import Operation

LONGEST = 120
"""Characters; a longer formula explains nothing."""

PATHS = 4
"""Of more ways from a value to the loss, a sum over them explains nothing either."""

_STEPS = 200
"""Operations on one path."""

_Path = list[tuple[Operation, int]]
"""From the root to the leaf: each operation, and which of its inputs the path goes through."""


def gradient_formula(
    leaf_id: int, root_id: int, operations: Operations, labels: Labels
) -> str | None:
    """The gradient of a root with respect to a leaf, as the product of the local derivatives along
    every path, and the sum over the paths. Σ stands where broadcasting is undone.

    None if an operation on the way has no rule, if not everything on the way was seen, or if the
    formula would be longer than `LONGEST` or have more than `PATHS` paths.
    """
    root = only_value(operations.get(root_id))
    if root is None or root.count != 1:
        return None
    paths = _paths(leaf_id, root_id, operations)
    if not paths:
        return None
    writer = Writer(operations, labels, LONGEST)
    whole: Formula | None = None
    for path in paths:
        found = _along(path, operations, writer)
        if found is None:
            return None
        whole = found if whole is None else whole + found
    top, below = (grouped(label(one, operations, labels)) for one in (root_id, leaf_id))
    text = f"∂{top}/∂{below} = {whole.text if whole else ''}"
    return text if len(text) <= LONGEST and ELIDED.text not in text else None


def _along(path: _Path, operations: Operations, writer: Writer) -> Formula | None:
    g: Formula | None = formula.number(1)
    for operation, index in path:
        operands = []
        for one, number in zip(operation.inputs, outputs(operation, operations), strict=True):
            # A text that is too long may not be part of the derivative.
            named = writer.operand(one, number=number) or ELIDED
            operands.append(Operand(named, only_value(operations.get(one))))
        found = derive(operation, index, operands)
        if found is None or g is None:
            return None
        g = found.through(g)
        if g is None or len(g.text) > LONGEST:
            return None
    return g


def _paths(leaf_id: int, root_id: int, operations: Operations) -> list[_Path] | None:
    """All paths, [] if there is none; None if there are too many, or too little was seen."""
    counts = _counts(leaf_id, root_id, operations)
    if counts is None or counts[root_id] > PATHS:
        return None
    found: list[_Path] = []
    waiting: list[tuple[int, _Path]] = [(root_id, [])]
    while waiting:
        id, path = waiting.pop()
        if id == leaf_id:
            found.append(path)
            continue
        if len(path) == _STEPS:
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
    """How many paths lead from each operation to the leaf; None if something hides what is behind
    it. A long chain does not recurse."""
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
        if operation.kind == "data" or not _wants_gradient(operation) or operation.kind == "leaf":
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


def _wants_gradient(operation: Operation) -> bool:
    return any(view is None or view.requires_grad for view in operation.values)
