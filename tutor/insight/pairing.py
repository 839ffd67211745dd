"""Two runs beside each other: matched by the passes of their loops, their values compared."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tutor.history.timeline import Timeline
from tutor.insight.slices import SLICE, advance
from tutor.schema import values
from tutor.schema.frame import TensorView

_AGAIN = 20
"""Passes that are looked at again, at most, in one go."""

RTOL, ATOL = 1e-4, 1e-6
"""Up to this two runs agree that sum up in different orders, or in different precisions."""


@dataclass(frozen=True)
class Pair:
    """One pair of names after the same number of passes."""

    ours: str
    theirs: str
    one: TensorView | None
    other: TensorView | None
    difference: float
    """The largest between two elements; NaN where they cannot be compared."""
    largest: float
    """The largest so far, of those that `follow` has looked at."""
    largest_at: int
    """After how many passes that was."""


class Beside:
    """Matches `ours` with `theirs` pass by pass, and remembers how far they were apart.

    Args:
        pairs: Names of ours and of theirs that should agree.
    """

    def __init__(self, ours: Timeline, theirs: Timeline, pairs: Sequence[tuple[str, str]]) -> None:
        self.ours = ours
        self.theirs = theirs
        self._pairs = pairs
        self._edits = 0
        self._differences: list[list[float]] = [[] for _ in pairs]
        """Of each pair: after one pass, two, and so on; -1 where they could not be compared."""

    @property
    def compared_passes(self) -> int:
        """How many passes were compared so far."""
        return min(map(len, self._differences), default=0)

    def passes(self, step: int) -> int:
        """How many passes both have behind them where we are at `step`."""
        theirs = self.theirs.iterations.count(len(self.theirs))
        return min(self.ours.iterations.count(step), theirs)

    def their_step(self, step: int) -> int:
        """Where they are while we are at `step`: after as many passes."""
        return self.theirs.iterations.end(self.passes(step))

    def compared(self, step: int) -> list[Pair]:
        """The pairs after the passes that lie behind `step`."""
        done = self.passes(step)
        at = self.ours.iterations.end(done) if done else step
        return [self._pair(number, done, at) for number in range(len(self._pairs))]

    def agrees(self, pair: Pair) -> bool:
        """Whether the difference is what rounding makes of it."""
        numbers = _numbers(pair.other)
        finite = np.abs(numbers[np.isfinite(numbers)]) if numbers is not None else np.zeros(0)
        allowed = ATOL + RTOL * float(finite.max(initial=0.0))
        return pair.difference <= allowed

    def _pair(self, number: int, done: int, at: int) -> Pair:
        known = self._differences[number]
        one, other = self._views(number, at, done)
        difference = _difference(one, other)
        worst = max(range(min(done, len(known))), key=known.__getitem__, default=-1)
        largest, largest_at = difference, done
        if worst >= 0 and not known[worst] < difference:
            largest, largest_at = known[worst], worst + 1
        return Pair(*self._pairs[number], one, other, difference, largest, largest_at)

    def advance(self, step: int, seconds: float = SLICE) -> bool:
        """Compare the iterations up to `step` for about `seconds`. Return True if more remain."""
        if (edits := sum(map(len, self.ours.edited.values()))) != self._edits:
            # The values that were compared may have been edited since.
            self._edits = edits
            self._differences = [[] for _ in self._pairs]
        return advance(self._compare_until(self.passes(step)), seconds)

    def _compare_until(self, done: int) -> Iterator[None]:
        for number, known in enumerate(self._differences):
            while len(known) < done:
                known.append(self._compare(number, len(known) + 1))
                yield
            # A replay may have restored values that were missing.
            for place in [place for place, found in enumerate(known[:done]) if found < 0][-_AGAIN:]:
                known[place] = self._compare(number, place + 1)

    def _compare(self, number: int, passes: int) -> float:
        found = _difference(*self._views(number, self.ours.iterations.end(passes), passes))
        # What cannot be compared is not the largest.
        return -1.0 if math.isnan(found) else found

    def _views(
        self, number: int, step: int, passes: int
    ) -> tuple[TensorView | None, TensorView | None]:
        """Ours at a step, theirs after so many passes."""
        ours, theirs = self._pairs[number]
        there = self.theirs.iterations.end(passes)
        return self.ours.view(ours, step), self.theirs.view(theirs, there)


def _difference(one: TensorView | None, other: TensorView | None) -> float:
    """The largest between two elements; of large values, between means of their blocks."""
    a, b = _numbers(one), _numbers(other)
    if a is None or b is None or a.size != b.size or not a.size:
        return math.nan
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        return float(np.where(same, 0.0, np.abs(a - b)).max())


def _numbers(view: TensorView | None) -> "np.ndarray[tuple[int], np.dtype[np.float64]] | None":
    if view is None or not view.is_complete:
        return None
    if view.summary is not None:
        return values.block(view.summary).astype(np.float64).reshape(-1)
    elements = values.array(view)
    return None if elements is None else np.asarray(elements, dtype=np.float64).reshape(-1)
