"""What is worth stopping at among recorded steps: found as the run goes on, a few bytes each."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tutor.history.column import Column
from tutor.history.series import Array, chunk, facts, shifted
from tutor.history.timeline import Timeline
from tutor.insight.events.kinds import ALL, Event, Kind, Listing
from tutor.insight.slices import SLICE, advance
from tutor.schema.frame import GRAD, TensorView

FACTOR = 100
"""A gradient vanished or exploded where its norm changed by more than this."""

_STEPS = 4096
"""So many steps are looked at before their events are put in order."""


@dataclass
class _Followed:
    """How far a value was looked at, and what is to be known of it to look further."""

    number: int
    """Its place among the timeline's columns."""
    end: int = 0
    """So many of its changes were looked at."""
    was_bad: bool = False
    """Whether it was not finite when its content was last known."""
    is_set: bool = False
    """Whether it is there, and not all zero as far as that is known."""
    norm: float = math.nan
    """What the last backward pass that changed it made it."""


class Events:
    """The events of a timeline, up to the step that was looked at last."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.reached = 0
        """Everything up to this step was looked at."""
        self.failure = ""
        """Why the run ended, if it raised."""
        # For each kind: the steps, which column is told of, and how many have the same to tell.
        self._steps = {kind: array("I") for kind in Kind}
        self._numbers = {kind: array("I") for kind in Kind}
        self._counts = {kind: array("H") for kind in Kind}
        self._begin()

    def _begin(self) -> None:
        """Forget everything but how the run ended."""
        self.reached = 0
        for kind in Kind:
            if kind is not Kind.EXCEPTION:
                self._steps[kind], self._numbers[kind] = array("I"), array("I")
                self._counts[kind] = array("H")
        self._columns: dict[str, _Followed] = {}
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
        """The run ended by raising after its last recorded step; to be told once or more."""
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
            followed = self._columns.get(name)
            if followed is None:
                followed = self._columns[name] = _Followed(len(self._columns))
            end = column.index(last) + 1
            while followed.end < end:
                views = chunk(column, followed.end, end)
                self._look_at(name, column, views, followed, found)
                followed.end += len(views)
                yield
        for kind in Kind:
            self._add(kind, found[kind])
        self._look_at_losses(last)
        self._look_at_output(last)
        self._look_at_errors(last)
        self.reached, self._edited = last, edited

    def _look_at(
        self,
        name: str,
        column: Column,
        views: Sequence[TensorView | None],
        followed: _Followed,
        found: dict[Kind, list[tuple[Array, int]]],
    ) -> None:
        """Look at the next changes of a value."""
        start = followed.end
        steps = np.array(column.steps[start : start + len(views)])
        bad, norms, is_set = facts(views, name.endswith(GRAD))
        known = bad >= 0
        was_bad = shifted(bad[known] > 0, followed.was_bad)
        followed.was_bad = bool(was_bad[-1])
        events = [(Kind.NONFINITE, steps[known][(bad[known] > 0) & ~was_bad[:-1]])]
        if name.endswith(GRAD):
            phases = [self.timeline.steps.place(step).phase for step in steps.tolist()]
            there = np.array([view is not None for view in views])
            walked = there & (np.array(phases) == "backward")
            was_set = shifted(is_set, followed.is_set)
            followed.is_set = bool(was_set[-1])
            events.append((Kind.ACCUMULATED, steps[walked & was_set[:-1]]))
            both = shifted(norms[walked], followed.norm)
            followed.norm = float(both[-1])
            before, now = both[:-1], both[1:]
            # Nothing is a hundred times zero, and what is not finite is told as that.
            told = np.isfinite(before) & np.isfinite(now) & (before > 0)
            events.append((Kind.EXPLODED, steps[walked][told & (now / FACTOR > before)]))
            events.append((Kind.VANISHED, steps[walked][told & (now < before / FACTOR)]))
        for kind, at in events:
            if at.size:
                found[kind].append((at, followed.number))

    def _look_at_losses(self, last: int) -> None:
        """The first rise after each fall; a loss that is not finite is told as that."""
        steps, losses = self.timeline.losses(last)
        at, new = np.array(steps[self._losses :]), np.array(losses[self._losses :])
        self._losses = len(steps)
        at, new = at[np.isfinite(new)], new[np.isfinite(new)]
        by = np.diff(shifted(new, self._loss))
        # Neither falls nor rises: it changes nothing.
        at, new, by = at[by != 0], new[by != 0], by[by != 0]
        rising = shifted(by > 0, self._is_rising)
        if new.size:
            self._loss, self._is_rising = float(new[-1]), bool(rising[-1])
        self._add(Kind.ROSE, [(at[rising[1:] & ~rising[:-1]], 0)])

    def _look_at_output(self, last: int) -> None:
        printing, told = self.timeline.output_log.steps, self._steps[Kind.PRINTED]
        first = bisect_right(printing, told[-1]) if told else 0
        new = printing[first : bisect_right(printing, last)]
        self._add(Kind.PRINTED, [(np.array(new, "u4"), 0)])

    def _look_at_errors(self, last: int) -> None:
        """What the script caught. How the run ended may have been told before."""
        steps, raising = self._steps[Kind.EXCEPTION], self.timeline.steps.raising
        for step in raising[bisect_right(raising, self.reached) : bisect_right(raising, last)]:
            if not self._has(Kind.EXCEPTION, step, step):
                place = bisect_left(steps, step)
                steps.insert(place, step)
                self._numbers[Kind.EXCEPTION].insert(place, 0)
                self._counts[Kind.EXCEPTION].insert(place, 1)

    def _add(self, kind: Kind, found: Sequence[tuple[Array, int]]) -> None:
        """Add what was found of one kind, which all comes after what is there."""
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

    def next(self, step: int, kinds: Collection[Kind] = ALL) -> Event | None:
        """The first event after a step, the gravest of its step."""
        found = [
            Event(steps[place], kind)
            for kind, steps in self._of(kinds)
            if (place := bisect_right(steps, step)) < len(steps)
        ]
        return min(found, key=lambda event: event.step, default=None)

    def previous(self, step: int, kinds: Collection[Kind] = ALL) -> Event | None:
        """The last event before a step, the gravest of its step."""
        found = [
            Event(steps[place - 1], kind)
            for kind, steps in self._of(kinds)
            if (place := bisect_left(steps, step))
        ]
        return max(found, key=lambda event: event.step, default=None)

    def at(self, step: int) -> list[Event]:
        """The events of a step, the gravest first."""
        return [Event(step, kind) for kind in Kind if self._has(kind, step, step)]

    def gravest(self, first: int, last: int, kinds: Sequence[Kind] = ALL) -> Kind | None:
        """The first of `kinds`, the gravest first, of which there is an event in these steps."""
        return next((kind for kind in kinds if self._has(kind, first, last)), None)

    def listed(self, kinds: Collection[Kind] = ALL) -> Listing:
        """All events of these kinds as they are now, in order."""
        return Listing({kind: np.array(steps) for kind, steps in self._of(kinds)})

    def subject(self, event: Event) -> tuple[str, int]:
        """The first value that an event is about, and how many more are."""
        place = bisect_left(self._steps[event.kind], event.step)
        names = list(self.timeline.columns)
        return names[self._numbers[event.kind][place]], self._counts[event.kind][place] - 1

    def _of(self, kinds: Collection[Kind]) -> "Iterator[tuple[Kind, array[int]]]":
        return ((kind, self._steps[kind]) for kind in Kind if kind in kinds)

    def _has(self, kind: Kind, first: int, last: int) -> bool:
        steps = self._steps[kind]
        place = bisect_left(steps, first)
        return place < len(steps) and steps[place] <= last
