"""The history of all names: a column for each, and which of them every step changed."""

from array import array
from collections.abc import Collection, Mapping

from tutor.history.column import KEPT, Column, Forms, Kept
from tutor.schema.frame import TensorView

_CHANGE = 40
"""Bytes that a change takes beside the content, about."""


class Columns(dict[str, Column]):
    """By name: of all that ever had a value, in the order in which they appeared."""

    def __init__(self) -> None:
        super().__init__()
        self._forms = Forms()
        self._names: list[str] = []
        """By their numbers."""
        self._numbers: dict[str, int] = {}
        self._changes, self._ends = array("I"), array("Q")
        """The numbers of the names that a step changed, and where each step's end."""

    @property
    def size(self) -> int:
        """Bytes, about, without the content of large values."""
        return _CHANGE * len(self._changes) + sum(column.size for column in self.values())

    def until(self, step: int) -> "Columns":
        """A copy up to `step`; large values are shared."""
        copy = Columns()
        copy._forms, copy._names, copy._numbers = self._forms, [*self._names], {**self._numbers}
        copy._ends = self._ends[:step]
        copy._changes = self._changes[: copy._ends[-1] if step else 0]
        copy.update((name, column.until(step)) for name, column in self.items())
        return copy

    def append(
        self, changed: Mapping[str, TensorView | None], order: int
    ) -> tuple[int, list[Kept]]:
        """Add what the next step changed.

        Returns:
            The bytes that it takes, about, and what a budget may thin besides.
        """
        step, cost, large = len(self._ends) + 1, _CHANGE * len(changed), []
        for name, view in changed.items():
            if name not in self:
                self._numbers[name] = len(self._names)
                self._names.append(name)
                self[name] = Column(self._forms)
            self._changes.append(self._numbers[name])
            kept = self[name].append(step, view, order)
            if kept is not None:
                cost += KEPT
                large.append(kept)
            elif view is not None and view.data is not None:
                cost += len(view.data)
        self._ends.append(len(self._changes))
        return cost, large

    def reopen(self, names: Collection[str]) -> None:
        """Take back that the last step changed these names, if it did, so that it can be added
        again: the rest of what it changed stays."""
        changed = self.changed(len(self._ends))
        for name in changed:
            if name in names:
                self[name].pop()
        self._ends.pop()
        del self._changes[self._ends[-1] if self._ends else 0 :]
        self._changes.extend(self._numbers[name] for name in changed if name not in names)

    def changed(self, step: int) -> list[str]:
        """The names that `step` changed."""
        start = self._ends[step - 2] if step > 1 else 0
        return [self._names[number] for number in self._changes[start : self._ends[step - 1]]]

    def last_changed(self, step: int) -> list[str]:
        """The names that the last step up to `step` changed that changed any."""
        end = self._ends[step - 1] if step else 0
        while step > 1 and self._ends[step - 2] == end:
            step -= 1
        return self.changed(step) if step else []
