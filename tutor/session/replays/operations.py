"""The operations inside recorded steps: a second run replays up to a step and notes them."""

from collections.abc import Callable, Mapping

from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, Inside, Operation
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.operation_index import OperationIndex
from tutor.session.replays.replay import Replay
from tutor.wire.messages import FOREVER, Ended, Event, Job, Launch

MOST = 300_000
"""How many operations are kept; then the oldest steps are dropped, and a replay restores them."""


class OperationsReplay(Replay):
    """Waits at the step that was asked for last, so the next step costs one statement more."""

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        super().__init__(engine, launch, wake)
        self._begin = 0
        self._dropped = 0
        """Up to this step nothing was noted, or it was dropped: another replay must restore it."""
        self._asked = 0
        self._ended: Ended | None = None
        self._insides: dict[int, Inside | None] = {}
        self._index = OperationIndex()
        self._count = 0
        self.number = 0
        """How many replays were started: an operation's id means nothing in another replay."""
        self.labels: dict[int, str] = {}
        """The names that the script gives to what operations made, by operation id."""
        self.diverged: set[int] = set()
        """Steps at which the replay differs from the recorded run."""

    @property
    def failure(self) -> Ended | None:
        """How the replay ended before it came to what was asked for; None if it did not."""
        is_waiting = self._asked > 0 and not self.has(self._asked)
        return self._ended if is_waiting else None

    def has(self, step: int) -> bool:
        """Return whether the inside of a step is known."""
        return step in self._insides

    def inside(self, step: int) -> Inside | None:
        """Return what went on in a step; None if nothing did, or it is not known yet."""
        return self._insides.get(step)

    def known(self, step: int) -> Mapping[int, Operation]:
        """Return the forward operations up to a step, by id."""
        return self._index.as_of(step)

    def step_of(self, number: int) -> int:
        """Return the step in which an operation ran, 0 if that is not known."""
        return self._index.step_of(number)

    def attend(self, timeline: Timeline, step: int) -> None:
        """Find out what went on in `step`; the one after the last may have raised."""
        if step == self._asked:
            return
        self._asked = step
        if step < 1 or self.has(step):
            return
        if not self.is_running or step <= self._dropped or self._ended is not None:
            self._restart(timeline, timeline.iterations.window(step))
        elif step > self._until:
            self._go(self._goal(timeline))

    def drain(self, timeline: Timeline) -> bool:
        has_news = super().drain(timeline)
        latest = self._insides.get(self._asked)
        if self._begin and latest and any(one.kind == "unknown" for one in latest.operations):
            # What made it ran before the window, or cannot be known: replay from the beginning.
            self._restart(timeline, 0)
        return has_news

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        if isinstance(event, Frame):
            self._add(event.step, event.inside)
            if not agrees:
                self.diverged.add(event.step)
        elif isinstance(event, Ended):
            self._ended = event
            if self._asked == len(timeline) + 1:
                self._add(self._asked, event.inside)

    def _goal(self, timeline: Timeline) -> int:
        return self._asked if self._asked <= len(timeline) else FOREVER

    def _restart(self, timeline: Timeline, begin: int) -> None:
        """Start another replay. Its operations have other ids, so the known ones are dropped."""
        self.number += 1
        self._begin = self._dropped = begin
        self._ended = None
        self._insides, self._index, self.labels, self._count = {}, OperationIndex(), {}, 0
        job = Job(self._replayed(), begin, operations=begin)
        self._start(job, self._goal(timeline))

    def _add(self, step: int, inside: Inside | None) -> None:
        self._insides[step] = inside
        if inside is None:
            return
        self._index.add(step, inside)
        # A library call has many names, or none.
        many = {one.id for one in inside.operations[: inside.forwards] if one.kind == "library"}
        for name, number in inside.made.items():
            if number not in many:
                self.labels.setdefault(number, name)
        self._count += len(inside.operations)
        if self._count > MOST:
            self._drop_older_half()

    def _drop_older_half(self) -> None:
        steps = sorted(self._insides)
        for step in steps[: len(steps) // 2]:
            del self._insides[step]
            self._index.forget(step)
            self._dropped = step
        self._index.trim(self._dropped)
        self._count = sum(len(one.operations) for one in self._insides.values() if one)
