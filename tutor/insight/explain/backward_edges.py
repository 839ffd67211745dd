"""Where a gradient came from: the edges of a backward pass, taken from their far end."""

from collections.abc import Iterator
from dataclasses import dataclass

from tutor.insight.explain.infix import Operations
from tutor.schema.frame import Edge, Operation, TensorView

_PARTS = 50
"""At most so many nodes lie between an operation and its input."""


@dataclass(frozen=True, eq=False)
class Passage:
    """A way on which something came back to a value, from an operation that used it."""

    owner: Operation
    """The operation; or, if that cannot be told, the node that passed it on."""
    to: int
    """The id of the operation that made the value."""
    number: int
    """Which output of it."""
    place: int | None
    """Which input of the owner the value was; None if that cannot be told."""
    numbers: dict[int, int]
    """Place of an input of the owner -> which output of its maker it was, as far as edges tell."""
    via: tuple[str, ...]
    """Names of the nodes between the owner and the value."""
    contributions: tuple[TensorView, ...]
    """What came; several, where torch split the operation into nodes that each passed on a part."""


@dataclass(frozen=True, eq=False)
class _End:
    """An edge that leaves an operation, through the nodes inside it."""

    edge: Edge
    via: tuple[str, ...]


class Backtrack:
    """The edges of a backward pass by what they lead to.

    Args:
        operations: What is known of one backward pass.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._users: dict[int, list[Operation]] = {}
        for one in operations.values():
            for to in dict.fromkeys(edge.to for edge in one.edges):
                self._users.setdefault(to, []).append(one)

    def root(self, id: int) -> int:
        """What the pass began at, as seen from a value; the value itself if nothing used it."""
        seen = {id}
        while True:
            above = [one for one in self._users.get(id, ()) if one.order is not None]
            if not above:
                return id
            id = min(above, key=lambda one: one.order or 0).id
            if id in seen:
                return id
            seen.add(id)

    def passages(self, id: int, number: int) -> Iterator[Passage]:
        """All ways on which something came back to an output of `id`."""
        target = self._operations.get(id)
        if target is not None and target.kind == "part":
            yield from self._into_part(id, number)
            return
        owners: dict[int, Operation] = {}
        for user in self._users.get(id, ()):
            owner = self._owner(user, id)
            owners[owner.id] = owner
        for owner in owners.values():
            yield from self._from(owner, id, number)

    def _into_part(self, id: int, number: int) -> Iterator[Passage]:
        """What came to a node inside an operation came from that operation's own node."""
        for user in self._users.get(id, ()):
            for edge in user.edges:
                if (edge.to, edge.number) == (id, number) and edge.contribution is not None:
                    yield Passage(user, id, number, None, {}, (), (edge.contribution,))

    def _owner(self, user: Operation, id: int) -> Operation:
        """The operation that a node is part of, if it has the value as an input; else the node."""
        above = user
        for _ in range(_PARTS):
            if above.kind != "part":
                return above if id in above.inputs else user
            users = self._users.get(above.id, ())
            if len(users) != 1:
                break
            above = users[0]
        return user

    def _from(self, owner: Operation, id: int, number: int) -> Iterator[Passage]:
        ends = list(self._ends(owner))
        places: dict[int, list[int]] = {}
        for index, one in enumerate(owner.inputs):
            places.setdefault(one, []).append(index)
        numbers: dict[int, int] = {}
        for one, own in places.items():
            there = [end.edge.number for end in ends if end.edge.to == one]
            if len(there) == len(own):
                numbers.update(zip(own, there, strict=True))
            elif len(own) == 1 and len(set(there)) == 1:
                numbers[own[0]] = there[0]
        mine = [end for end in ends if end.edge.to == id]
        here = places.get(id, []) if owner.call else []
        if len(here) == len(mine):
            for place, end in zip(here, mine, strict=True):
                if end.edge.number == number and end.edge.contribution is not None:
                    yield Passage(owner, id, number, place, numbers, end.via,
                                  (end.edge.contribution,))  # fmt: skip
            return
        came = [end for end in mine if end.edge.number == number]
        contributions = tuple(
            end.edge.contribution for end in came if end.edge.contribution is not None
        )
        if contributions:
            only = here[0] if len(here) == 1 else None
            via = tuple(dict.fromkeys(name for end in came for name in end.via))
            yield Passage(owner, id, number, only, numbers, via, contributions)

    def _ends(self, owner: Operation) -> Iterator[_End]:
        """The edges that leave an operation, in the order of its node's, depth first."""
        waiting = [_End(edge, ()) for edge in reversed(owner.edges)]
        inputs = set(owner.inputs)
        for _ in range(10 * _PARTS):
            if not waiting:
                return
            end = waiting.pop()
            inside = self._operations.get(end.edge.to)
            is_inside = inside is not None and inside.kind == "part" and inside.id not in inputs
            if inside is not None and is_inside and len(end.via) < _PARTS:
                via = (*end.via, inside.name)
                waiting += [_End(edge, via) for edge in reversed(inside.edges)]
            else:
                yield end
