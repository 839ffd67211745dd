"""What the panes show of the inside of one statement."""

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
"""The kinds that a statement's own rows are of; leaves and data are what they work on."""

_LARGE = 1_000
"""From so many operations on, reading them takes longer than a frame."""


class Interior:
    """The operations of one step, read once however often they are looked at.

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
        """Whether a large one has been read."""

    @property
    def is_large(self) -> bool:
        """Whether it is better read in a thread."""
        return self.inside is not None and len(self.inside.operations) > _LARGE

    def prepare(self) -> None:
        """Read everything that the panes will ask for first."""
        for number in {-1, 0, len(self.passes) - 1}:
            self.graph(number)
            self.backward_edges(number)
        _ = self.forwards, self.walked_ids

    @cached_property
    def rows(self) -> tuple[Operation, ...]:
        """The operations forwards, then the nodes that backward passes reached, in their order."""
        if self.inside is None:
            return ()
        told, count = self.inside.operations, self.inside.forwards
        forwards = [one for one in told[:count] if one.kind in _ROWS]
        return (*forwards, *(one for one in told[count:] if one.order is not None))

    @cached_property
    def passes(self) -> list[tuple[Operation, ...]]:
        """The nodes of each backward pass, those that it did not reach too."""
        if self.inside is None:
            return []
        found, start = [], self.inside.forwards
        for size in self.inside.passes:
            found.append(self.inside.operations[start : start + size])
            start += size
        return found

    @cached_property
    def forwards(self) -> int:
        """How many of the rows went forwards."""
        return sum(one.order is None for one in self.rows)

    @cached_property
    def walked_ids(self) -> list[set[int]]:
        """The ids of the nodes of each pass."""
        return [{one.id for one in walk} for walk in self.passes]

    def pass_of(self, order: int) -> int:
        """Which pass reached a node as the `order`-th of the statement."""
        reached = 0
        for number, walk in enumerate(self.passes):
            reached += sum(one.order is not None for one in walk)
            if order < reached:
                return number
        return len(self.passes) - 1

    def walked(self, number: int) -> tuple[Operation, ...]:
        """The nodes of a pass; none for -1, which is before any."""
        return self.passes[number] if 0 <= number < len(self.passes) else ()

    def operations(self, number: int) -> dict[int, Operation]:
        """What is known of the operations that this step has to do with: its own, what led to
        them as far as autograd watched, and the data that went in.

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
        """The graph of a pass, or of all that led to the statement's operations for -1."""
        if number not in self._graphs:
            self._graphs[number] = build(self.operations(number), self.walked(number))
        return self._graphs[number]

    def backward_edges(self, number: int) -> BackwardEdges:
        """The edges of a pass by what they lead to."""
        if number not in self._backward_edges:
            self._backward_edges[number] = BackwardEdges(self.operations(number))
        return self._backward_edges[number]


@dataclass(frozen=True, eq=False)
class Lens:
    """A look at the operations of one step, and at the one that the learner is at.

    Two lenses are never equal, so that a change test costs nothing.
    """

    step: int = 0
    interior: Interior = field(default_factory=Interior)
    at: int | None = None
    """The row that the learner is at; None from outside, where all has happened."""
    note: str = ""
    """One line: why there is nothing to see, or what cannot be relied on."""
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
        """The operation that the learner is at."""
        return self.rows[self.at] if self.at is not None and self.at < len(self.rows) else None

    def given(self, one: Operation) -> list[str]:
        """The names that the statement gave to what an operation made or edited."""
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
        """The pass that the learner is in, the last one from outside; -1 while it goes forwards."""
        current = self.current
        if current is None:
            return len(self.interior.passes) - 1
        return -1 if current.order is None else self.interior.pass_of(current.order)

    @property
    def walked(self) -> tuple[Operation, ...]:
        """The nodes of the pass that the learner is in; empty while the statement goes forwards."""
        return self.interior.walked(self._pass)

    def is_walked(self, id: int) -> bool:
        """Whether an operation belongs to the pass that the learner is in."""
        ids = self.interior.walked_ids
        return 0 <= self._pass < len(ids) and id in ids[self._pass]

    @property
    def operations(self) -> dict[int, Operation]:
        """What is known of the operations that this step has to do with, by id."""
        return self.interior.operations(self._pass)

    @property
    def graph(self) -> Graph:
        return self.interior.graph(self._pass)

    def explain_gradient(self, id: int, number: int = 0) -> Explanation:
        """What the gradient with respect to an output of an operation is the sum of."""
        back = self.interior.backward_edges(self._pass)
        return why.explain_gradient(id, self.operations, self.labels, number, back)

    def is_reached(self, one: Operation) -> bool:
        """Whether the pass has come to this node by now."""
        current = self.current
        if one.order is None:
            return False
        return current is None or (current.order is not None and one.order <= current.order)


def _is_watched(one: Operation) -> bool:
    """Whether autograd follows what an operation made."""
    return any(view is not None and view.requires_grad for view in one.values)
