"""What the panes show of the inside of one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tutor.explain.why import merged
from tutor.frame import Inside, Operation

_ROWS = ("operation", "library", "unknown")
"""The kinds that a statement's own rows are of; leaves and data are what they work on."""


@dataclass(frozen=True, eq=False)
class Lens:
    """The operations of one step, and the one that the learner is at.

    Two lenses are never equal, so that a change test costs nothing.
    """

    step: int = 0
    line: int = 0
    inside: Inside | None = None
    known: Mapping[int, Operation] = field(default_factory=dict)
    """What is known of every operation as of this step, forwards."""
    labels: Mapping[int, str] = field(default_factory=dict)
    """The names that the script gives to what operations made, by their ids."""
    at: int | None = None
    """The row that the learner is at; None from outside, where all has happened."""
    note: str = ""
    """One line: why there is nothing to see, or what cannot be relied on."""
    rows: tuple[Operation, ...] = field(init=False)
    """The operations forwards, then the nodes that backward passes reached, in their order."""

    def __post_init__(self) -> None:
        inside = self.inside
        rows: list[Operation] = []
        if inside is not None:
            forwards = inside.operations[: inside.forwards]
            rows += [one for one in forwards if one.kind in _ROWS]
            rows += [one for one in inside.operations[inside.forwards :] if one.order is not None]
        object.__setattr__(self, "rows", tuple(rows))

    @property
    def current(self) -> Operation | None:
        """The operation that the learner is at."""
        return self.rows[self.at] if self.at is not None and self.at < len(self.rows) else None

    @property
    def failed(self) -> int:
        """The id of the operation whose node raised, 0 if none did."""
        return self.inside.failed if self.inside else 0

    def walked(self) -> tuple[Operation, ...]:
        """The nodes of the backward pass that the learner is in, those that it did not reach too;
        of the last pass from outside. Empty in the midst of the forward operations."""
        inside, current = self.inside, self.current
        if inside is None or (current is not None and current.order is None):
            return ()
        last = current.order if current is not None else None
        passes: list[list[Operation]] = [[]]
        seen: set[int] = set()
        for one in inside.operations[inside.forwards :]:
            if one.id in seen:
                passes.append([])
                seen = set()
            seen.add(one.id)
            passes[-1].append(one)
        for walk in passes:
            if last is not None and any(one.order == last for one in walk):
                return tuple(walk)
        return tuple(passes[-1])

    def is_reached(self, one: Operation) -> bool:
        """Whether the pass has come to this node by now."""
        current = self.current
        if one.order is None:
            return False
        return current is None or (current.order is not None and one.order <= current.order)

    def operations(self) -> dict[int, Operation]:
        """What is known of the operations that this step has to do with: its own, what led to
        them as far as autograd watched, and the data that went in."""
        inside = self.inside
        near = {one.id: one for one in (inside.operations if inside else ())}
        waiting = list(near)
        forwards: dict[int, Operation] = {}
        while waiting:
            number = waiting.pop()
            one = self.known.get(number) or near.get(number)
            if one is not None and number not in forwards:
                forwards[number] = one
                if number in near or _is_watched(one):
                    waiting += one.inputs
        return merged(forwards.values(), self.walked())


def _is_watched(one: Operation) -> bool:
    """Whether autograd follows what an operation made."""
    return any(view is not None and view.requires_grad for view in one.values)
