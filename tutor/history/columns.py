"""The history of all names: a column for each name, and the names that each step changed."""

from array import array
from collections.abc import Collection, Iterator, Mapping

from tutor.history.column import LARGE_COST, Column, Headers, LargeValue
from tutor.schema.frame import TensorView

_CHANGE_COST = 40
"""Bytes that a change takes besides its content, approximately."""


class Columns(dict[str, Column]):
    """The column of every name that ever had a value, in the order of first appearance."""

    def __init__(self) -> None:
        super().__init__()
        self._headers = Headers()
        self._names: list[str] = []
        """The names by their number."""
        self._numbers: dict[str, int] = {}
        self._changes, self._ends = array("I"), array("Q")
        """The numbers of the names that each step changed, and the end of each step's numbers."""

    @property
    def size(self) -> int:
        """Approximate bytes without the content of large values."""
        return _CHANGE_COST * len(self._changes) + sum(column.size for column in self.values())

    def until(self, step: int) -> "Columns":
        """Return a copy of the changes up to `step`, which shares the large values."""
        copy = Columns()
        copy._headers, copy._names, copy._numbers = self._headers, [*self._names], {**self._numbers}
        copy._ends = self._ends[:step]
        copy._changes = self._changes[: copy._ends[-1] if step else 0]
        copy.update((name, column.until(step)) for name, column in self.items())
        return copy

    def append(
        self, changed: Mapping[str, TensorView | None], order: int
    ) -> tuple[int, list[LargeValue]]:
        """Add the changes of the next step.

        Returns:
            The bytes that they take, approximately, and the large values among them.
        """
        step, cost, found = len(self._ends) + 1, _CHANGE_COST * len(changed), []
        for name, view in changed.items():
            if name not in self:
                self._numbers[name] = len(self._names)
                self._names.append(name)
                self[name] = Column(self._headers)
            self._changes.append(self._numbers[name])
            large = self[name].append(step, view, order)
            if large is not None:
                cost += LARGE_COST
                found.append(large)
            elif view is not None and view.data is not None:
                cost += len(view.data)
        self._ends.append(len(self._changes))
        return cost, found

    def reopen(self, names: Collection[str]) -> None:
        """Remove the last step so that it can be appended again, but keep its changes of all names
        except these."""
        changed = self.changed(len(self._ends))
        for name in changed:
            if name in names:
                self[name].pop()
        self._ends.pop()
        del self._changes[self._ends[-1] if self._ends else 0 :]
        self._changes.extend(self._numbers[name] for name in changed if name not in names)

    def changed(self, step: int) -> list[str]:
        """Return the names that `step` changed."""
        start = self._ends[step - 2] if step > 1 else 0
        return [self._names[number] for number in self._changes[start : self._ends[step - 1]]]

    def changes(self, after: int) -> Iterator[dict[str, TensorView | None]]:
        """Yield the changes of each step after the step `after`: each value is read once, and
        nothing is searched."""
        start = self._ends[after - 1] if after else 0
        columns = [*self.values()]
        following = [column.index(after) + 1 for column in columns]
        for end in self._ends[after:]:
            changed = {}
            for number in self._changes[start:end]:
                changed[self._names[number]] = columns[number].view(following[number])
                following[number] += 1
            start = end
            yield changed

    def last_changed(self, step: int) -> list[str]:
        """Return the names that the last step with changes up to `step` changed."""
        end = self._ends[step - 1] if step else 0
        while step > 1 and self._ends[step - 2] == end:
            step -= 1
        return self.changed(step) if step else []
