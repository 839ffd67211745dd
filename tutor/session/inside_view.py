"""What the panes show of the inside of one statement: its operations and backward passes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tutor.history.timeline import Moment
from tutor.insight.explain import why
from tutor.insight.explain.backward_edges import BackwardEdges
from tutor.insight.explain.explanation import Explanation
from tutor.insight.graph import Graph, build
from tutor.schema.frame import Inside, Operation

_ROWS = ("operation", "library", "unknown")
"""The kinds of operations that get a row; leaves and data are their inputs."""

_LARGE = 1_000
"""Operations above which reading them takes longer than a frame."""


class StepOperations:
    """The operations of one step. What is derived from them is computed once.

    Args:
        inside: What the replay noted; None if there is nothing.
        known: What is known of every operation as of this step, forwards.
        labels: The names that the script gives to what operations made, by their ids.
    """

    def __init__(
        self,
        inside: Inside | None = None,
        known: Mapping[int, Operation] | None = None,
        labels: Mapping[int, str] | None = None,
    ) -> None:
        self.inside = inside
        self.labels = labels or {}
        self._known = known or {}
        self._operations: dict[int, dict[int, Operation]] = {}
        self._graphs: dict[int, Graph] = {}
        self._backward_edges: dict[int, BackwardEdges] = {}
        self.is_ready = False
        """Whether `prepare` has run."""

    @property
    def is_large(self) -> bool:
        """Whether `prepare` should run in a thread."""
        return self.inside is not None and len(self.inside.operations) > _LARGE

    def prepare(self) -> None:
        """Compute what the panes ask for first."""
        for number in {-1, 0, len(self.passes) - 1}:
            self.graph(number)
            self.backward_edges(number)
        _ = self.forwards, self.walked_ids

    @cached_property
    def rows(self) -> tuple[Operation, ...]:
        """The forward operations, then the nodes that backward passes reached, in their order."""
        if self.inside is None:
            return ()
        operations, count = self.inside.operations, self.inside.forwards
        forwards = [one for one in operations[:count] if one.kind in _ROWS]
        return (*forwards, *(one for one in operations[count:] if one.order is not None))

    @cached_property
    def passes(self) -> list[tuple[Operation, ...]]:
        """All nodes of each backward pass, reached or not."""
        if self.inside is None:
            return []
        found, start = [], self.inside.forwards
        for size in self.inside.passes:
            found.append(self.inside.operations[start : start + size])
            start += size
        return found

    @cached_property
    def forwards(self) -> int:
        """How many rows are forward operations."""
        return sum(one.order is None for one in self.rows)

    @cached_property
    def walked_ids(self) -> list[set[int]]:
        """The ids of the nodes of each pass."""
        return [{one.id for one in walk} for walk in self.passes]

    def pass_of(self, order: int) -> int:
        """Return which pass reached the `order`-th node of the statement."""
        reached = 0
        for number, walk in enumerate(self.passes):
            reached += sum(one.order is not None for one in walk)
            if order < reached:
                return number
        return len(self.passes) - 1

    def walked(self, number: int) -> tuple[Operation, ...]:
        """Return the nodes of a pass; none for -1, which stands for no pass."""
        return self.passes[number] if 0 <= number < len(self.passes) else ()

    def operations(self, number: int) -> dict[int, Operation]:
        """Return the operations that this step depends on, by id: its own, those that autograd
        tracked on the way to them, and their input data.

        Args:
            number: The pass whose gradients are among it; -1 for none.
        """
        if number not in self._operations:
            near = {one.id: one for one in (self.inside.operations if self.inside else ())}
            waiting = list(near)
            forwards: dict[int, Operation] = {}
            while waiting:
                id = waiting.pop()
                one = self._known.get(id) or near.get(id)
                if one is not None and id not in forwards:
                    forwards[id] = one
                    if id in near or _is_watched(one):
                        waiting += one.inputs
            self._operations[number] = why.merge(forwards.values(), self.walked(number))
        return self._operations[number]

    def graph(self, number: int) -> Graph:
        """Return the graph of a pass; for -1, of all that led to the statement's operations."""
        if number not in self._graphs:
            self._graphs[number] = build(self.operations(number), self.walked(number))
        return self._graphs[number]

    def backward_edges(self, number: int) -> BackwardEdges:
        """The edges of a pass by what they lead to."""
        if number not in self._backward_edges:
            self._backward_edges[number] = BackwardEdges(self.operations(number))
        return self._backward_edges[number]


@dataclass(frozen=True, eq=False)
class InsideView:
    """The operations of one step, and the one at the cursor.

    Two lenses are never equal, so that a change test costs nothing.
    """

    step: int = 0
    interior: StepOperations = field(default_factory=StepOperations)
    at: int | None = None
    """The row at the cursor; None from outside, where every operation has run."""
    note: str = ""
    """One line: why there is nothing to show, or what is uncertain."""
    moment: Moment | None = None
    """The step as the run recorded it."""

    @property
    def rows(self) -> tuple[Operation, ...]:
        return self.interior.rows

    @property
    def labels(self) -> Mapping[int, str]:
        return self.interior.labels

    @property
    def current(self) -> Operation | None:
        """The operation at the cursor."""
        return self.rows[self.at] if self.at is not None and self.at < len(self.rows) else None

    def given(self, one: Operation) -> list[str]:
        """Return the names that the statement gave to the result of an operation."""
        made = self.interior.inside.made if self.interior.inside else {}
        return [name for name, number in made.items() if number == one.id]

    @property
    def error(self) -> str:
        """What a backward pass raised, "" if none did."""
        return self.interior.inside.error if self.interior.inside else ""

    @property
    def failed(self) -> int:
        """The id of the operation whose node raised it, 0 if none did."""
        return self.interior.inside.failed if self.interior.inside else 0

    @cached_property
    def _pass(self) -> int:
        """The pass at the cursor; from outside the last one; -1 at a forward operation."""
        current = self.current
        if current is None:
            return len(self.interior.passes) - 1
        return -1 if current.order is None else self.interior.pass_of(current.order)

    @property
    def walked(self) -> tuple[Operation, ...]:
        """The nodes of the pass at the cursor; empty at a forward operation."""
        return self.interior.walked(self._pass)

    def is_walked(self, id: int) -> bool:
        """Return True if an operation belongs to the pass at the cursor."""
        ids = self.interior.walked_ids
        return 0 <= self._pass < len(ids) and id in ids[self._pass]

    @property
    def operations(self) -> dict[int, Operation]:
        """The operations that this step depends on, by id."""
        return self.interior.operations(self._pass)

    @property
    def graph(self) -> Graph:
        return self.interior.graph(self._pass)

    def explain_gradient(self, id: int, number: int = 0) -> Explanation:
        """What the gradient with respect to an output of an operation is the sum of."""
        back = self.interior.backward_edges(self._pass)
        return why.explain_gradient(id, self.operations, self.labels, number, back)

    def is_reached(self, one: Operation) -> bool:
        """Return True if the pass has reached this node at the cursor."""
        current = self.current
        if one.order is None:
            return False
        return current is None or (current.order is not None and one.order <= current.order)


def _is_watched(one: Operation) -> bool:
    """Return True if autograd tracks the result of an operation."""
    return any(view is not None and view.requires_grad for view in one.values)
