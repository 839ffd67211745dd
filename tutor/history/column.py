"""The packed history of one name: a few bytes for each change."""

from array import array
from bisect import bisect_right

import msgspec

from tutor.schema.frame import TensorView

SMALL = 1024
"""The most bytes of content that is packed and never dropped. A larger value may be thinned."""

LARGE_COST = 300
"""Bytes that a large value takes besides its content, approximately."""

_GONE = 0
"""The header number of a change after which the name has no value."""


class LargeValue:
    """A value that is too large to be packed, shared by a run and its branches."""

    __slots__ = ("__weakref__", "order", "view")

    def __init__(self, order: int, view: TensorView) -> None:
        self.order = order
        """The number of the iteration, or of the step outside of loops: see `budget.Budget`."""
        self.view = view

    def thin(self) -> None:
        """Drop the content. A replay can restore it."""
        self.view = msgspec.structs.replace(self.view, data=None, summary=None)


class Headers:
    """The distinct headers of views: everything in a view except its content."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._headers: list[TensorView] = []

    def number(self, view: TensorView) -> int:
        """Return the number of a view's header, from 1. Add the header if it is new."""
        key = (view.kind, view.shape, view.dtype, view.device, view.requires_grad, view.stored)
        found = self._numbers.get(key)
        if found is None:
            self._headers.append(msgspec.structs.replace(view, data=None, summary=None))
            found = self._numbers[key] = len(self._headers)
        return found

    def __getitem__(self, number: int) -> TensorView:
        return self._headers[number - 1]


class Column:
    """The steps at which one name changed, and its value after each change.

    Args:
        headers: Shared by all columns of a timeline.
    """

    __slots__ = ("_data", "_ends", "_headers", "_large", "_numbers", "steps")

    def __init__(self, headers: Headers) -> None:
        self.steps = array("I")
        self._headers = headers
        self._numbers = array("I")
        """The number of each change's header; `_GONE` if the name has no value."""
        self._ends = array("Q")
        """The end of each change's content in `_data`."""
        self._data = bytearray()
        self._large: dict[int, LargeValue] = {}
        """Index of a change -> its value, if it is too large to be packed."""

    def __len__(self) -> int:
        return len(self.steps)

    def append(self, step: int, view: TensorView | None, order: int) -> LargeValue | None:
        """Record that the name changed to `view` at `step`, which is later than all others.

        Returns:
            The value if it is large, so that a budget can thin it; else None.
        """
        large = None
        if view is None:
            self._numbers.append(_GONE)
        else:
            self._numbers.append(self._headers.number(view))
            if view.data is not None and view.summary is None and len(view.data) <= SMALL:
                self._data += view.data
            else:
                large = self._large[len(self.steps)] = LargeValue(order, view)
        self.steps.append(step)
        self._ends.append(len(self._data))
        return large

    def pop(self) -> None:
        """Remove the last change."""
        self.steps.pop()
        self._numbers.pop()
        self._ends.pop()
        self._large.pop(len(self.steps), None)
        del self._data[self._ends[-1] if self._ends else 0 :]

    @property
    def size(self) -> int:
        """Bytes of the packed content, and of large values without their content."""
        return len(self._data) + LARGE_COST * len(self._large)

    def index(self, step: int) -> int:
        """Return the index of the last change up to `step`, -1 if there is none."""
        return bisect_right(self.steps, step) - 1

    def view(self, index: int) -> TensorView | None:
        """Return the value after a change; None for index -1, and if the name has no value."""
        number = self._numbers[index] if index >= 0 else _GONE
        if number == _GONE:
            return None
        if (large := self._large.get(index)) is not None:
            return large.view
        header = self._headers[number]
        start = self._ends[index - 1] if index else 0
        return TensorView(
            header.kind,
            header.shape,
            header.dtype,
            header.device,
            header.requires_grad,
            header.stored,
            bytes(self._data[start : self._ends[index]]),
        )

    def is_there(self, index: int) -> bool:
        """Return True if the name has a value after a change."""
        return index >= 0 and self._numbers[index] != _GONE

    def requires_grad(self, index: int) -> bool:
        """Return True if the value after a change requires a gradient."""
        return self.is_there(index) and self._headers[self._numbers[index]].requires_grad

    def large(self, index: int) -> LargeValue | None:
        """Return the large value of a change; None if it is packed or gone."""
        return self._large.get(index)

    def until(self, step: int) -> "Column":
        """Return a copy of the changes up to `step`, which shares the large values."""
        end = self.index(step) + 1
        copy = Column(self._headers)
        copy.steps = self.steps[:end]
        copy._numbers = self._numbers[:end]
        copy._ends = self._ends[:end]
        copy._data = self._data[: self._ends[end - 1] if end else 0]
        copy._large = {index: large for index, large in self._large.items() if index < end}
        return copy
