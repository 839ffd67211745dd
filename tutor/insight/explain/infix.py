"""How a value was made, as one line of mathematics: `mean((w·x + b − y)²)`."""

from collections.abc import Mapping

from tutor.insight.calculus import formula
from tutor.insight.calculus.calls import parse
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.notation import indexed, written
from tutor.insight.explain.wording import listed, numbers
from tutor.schema import values
from tutor.schema.frame import Operation, TensorView

Operations = Mapping[int, Operation]
"""By their ids."""

Labels = Mapping[int, str]
"""The names that the script gives to what operations made, by their ids."""

DEEPEST = 24
"""At most so many operations stand inside each other in a text: nobody reads more."""

ELIDED = Formula("…")
"""Stands for what would be too much."""


class Writer:
    """Writes how values were made, down to those that have a name.

    Args:
        operations: What is known of the run.
        labels: The names.
        limit: Texts that get longer than this are given up.
        with_numbers: Write values where names would stand.
    """

    def __init__(
        self, operations: Operations, labels: Labels, limit: int, with_numbers: bool = False
    ) -> None:
        self._operations = operations
        self._labels = labels
        self._limit = limit
        self._with_numbers = with_numbers
        self._known: dict[tuple[int, int], Formula | None] = {}

    def operand(self, id: int, depth: int = DEEPEST, number: int | None = 0) -> Formula | None:
        """What a formula calls a value: its name, or how it was made; None if it is too long.

        Args:
            depth: How many operations may stand inside each other; `…` stands for the others.
            number: Which output of the operation, if it has several; None: that is not known.
        """
        found = self._operations.get(id)
        name = name_of(id, self._operations, self._labels)
        if self._with_numbers and (name or found is None or not found.call):
            return self._listed(found, number)
        if name:
            return Formula(name)
        if depth <= 0 and found is not None and found.call:
            return ELIDED
        made = self.made(id, depth)
        if made is None or found is None or len(found.values) < 2:
            return made
        return indexed(made, ... if number is None else number)

    def _listed(self, operation: Operation | None, number: int | None) -> Formula | None:
        if operation is None or number is None or number >= len(operation.values):
            return None
        view = operation.values[number]
        found = None if view is None else values.array(view)
        text = None if found is None else listed(found, self._limit)
        return None if text is None else formula.numbers(text)

    def made(self, id: int, depth: int = DEEPEST) -> Formula | None:
        """How the value was made, even if it has a name itself; None if that is too long."""
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
            return _unwritten(found)
        inputs = []
        for one, number in zip(found.inputs, outputs(found, self._operations), strict=True):
            inputs.append(self.operand(one, depth, number))
            if inputs[-1] is None:
                return None
        try:
            return written(call.filled(lambda one: inputs[one.index]))
        except IndexError:
            return _unwritten(found)


def expression(id: int, operations: Operations, labels: Labels, limit: int = 60) -> str:
    """How a value was made: `mean((w·x + b − y)²)`, going down to values that have a name.

    What would be longer than `limit` characters is told with `…` for what lies deepest, and in the
    last resort cut.
    """
    if (found := _fitting(id, operations, labels, limit)) is not None:
        return found.text
    # Even the operation by itself is too long, but it has no more text than its own inputs.
    whole = Writer(operations, labels, 10**6).made(id, 1) or ELIDED
    return whole.text[: limit - 1] + "…"


def naming(
    id: int, operations: Operations, labels: Labels, number: int | None = None, limit: int = 24
) -> Formula:
    """The name of a value, or how it was made; `linear(…)` if that is too long.

    Args:
        number: Which output of the operation, if it is one of several; None: all of them.
    """
    found = operations.get(id)
    if found is None:
        return Formula("?")
    if found.kind == "part":
        return Formula(found.name)
    if name := name_of(id, operations, labels):
        return Formula(name)
    made = _fitting(id, operations, labels, limit) or Formula(f"{found.name}(…)")
    return indexed(made, number) if number is not None and len(found.values) > 1 else made


def grouped(text: str) -> str:
    """In parentheses, unless it is a name: `∂loss/∂(w·x)`."""
    return text if text.replace(".", "").replace("_", "").isalnum() else f"({text})"


def label(id: int, operations: Operations, labels: Labels, number: int | None = None) -> str:
    """`naming` as text."""
    return naming(id, operations, labels, number).text


def _fitting(id: int, operations: Operations, labels: Labels, limit: int) -> Formula | None:
    """The most that fits into `limit` characters."""
    writer = Writer(operations, labels, limit)
    for depth in range(DEEPEST, 0, -1):
        if (found := writer.made(id, depth)) is not None:
            return found
    return None


def name_of(id: int, operations: Operations, labels: Labels) -> str:
    """A value's name in the script; "" if it has none, or if it is one of several outputs, for
    which labels do not tell whose name it is."""
    found = operations.get(id)
    if found is not None and len(found.values) > 1:
        return ""
    own = found.name if found is not None and found.kind in ("leaf", "data") else ""
    return labels.get(id) or own


def outputs(operation: Operation, operations: Operations) -> list[int | None]:
    """For each input, which output of its maker it was; None where that is not known.

    Only the edges of a backward pass tell outputs apart.
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
    """The output of an operation that has one; of several, which one is meant is not known here."""
    if operation is None or len(operation.values) != 1:
        return None
    return operation.values[0]


def _unwritten(operation: Operation) -> Formula:
    """Of what has no call."""
    if operation.kind not in ("leaf", "data"):
        return Formula(f"{operation.name}(…)")
    view = only_value(operation)
    if view is not None and view.count == 1 and view.data is not None:
        return formula.numbers(numbers(view, 12))
    return Formula(f"[{'×'.join(map(str, view.shape))}]" if view is not None else "?")
