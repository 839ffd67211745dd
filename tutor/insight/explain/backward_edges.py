"""Find where a gradient came from: the edges of a backward pass by what they lead to."""

from collections.abc import Iterator
from dataclasses import dataclass

from tutor.insight.explain.infix import Operations
from tutor.schema.frame import Edge, Operation, TensorView

_MAX_PARTS = 50
"""Most nodes between an operation and its input."""


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """What flowed back to a value from one operation that used it."""

    owner: Operation
    """The operation that used the value; the node that passed the gradient on, if the operation is
    not known."""
    to: int
    """The id of the operation that computed the value."""
    number: int
    """Which output of that operation the value is."""
    place: int | None
    """Which input of the owner the value is; None if that is not known."""
    numbers: dict[int, int]
    """Index of an input of the owner -> which output of its operation it is, where edges say so."""
    via: tuple[str, ...]
    """Names of the nodes between the owner and the value."""
    contributions: tuple[TensorView, ...]
    """One, or several if torch split the operation into nodes that each passed on one."""


@dataclass(frozen=True, eq=False)
class _End:
    """An edge that leaves an operation, after the nodes inside it."""

    edge: Edge
    via: tuple[str, ...]


class BackwardEdges:
    """The edges of one backward pass by what they lead to.

    Args:
        operations: From `why.merge`.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._users: dict[int, list[Operation]] = {}
        for one in operations.values():
            for to in dict.fromkeys(edge.to for edge in one.edges):
                self._users.setdefault(to, []).append(one)

    def root(self, id: int) -> int:
        """Return the id that the pass began at, following the edges back from a value."""
        seen = {id}
        while True:
            above = [one for one in self._users.get(id, ()) if one.order is not None]
            if not above:
                return id
            id = min(above, key=lambda one: one.order or 0).id
            if id in seen:
                return id
            seen.add(id)

    def flows(self, id: int, number: int) -> Iterator[GradientFlow]:
        """Yield what flowed back to an output of the operation `id`, for each use of it."""
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

    def _into_part(self, id: int, number: int) -> Iterator[GradientFlow]:
        """Yield what flowed into a node inside an operation, edge by edge."""
        for user in self._users.get(id, ()):
            for edge in user.edges:
                if (edge.to, edge.number) == (id, number) and edge.contribution is not None:
                    yield GradientFlow(user, id, number, None, {}, (), (edge.contribution,))

    def _owner(self, user: Operation, id: int) -> Operation:
        """Return the operation that a node is part of if the value is its input, else the node."""
        above = user
        for _ in range(_MAX_PARTS):
            if above.kind != "part":
                return above if id in above.inputs else user
            users = self._users.get(above.id, ())
            if len(users) != 1:
                break
            above = users[0]
        return user

    def _from(self, owner: Operation, id: int, number: int) -> Iterator[GradientFlow]:
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
        places_of_value = places.get(id, []) if owner.call else []
        if len(places_of_value) == len(mine):
            for place, end in zip(places_of_value, mine, strict=True):
                if end.edge.number == number and end.edge.contribution is not None:
                    passed = (end.edge.contribution,)
                    yield GradientFlow(owner, id, number, place, numbers, end.via, passed)
            return
        arrived = [end for end in mine if end.edge.number == number]
        contributions = tuple(
            end.edge.contribution for end in arrived if end.edge.contribution is not None
        )
        if contributions:
            only = places_of_value[0] if len(places_of_value) == 1 else None
            via = tuple(dict.fromkeys(name for end in arrived for name in end.via))
            yield GradientFlow(owner, id, number, only, numbers, via, contributions)

    def _ends(self, owner: Operation) -> Iterator[_End]:
        """Yield the edges that leave an operation, depth first, in the nodes' order."""
        waiting = [_End(edge, ()) for edge in reversed(owner.edges)]
        inputs = set(owner.inputs)
        for _ in range(10 * _MAX_PARTS):
            if not waiting:
                return
            end = waiting.pop()
            inside = self._operations.get(end.edge.to)
            is_inside = inside is not None and inside.kind == "part" and inside.id not in inputs
            if inside is not None and is_inside and len(end.via) < _MAX_PARTS:
                via = (*end.via, inside.name)
                waiting += [_End(edge, via) for edge in reversed(inside.edges)]
            else:
                yield end
