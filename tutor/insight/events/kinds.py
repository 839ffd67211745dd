"""The kinds of events, an event, and a list of many."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, overload

import numpy as np

from tutor.history.series import Array


class Kind(Enum):
    """The most severe first."""

    EXCEPTION = "error"
    NONFINITE = "not finite"
    EXPLODED = "exploded"
    VANISHED = "vanished"
    ACCUMULATED = "accumulated"
    ROSE = "loss rose"
    PRINTED = "printed"


ALL = tuple(Kind)


class RunEvent(NamedTuple):
    """A step has at most one event of a kind, however many values have it."""

    step: int
    kind: Kind


class EventList(Sequence[RunEvent]):
    """Events of some kinds by step, those of a step by severity."""

    def __init__(self, steps: dict[Kind, Array]) -> None:
        places = [np.full(at.size, place, "u1") for place, at in enumerate(steps.values())]
        together = np.concatenate([*steps.values(), np.zeros(0, "u4")])
        kinds = np.concatenate([*places, np.zeros(0, "u1")])
        order = np.lexsort((kinds, together))
        self._kinds = list(steps)
        self._steps, self._places = together[order], kinds[order]

    def __len__(self) -> int:
        return int(self._steps.size)

    @overload
    def __getitem__(self, at: int) -> RunEvent: ...
    @overload
    def __getitem__(self, at: slice) -> list[RunEvent]: ...
    def __getitem__(self, at: int | slice) -> RunEvent | list[RunEvent]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return RunEvent(int(self._steps[at]), self._kinds[self._places[at]])

    def near(self, step: int) -> int:
        """Return the index of the last event up to a step; 0 if there is none."""
        return max(0, int(np.searchsorted(self._steps, step, "right")) - 1)
