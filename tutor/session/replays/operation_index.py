"""Every operation that a replay reported, by id and as of a step."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from tutor.schema.frame import Inside, Operation


class OperationIndex:
    """Stores the operations of each step; indexes them when one is asked for.

    Ids count up over the whole replay, so a step is found by the first id that was new in it.
    """

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._firsts: list[int] = []
        """For each of those steps the first id that was new in it."""
        self.count = 0
        """The highest id so far."""
        self._reported: dict[int, tuple[Operation, ...]] = {}
        self._by_id: dict[int, dict[int, Operation]] = {}
        """By step, built when one of its operations is asked for."""
        self._repeated: dict[int, list[tuple[int, Operation]]] = {}
        """By id: leaves and data, which many steps report, with those steps."""

    def add(self, step: int, inside: Inside) -> None:
        """Add the operations of a step; steps come in order."""
        operations = inside.operations
        self._reported[step] = operations
        self._steps.append(step)
        self._firsts.append(self.count + 1)
        self.count = max(self.count, max((one.id for one in operations), default=0))
        for one in operations[: inside.forwards]:
            if one.kind in ("leaf", "data"):
                self._repeated.setdefault(one.id, []).append((step, one))

    def forget(self, step: int) -> None:
        """Drop the operations of a step."""
        self._reported.pop(step, None)
        self._by_id.pop(step, None)

    def trim(self, step: int) -> None:
        """Of leaves and data, drop the reports before this step, except the newest."""
        for number, reports in self._repeated.items():
            first = bisect_right(reports, step, key=lambda one: one[0])
            self._repeated[number] = reports[max(0, first - 1) :]

    def step_of(self, number: int) -> int:
        """Return the step in which an operation was first reported, 0 if that is not known."""
        place = bisect_right(self._firsts, number) - 1
        return self._steps[place] if place >= 0 and number <= self.count else 0

    def find(self, number: int, step: int) -> Operation | None:
        """Return the newest report of an operation up to a step."""
        if reports := self._repeated.get(number):
            place = bisect_right(reports, step, key=lambda one: one[0]) - 1
            return reports[max(0, place)][1]
        made = self.step_of(number)
        by_id = self._by_id.get(made)
        if by_id is None:
            # A thread may be the one that asks: it must not see a half-built index.
            by_id = {one.id: one for one in reversed(self._reported.get(made, ()))}
            self._by_id[made] = by_id
        return by_id.get(number)

    def as_of(self, step: int) -> Mapping[int, Operation]:
        """Return a view by id of the newest reports up to a step."""
        return _AsOf(self, step)


class _AsOf(Mapping[int, Operation]):
    def __init__(self, index: OperationIndex, step: int) -> None:
        self._index = index
        self._step = step

    def __getitem__(self, number: int) -> Operation:
        found = self._index.find(number, self._step)
        if found is None:
            raise KeyError(number)
        return found

    def __iter__(self) -> Iterator[int]:
        return (number for number in range(1, len(self) + 1) if number in self)

    def __len__(self) -> int:
        return self._index.count
