"""Align two runs by loop iteration and compare their values."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tutor.history.timeline import Timeline
from tutor.insight.time_slices import SLICE, advance
from tutor.schema import values
from tutor.schema.frame import TensorView

_RETRIES = 20
"""Most iterations that are compared again in one slice."""

RTOL, ATOL = 1e-4, 1e-6
"""Tolerance for sums in another order or in another precision."""


@dataclass(frozen=True)
class ComparedPair:
    """The values of one pair of names after the same number of iterations."""

    ours: str
    theirs: str
    one: TensorView | None
    other: TensorView | None
    difference: float
    """The largest difference of two elements; NaN if they cannot be compared."""
    largest: float
    """The largest difference of all iterations that `advance` has compared."""
    largest_at: int
    """After how many iterations that was."""


class TwinComparison:
    """Compares two timelines iteration by iteration and keeps the differences.

    Args:
        pairs: (name in `ours`, name in `theirs`) of values that should agree.
    """

    def __init__(self, ours: Timeline, theirs: Timeline, pairs: Sequence[tuple[str, str]]) -> None:
        self.ours = ours
        self.theirs = theirs
        self._pairs = pairs
        self._edits = 0
        self._differences: list[list[float]] = [[] for _ in pairs]
        """Of each pair: the difference after 1 iteration, 2, …; -1 where it is not known."""

    @property
    def compared_iterations(self) -> int:
        """How many iterations were compared so far."""
        return min(map(len, self._differences), default=0)

    def iterations(self, step: int) -> int:
        """Return how many iterations both runs have completed when ours is at `step`."""
        theirs = self.theirs.iterations.count(len(self.theirs))
        return min(self.ours.iterations.count(step), theirs)

    def their_step(self, step: int) -> int:
        """Return the step of `theirs` that corresponds to `step` of `ours`."""
        return self.theirs.iterations.end(self.iterations(step))

    def compared(self, step: int) -> list[ComparedPair]:
        """Return the pairs after the iterations that `step` has completed."""
        done = self.iterations(step)
        at = self.ours.iterations.end(done) if done else step
        return [self._pair(number, done, at) for number in range(len(self._pairs))]

    def agrees(self, pair: ComparedPair) -> bool:
        """Return True if the difference is within the tolerance."""
        numbers = _numbers(pair.other)
        finite = np.abs(numbers[np.isfinite(numbers)]) if numbers is not None else np.zeros(0)
        allowed = ATOL + RTOL * float(finite.max(initial=0.0))
        return pair.difference <= allowed

    def _pair(self, number: int, done: int, at: int) -> ComparedPair:
        known = self._differences[number]
        one, other = self._views(number, at, done)
        difference = _difference(one, other)
        worst = max(range(min(done, len(known))), key=known.__getitem__, default=-1)
        largest, largest_at = difference, done
        if worst >= 0 and not known[worst] < difference:
            largest, largest_at = known[worst], worst + 1
        return ComparedPair(*self._pairs[number], one, other, difference, largest, largest_at)

    def advance(self, step: int, seconds: float = SLICE) -> bool:
        """Compare the iterations up to `step` for about `seconds`. Return True if more remain."""
        if (edits := sum(map(len, self.ours.edited.values()))) != self._edits:
            # The values that were compared may have been edited since.
            self._edits = edits
            self._differences = [[] for _ in self._pairs]
        return advance(self._compare_until(self.iterations(step)), seconds)

    def _compare_until(self, done: int) -> Iterator[None]:
        for number, known in enumerate(self._differences):
            while len(known) < done:
                known.append(self._compare(number, len(known) + 1))
                yield
            # A replay may have restored values that were missing.
            missing = [place for place, found in enumerate(known[:done]) if found < 0]
            for place in missing[-_RETRIES:]:
                known[place] = self._compare(number, place + 1)

    def _compare(self, number: int, iterations: int) -> float:
        found = _difference(*self._views(number, self.ours.iterations.end(iterations), iterations))
        # A value that cannot be compared must not become the largest difference.
        return -1.0 if math.isnan(found) else found

    def _views(
        self, number: int, step: int, iterations: int
    ) -> tuple[TensorView | None, TensorView | None]:
        """Return our value at a step and theirs after so many iterations."""
        ours, theirs = self._pairs[number]
        there = self.theirs.iterations.end(iterations)
        return self.ours.view(ours, step), self.theirs.view(theirs, there)


def _difference(one: TensorView | None, other: TensorView | None) -> float:
    """Return the largest difference of two elements; of summarised values, of block means."""
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
