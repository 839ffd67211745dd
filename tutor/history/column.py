"""The history of one name, packed: a few bytes a change, however many there are."""

from array import array
from bisect import bisect_right

import msgspec

from tutor.schema.frame import TensorView

SMALL = 1024
"""Content of up to so many bytes is packed and always stays; more may be thinned."""

KEPT = 300
"""Bytes that a large value takes beside its content, about."""

_GONE = 0
"""As a form: the name has no value any more."""


class Kept:
    """A large value, shared by all the runs in whose past it lies. Its content may be thinned."""

    __slots__ = ("__weakref__", "order", "view")

    def __init__(self, order: int, view: TensorView) -> None:
        self.order = order
        """Which of the evenly spaced moments it belongs to: see `budget.Budget`."""
        self.view = view

    def thin(self) -> None:
        """Drop the content; a replay can bring it back."""
        self.view = msgspec.structs.replace(self.view, data=None, summary=None)


class Forms:
    """All that values have in common with others but for their content, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._forms: list[TensorView] = []

    def number(self, view: TensorView) -> int:
        """The number of a view's form, from 1."""
        key = (view.kind, view.shape, view.dtype, view.device, view.requires_grad, view.stored)
        found = self._numbers.get(key)
        if found is None:
            self._forms.append(msgspec.structs.replace(view, data=None, summary=None))
            found = self._numbers[key] = len(self._forms)
        return found

    def __getitem__(self, number: int) -> TensorView:
        return self._forms[number - 1]


class Column:
    """The steps at which one name changed, and what it became.

    Args:
        forms: Shared by all columns of a timeline.
    """

    __slots__ = ("_data", "_ends", "_forms", "_kept", "_numbers", "steps")

    def __init__(self, forms: Forms) -> None:
        self.steps = array("I")
        self._forms = forms
        self._numbers = array("I")
        self._ends = array("Q")
        """Where the content of each change ends in `_data`."""
        self._data = bytearray()
        self._kept: dict[int, Kept] = {}
        """By index: what is too large to be packed."""

    def __len__(self) -> int:
        return len(self.steps)

    def append(self, step: int, view: TensorView | None, order: int) -> Kept | None:
        """The name became `view` at `step`, which lies after all others.

        Returns:
            What a budget may thin, if it is so large.
        """
        kept = None
        if view is None:
            self._numbers.append(_GONE)
        else:
            self._numbers.append(self._forms.number(view))
            if view.data is not None and view.summary is None and len(view.data) <= SMALL:
                self._data += view.data
            else:
                kept = self._kept[len(self.steps)] = Kept(order, view)
        self.steps.append(step)
        self._ends.append(len(self._data))
        return kept

    def pop(self) -> None:
        """Take the last change back."""
        self.steps.pop()
        self._numbers.pop()
        self._ends.pop()
        self._kept.pop(len(self.steps), None)
        del self._data[self._ends[-1] if self._ends else 0 :]

    @property
    def size(self) -> int:
        """Bytes of packed content, and of what stands for large values."""
        return len(self._data) + KEPT * len(self._kept)

    def index(self, step: int) -> int:
        """The last change up to `step`, -1 if there is none."""
        return bisect_right(self.steps, step) - 1

    def view(self, index: int) -> TensorView | None:
        """What the name became at a change; None before the first, and where it is gone."""
        number = self._numbers[index] if index >= 0 else _GONE
        if number == _GONE:
            return None
        if (kept := self._kept.get(index)) is not None:
            return kept.view
        form = self._forms[number]
        start = self._ends[index - 1] if index else 0
        return TensorView(
            form.kind,
            form.shape,
            form.dtype,
            form.device,
            form.requires_grad,
            form.stored,
            bytes(self._data[start : self._ends[index]]),
        )

    def is_there(self, index: int) -> bool:
        """Whether the name has a value after a change."""
        return index >= 0 and self._numbers[index] != _GONE

    def requires_grad(self, index: int) -> bool:
        """Whether what the name became wants a gradient."""
        return self.is_there(index) and self._forms[self._numbers[index]].requires_grad

    def kept(self, index: int) -> Kept | None:
        """The large value of a change; None for one that is packed, or gone."""
        return self._kept.get(index)

    def until(self, step: int) -> "Column":
        """A copy up to `step`; large values are shared."""
        end = self.index(step) + 1
        copy = Column(self._forms)
        copy.steps = self.steps[:end]
        copy._numbers = self._numbers[:end]
        copy._ends = self._ends[:end]
        copy._data = self._data[: self._ends[end - 1] if end else 0]
        copy._kept = {index: kept for index, kept in self._kept.items() if index < end}
        return copy
