"""Write how a value was computed as one formula: `mean((w·x + b − y)²)`."""

from collections.abc import Mapping

from tutor.insight.calculus import formula
from tutor.insight.calculus.calls import parse
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.notation import indexed, write_call
from tutor.insight.explain.wording import format_elements, format_value
from tutor.schema import values
from tutor.schema.frame import Operation, TensorView

Operations = Mapping[int, Operation]
"""Operations by their ids."""

Labels = Mapping[int, str]
"""The script's names for the outputs of operations, by the operations' ids."""

MAX_DEPTH = 24
"""Most operations inside each other in a formula."""

ELIDED = Formula("…")
"""Stands for what is left out."""


class FormulaWriter:
    """Writes how values were computed from values that have a name.

    Args:
        operations: The operations of the run.
        labels: The names of values.
        limit: Longest text, in characters.
        with_numbers: Write values in place of names.
    """

    def __init__(
        self, operations: Operations, labels: Labels, limit: int, with_numbers: bool = False
    ) -> None:
        self._operations = operations
        self._labels = labels
        self._limit = limit
        self._with_numbers = with_numbers
        self._known: dict[tuple[int, int], Formula | None] = {}

    def operand(self, id: int, depth: int = MAX_DEPTH, number: int | None = 0) -> Formula | None:
        """Return the name of a value, or how it was computed; None if that is too long.

        Args:
            depth: Most operations inside each other; `…` stands for the others.
            number: Which output of the operation; None if that is not known.
        """
        found = self._operations.get(id)
        name = name_of(id, self._operations, self._labels)
        if self._with_numbers and (name or found is None or not found.call):
            return self._numbers(found, number)
        if name:
            return Formula(name)
        if depth <= 0 and found is not None and found.call:
            return ELIDED
        text = self.computation(id, depth)
        if text is None or found is None or len(found.values) < 2:
            return text
        return indexed(text, ... if number is None else number)

    def _numbers(self, operation: Operation | None, number: int | None) -> Formula | None:
        if operation is None or number is None or number >= len(operation.values):
            return None
        view = operation.values[number]
        found = None if view is None else values.array(view)
        text = None if found is None else format_elements(found, self._limit)
        return None if text is None else formula.numbers(text)

    def computation(self, id: int, depth: int = MAX_DEPTH) -> Formula | None:
        """Return how a value was computed, even if it has a name; None if that is too long."""
        key = (id, depth)
        if key not in self._known:
            written = self._written(id, depth - 1)
            is_short = written is not None and len(written.text) <= self._limit
            self._known[key] = written if is_short else None
        return self._known[key]

    def _written(self, id: int, depth: int) -> Formula | None:
        found = self._operations.get(id)
        if found is None:
            return Formula("?")
        call = parse(found.call)
        if call is None:
            return _without_call(found)
        inputs = []
        for one, number in zip(found.inputs, output_numbers(found, self._operations), strict=True):
            inputs.append(self.operand(one, depth, number))
            if inputs[-1] is None:
                return None
        try:
            return write_call(call.substituted(lambda one: inputs[one.index]))
        except IndexError:
            return _without_call(found)


def expression(id: int, operations: Operations, labels: Labels, limit: int = 60) -> str:
    """Return how a value was computed from values that have a name: `mean((w·x + b − y)²)`.

    Beyond `limit` characters `…` stands for the innermost operations; if that is not enough the
    text is cut.
    """
    if (found := _longest_fitting(id, operations, labels, limit)) is not None:
        return found.text
    # The text of the operation alone is too long.
    whole = FormulaWriter(operations, labels, 10**6).computation(id, 1) or ELIDED
    return whole.text[: limit - 1] + "…"


def name_or_expression(
    id: int, operations: Operations, labels: Labels, number: int | None = None, limit: int = 24
) -> Formula:
    """Return the name of a value, or how it was computed; `linear(…)` if that is too long.

    Args:
        number: Which output of the operation; None for all of them.
    """
    found = operations.get(id)
    if found is None:
        return Formula("?")
    if found.kind == "part":
        return Formula(found.name)
    if name := name_of(id, operations, labels):
        return Formula(name)
    text = _longest_fitting(id, operations, labels, limit) or Formula(f"{found.name}(…)")
    return indexed(text, number) if number is not None and len(found.values) > 1 else text


def parenthesised(text: str) -> str:
    """Return the text in parentheses, unless it is a name: `∂loss/∂(w·x)`."""
    return text if text.replace(".", "").replace("_", "").isalnum() else f"({text})"


def label(id: int, operations: Operations, labels: Labels, number: int | None = None) -> str:
    """Return `name_or_expression` as text."""
    return name_or_expression(id, operations, labels, number).text


def _longest_fitting(id: int, operations: Operations, labels: Labels, limit: int) -> Formula | None:
    """Return the deepest formula that fits into `limit` characters."""
    writer = FormulaWriter(operations, labels, limit)
    for depth in range(MAX_DEPTH, 0, -1):
        if (found := writer.computation(id, depth)) is not None:
            return found
    return None


def name_of(id: int, operations: Operations, labels: Labels) -> str:
    """Return a value's name in the script; "" if it has none. Labels do not distinguish several
    outputs of one operation, so those have none."""
    found = operations.get(id)
    if found is not None and len(found.values) > 1:
        return ""
    own = found.name if found is not None and found.kind in ("leaf", "data") else ""
    return labels.get(id) or own


def output_numbers(operation: Operation, operations: Operations) -> list[int | None]:
    """Return for each input which output of its operation it is; None where that is not known.

    Only the edges of a backward pass distinguish several outputs.
    """
    found: list[int | None] = []
    for place, one in enumerate(operation.inputs):
        maker = operations.get(one)
        if maker is None or len(maker.values) < 2:
            found.append(0)
            continue
        there = [edge.number for edge in operation.edges if edge.to == one]
        is_clear = len(there) == operation.inputs.count(one)
        found.append(there[operation.inputs[:place].count(one)] if is_clear else None)
    return found


def only_value(operation: Operation | None) -> TensorView | None:
    """Return the output of an operation that has only one, else None."""
    if operation is None or len(operation.values) != 1:
        return None
    return operation.values[0]


def _without_call(operation: Operation) -> Formula:
    """Return the formula of an operation without a recorded call."""
    if operation.kind not in ("leaf", "data"):
        return Formula(f"{operation.name}(…)")
    view = only_value(operation)
    if view is not None and view.count == 1 and view.data is not None:
        return formula.numbers(format_value(view, 12))
    return Formula(f"[{'×'.join(map(str, view.shape))}]" if view is not None else "?")
