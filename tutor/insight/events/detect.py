"""Detect events in recorded steps as the run goes on. An event takes a few bytes."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tutor.history.column import Column
from tutor.history.series import Array, chunk, facts, shifted
from tutor.history.timeline import Timeline
from tutor.insight.events.kinds import ALL, EventList, Kind, RunEvent
from tutor.insight.time_slices import SLICE, advance
from tutor.schema.frame import GRAD, TensorView

FACTOR = 100
"""A gradient exploded or vanished if its norm changed by more than this factor."""

_STEPS = 4096
"""Steps that are scanned before their events are sorted."""


@dataclass
class _Scanned:
    """How far a value was scanned, and the state that the scan continues from."""

    number: int
    """Its index among the timeline's columns."""
    end: int = 0
    """How many of its changes were scanned."""
    was_bad: bool = False
    """Whether it was non-finite when its content was last known."""
    is_set: bool = False
    """Whether it exists and is known not to be all zero."""
    norm: float = math.nan
    """Of a gradient: its norm after the last backward pass that changed it."""


class Events:
    """The events of a timeline, up to the last scanned step."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.reached = 0
        """The last scanned step."""
        self.failure = ""
        """Why the run ended, if it raised."""
        # For each kind: the steps, the first column with the event, and how many columns have it.
        self._steps = {kind: array("I") for kind in Kind}
        self._numbers = {kind: array("I") for kind in Kind}
        self._counts = {kind: array("H") for kind in Kind}
        self._begin()

    def _begin(self) -> None:
        """Forget all events except how the run ended."""
        self.reached = 0
        for kind in Kind:
            if kind is not Kind.EXCEPTION:
                self._steps[kind], self._numbers[kind] = array("I"), array("I")
                self._counts[kind] = array("H")
        self._columns: dict[str, _Scanned] = {}
        self._losses = 0
        self._loss, self._is_rising = math.nan, False
        self._edited: frozenset[str] | None = None
        self._work: Iterator[None] | None = None

    # Detecting

    def advance(self, seconds: float = SLICE) -> bool:
        """Scan new steps for about `seconds`. Return True if steps remain to be scanned."""
        if self.reached and self.timeline.edited.get(self.reached) is not self._edited:
            # An edit changes the last step of a branch, which is a timeline of its own: scanning
            # all of it again takes no longer than it did the first time.
            self._begin()
        if self._work is None:
            self._work = self._scan()
        if advance(self._work, seconds):
            return True
        self._work = None
        return False

    def fail(self, message: str) -> None:
        """Add the event that the run ended by raising after its last recorded step. May be called
        more than once."""
        self.failure = message
        if not self._has(Kind.EXCEPTION, len(self.timeline), len(self.timeline)):
            self._add(Kind.EXCEPTION, [(np.array([len(self.timeline)]), 0)])

    def _scan(self) -> Iterator[None]:
        """Scan in small pieces until all recorded steps were scanned."""
        while self.reached < len(self.timeline):
            yield from self._scan_until(min(self.reached + _STEPS, len(self.timeline)))
            if self.reached < len(self.timeline):
                yield

    def _scan_until(self, last: int) -> Iterator[None]:
        found: dict[Kind, list[tuple[Array, int]]] = {kind: [] for kind in Kind}
        edited = self.timeline.edited.get(last)
        for name, column in list(self.timeline.columns.items()):
            scanned = self._columns.get(name)
            if scanned is None:
                scanned = self._columns[name] = _Scanned(len(self._columns))
            end = column.index(last) + 1
            while scanned.end < end:
                views = chunk(column, scanned.end, end)
                self._scan_changes(name, column, views, scanned, found)
                scanned.end += len(views)
                yield
        for kind in Kind:
            self._add(kind, found[kind])
        self._scan_losses(last)
        self._scan_output(last)
        self._scan_errors(last)
        self.reached, self._edited = last, edited

    def _scan_changes(
        self,
        name: str,
        column: Column,
        views: Sequence[TensorView | None],
        scanned: _Scanned,
        found: dict[Kind, list[tuple[Array, int]]],
    ) -> None:
        """Scan the next changes of a value."""
        start = scanned.end
        steps = np.array(column.steps[start : start + len(views)])
        bad, norms, is_set = facts(views, name.endswith(GRAD))
        known = bad >= 0
        was_bad = shifted(bad[known] > 0, scanned.was_bad)
        scanned.was_bad = bool(was_bad[-1])
        events = [(Kind.NONFINITE, steps[known][(bad[known] > 0) & ~was_bad[:-1]])]
        if name.endswith(GRAD):
            phases = [self.timeline.steps.place(step).phase for step in steps.tolist()]
            there = np.array([view is not None for view in views])
            walked = there & (np.array(phases) == "backward")
            was_set = shifted(is_set, scanned.is_set)
            scanned.is_set = bool(was_set[-1])
            events.append((Kind.ACCUMULATED, steps[walked & was_set[:-1]]))
            both = shifted(norms[walked], scanned.norm)
            scanned.norm = float(both[-1])
            before, now = both[:-1], both[1:]
            # No factor leads from zero, and non-finite values are events of their own.
            comparable = np.isfinite(before) & np.isfinite(now) & (before > 0)
            events.append((Kind.EXPLODED, steps[walked][comparable & (now / FACTOR > before)]))
            events.append((Kind.VANISHED, steps[walked][comparable & (now < before / FACTOR)]))
        for kind, at in events:
            if at.size:
                found[kind].append((at, scanned.number))

    def _scan_losses(self, last: int) -> None:
        """Find the first rise after each fall; non-finite losses are left out."""
        steps, losses = self.timeline.losses(last)
        at, new = np.array(steps[self._losses :]), np.array(losses[self._losses :])
        self._losses = len(steps)
        at, new = at[np.isfinite(new)], new[np.isfinite(new)]
        by = np.diff(shifted(new, self._loss))
        # An equal loss neither rises nor falls.
        at, new, by = at[by != 0], new[by != 0], by[by != 0]
        rising = shifted(by > 0, self._is_rising)
        if new.size:
            self._loss, self._is_rising = float(new[-1]), bool(rising[-1])
        self._add(Kind.ROSE, [(at[rising[1:] & ~rising[:-1]], 0)])

    def _scan_output(self, last: int) -> None:
        printing, found = self.timeline.output_log.steps, self._steps[Kind.PRINTED]
        first = bisect_right(printing, found[-1]) if found else 0
        new = printing[first : bisect_right(printing, last)]
        self._add(Kind.PRINTED, [(np.array(new, "u4"), 0)])

    def _scan_errors(self, last: int) -> None:
        """Find the exceptions that the script caught. `fail` may have added the last one before."""
        steps, raising = self._steps[Kind.EXCEPTION], self.timeline.steps.raising
        for step in raising[bisect_right(raising, self.reached) : bisect_right(raising, last)]:
            if not self._has(Kind.EXCEPTION, step, step):
                place = bisect_left(steps, step)
                steps.insert(place, step)
                self._numbers[Kind.EXCEPTION].insert(place, 0)
                self._counts[Kind.EXCEPTION].insert(place, 1)

    def _add(self, kind: Kind, found: Sequence[tuple[Array, int]]) -> None:
        """Add the found events of one kind, all later than those that exist."""
        if not found:
            return
        steps = np.concatenate([at for at, _ in found])
        numbers = np.concatenate([np.full(at.size, number) for at, number in found])
        order = np.lexsort((numbers, steps))
        unique, first, counts = np.unique(steps[order], return_index=True, return_counts=True)
        self._steps[kind].frombytes(unique.astype("u4").tobytes())
        self._numbers[kind].frombytes(numbers[order][first].astype("u4").tobytes())
        self._counts[kind].frombytes(np.minimum(counts, 0xFFFF).astype("u2").tobytes())

    # Finding

    def __len__(self) -> int:
        return sum(map(len, self._steps.values()))

    def count(self, kind: Kind) -> int:
        return len(self._steps[kind])

    def next(self, step: int, kinds: Collection[Kind] = ALL) -> RunEvent | None:
        """Return the first event after a step, the most severe one of its step."""
        found = [
            RunEvent(steps[place], kind)
            for kind, steps in self._of(kinds)
            if (place := bisect_right(steps, step)) < len(steps)
        ]
        return min(found, key=lambda event: event.step, default=None)

    def previous(self, step: int, kinds: Collection[Kind] = ALL) -> RunEvent | None:
        """Return the last event before a step, the most severe one of its step."""
        found = [
            RunEvent(steps[place - 1], kind)
            for kind, steps in self._of(kinds)
            if (place := bisect_left(steps, step))
        ]
        return max(found, key=lambda event: event.step, default=None)

    def at(self, step: int) -> list[RunEvent]:
        """Return the events of a step, the most severe first."""
        return [RunEvent(step, kind) for kind in Kind if self._has(kind, step, step)]

    def most_severe(self, first: int, last: int, kinds: Sequence[Kind] = ALL) -> Kind | None:
        """Return the most severe of `kinds` that has an event from `first` to `last`."""
        return next((kind for kind in kinds if self._has(kind, first, last)), None)

    def listed(self, kinds: Collection[Kind] = ALL) -> EventList:
        """Return all events of these kinds so far, in order."""
        return EventList({kind: np.array(steps) for kind, steps in self._of(kinds)})

    def subject(self, event: RunEvent) -> tuple[str, int]:
        """Return the first value that has the event, and how many more have it."""
        place = bisect_left(self._steps[event.kind], event.step)
        names = list(self.timeline.columns)
        return names[self._numbers[event.kind][place]], self._counts[event.kind][place] - 1

    def _of(self, kinds: Collection[Kind]) -> "Iterator[tuple[Kind, array[int]]]":
        return ((kind, self._steps[kind]) for kind in Kind if kind in kinds)

    def _has(self, kind: Kind, first: int, last: int) -> bool:
        steps = self._steps[kind]
        place = bisect_left(steps, first)
        return place < len(steps) and steps[place] <= last
