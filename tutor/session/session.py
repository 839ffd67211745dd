"""Step through one run: its worker, its timeline and a cursor.

A step among recorded steps never touches the engine. Only at the tip, the newest recorded step,
does a step forward make the worker run the next statement.
"""

from collections.abc import Callable
from enum import Enum
from time import monotonic

from tutor.history.record_events import ResumeRecorder
from tutor.history.timeline import Moment, Timeline
from tutor.session.interfaces import AnyEngine
from tutor.session.worker_handle import WorkerHandle
from tutor.wire import messages

SPEEDS = (1, 2, 4, 8, 16, 30, 60)
"""The speeds of play, in steps per second."""


_SLICE = 0.008
"""Seconds of one `drain`, about: a key is not kept waiting for longer."""

_STRETCH = 100
"""How many statements run between two checks whether a search has found its step."""


class Activity(Enum):
    """What a session is doing, for the status line."""

    STARTING = "starting"
    REPLAYING = "replaying"
    WAITING = "waiting"
    RUNNING = "running"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"


class Session:
    """A run, its recording, and a cursor.

    Args:
        launch: The run from its beginning.
        timeline: What is recorded already. The worker replays it, compares it with the recording,
            and goes on from there.
        wake: Called from another thread when `drain` has something to take.
    """

    def __init__(
        self,
        engine: AnyEngine,
        launch: messages.Launch,
        timeline: Timeline,
        wake: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.launch = launch
        self.timeline = timeline
        self.cursor = len(timeline)
        self.speed = 4
        self.playing = False
        self.version = 0
        """Counts the events about steps so far; it changes when the recording does."""
        self._find: Callable[[], int | None] | None = None
        self._missed: Callable[[], None] | None = None
        self._stride = 1
        budget = timeline.budget
        self._allowed = max(budget.limit, budget.cost + budget.limit // 4)
        """Bytes that may be recorded before the run pauses."""
        self._is_full = False
        self.has_begun = False
        """Whether a replay ever reached its end and made the learner's changes."""
        self._engine = engine
        self._wake = wake
        self._clock = clock
        self.worker = self._resume()

    @property
    def tip(self) -> int:
        """The newest recorded step."""
        return len(self.timeline)

    @property
    def moment(self) -> Moment:
        return self.timeline.at(self.cursor)

    def _resume(self) -> WorkerHandle:
        """Return a worker that goes on after the recorded steps."""
        self.recorder = ResumeRecorder(self.timeline, self.launch.source)
        tip, job = self.tip, messages.Job(self.launch, pauses=True)
        if tip:
            past = self.timeline.past(tip)
            job = messages.Job(self.launch, begin=tip - 1, past=past, pauses=True)
        worker = WorkerHandle(self._engine, job, self._wake, self._clock)
        if tip:
            worker.go(tip)
        return worker

    @property
    def can_go_on(self) -> bool:
        """Whether a worker that died can be replaced."""
        return self._engine.can_run and self._engine.failure is None

    @property
    def ended(self) -> messages.Ended | None:
        return self.worker.ended

    @property
    def is_over(self) -> bool:
        """Whether the script has finished and the cursor is at its last step."""
        ended = self.ended
        return ended is not None and ended.outcome == "finished" and self.cursor == self.tip

    @property
    def is_full(self) -> bool:
        """Whether the run was paused because of the memory it takes."""
        return self._is_full and self.worker.is_held

    @property
    def rushing(self) -> bool:
        """Whether steps arrive faster than they are shown one by one."""
        return self.worker.rushing and self._find is None

    @property
    def activity(self) -> Activity:
        if self.playing:
            return Activity.PLAYING
        if self.ended is not None:
            return Activity.ENDED
        if self.worker.is_held:
            return Activity.PAUSED
        if self.recorder.is_replaying:
            return Activity.REPLAYING
        if self.worker.started is None:
            return Activity.STARTING
        return Activity.RUNNING if self.worker.busy else Activity.WAITING

    @property
    def next_line(self) -> int:
        """The line of the statement after the cursor, 0 if there is none."""
        if self.cursor < self.tip:
            following = self.timeline.frame(self.cursor + 1)
            return following.line if following else 0
        if self.ended is not None:
            return self.ended.line if self.ended.outcome != "finished" else 0
        return self.worker.line

    # Moving

    def step(self) -> None:
        """Go one step forward; at the tip, run the next statement."""
        # A statement that has run already must not count as running, and so drop this step.
        self.drain()
        self._interrupt()
        if self.cursor < self.tip:
            self.cursor += 1
        elif self._goes_on():
            self.worker.step()

    def back(self) -> None:
        """Go one recorded step back. This stops play, but not a run to the end."""
        self._interrupt()
        self.cursor = max(0, self.cursor - 1)

    def first(self) -> None:
        self._interrupt()
        self.cursor = min(1, self.tip)

    def last(self) -> None:
        self._interrupt()
        self.cursor = self.tip

    def next_iteration(self) -> None:
        """Go to the next iteration; run on until it begins. Outside of loops go to the next cell at
        most, so that no note is skipped."""
        # The first step begins no next iteration.
        origin = max(1, self.cursor)
        timeline = self.timeline

        def find() -> int | None:
            if len(timeline) < origin:
                return None
            found = [timeline.iterations.next(origin)]
            if not timeline.steps.loops[origin - 1]:
                found.append(timeline.cells.next(origin))
            return min((step for step in found if step is not None), default=None)

        self._seek(find)

    def previous_iteration(self) -> None:
        self._interrupt()
        self.cursor = self.timeline.iterations.previous(self.cursor) or min(1, self.tip)

    def next_cell(self) -> None:
        """Go to the next cell; run on until it begins."""
        origin = self.cursor
        self._seek(lambda: self.timeline.cells.next(origin))

    def next_change(self, name: str, missed: Callable[[], None]) -> None:
        """Go to the next step that changes `name`; run on until one does.

        Args:
            missed: Called if the run ends first.
        """
        origin = self.cursor
        self._seek(lambda: self.timeline.next_change(name, origin), missed)

    def run_until(self, find: Callable[[], int | None], missed: Callable[[], None]) -> None:
        """Run on until `find` returns a recorded step, and go there.

        Args:
            missed: Called if the run ends first.
        """
        self._seek(find, missed, _STRETCH)

    def previous_change(self, name: str) -> bool:
        """Go to the last step before this one that changed `name`; return False if none did."""
        self._interrupt()
        step = self.timeline.changed_at(name, self.cursor - 1)
        self.cursor = step or self.cursor
        return step > 0

    def previous_cell(self) -> None:
        self._interrupt()
        self.cursor = self.timeline.cells.previous(self.cursor) or min(1, self.tip)

    def go_to_step(self, step: int) -> None:
        """Go to a step; run on until it is recorded."""
        self._interrupt()
        self.cursor = min(step, self.tip)
        if step > self.tip and self._goes_on():
            self.worker.go(step)

    def go_to_iteration(self, number: int) -> None:
        """Go to the first step of iteration `number`; run on until it begins."""
        recorded = self.timeline.iterations.find(number, self.cursor)

        def reached() -> int | None:
            newest = self.timeline.frame(self.tip)
            return self.tip if newest is not None and newest.iteration == number else None

        self._seek(reached if recorded is None else lambda: recorded)

    # Letting it run

    def toggle_play(self) -> None:
        """Start to play; pause if the session plays or runs."""
        if self.playing or self.worker.busy:
            self.pause()
        elif self.ended is None or self.cursor < self.tip:
            self.playing = True
            self.tick()

    def tick(self) -> None:
        """Play one step; wait for a statement that takes longer than a tick."""
        if self.cursor < self.tip:
            self.cursor += 1
        elif self.ended is not None:
            self.playing = False
        elif not self.worker.busy:
            self.worker.step()

    def pause(self) -> None:
        """Stop the cursor, and make the worker wait, inside a statement if need be."""
        self._interrupt()
        self.worker.pause()

    def change_speed(self, by: int) -> None:
        index = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[min(max(index, 0), len(SPEEDS) - 1)]

    def run_to_end(self) -> None:
        self._interrupt()
        self.cursor = self.tip
        if self._goes_on():
            self.worker.go(messages.FOREVER)

    # What the run reports

    def drain(self) -> None:
        """Record what the run did since the last call, and move the cursor along.

        There may be more than there is time for: then `worker.is_behind`.
        """
        following = self.cursor == self.tip
        for event in self.worker.take(_SLICE):
            if isinstance(event, messages.BreakpointHit):
                self._interrupt()
            self.version += not isinstance(event, messages.Started | messages.Waited)
            self.recorder.take(event)
        self.has_begun = self.has_begun or self.recorder.has_caught_up
        if following:
            self.cursor = self.tip
        budget = self.timeline.budget
        if budget.cost > self._allowed and self.worker.busy and not self.recorder.is_replaying:
            # An endless loop must not take all memory; the learner may let it go on.
            self._allowed = budget.cost + budget.limit
            self.pause()
            self._is_full = True
        if self._find is not None:
            self._seek_on(self._find, self._find())

    def _goes_on(self) -> bool:
        """Return True if the run can go on; replace a worker that died."""
        has_died = self.ended is not None and self.ended.outcome == "died"
        if has_died and self.can_go_on:
            self.worker.close()
            # The statement that it died in runs again, and writes its output again.
            self.timeline.output_log = self.timeline.output_log.fork(self.tip)
            self.worker = self._resume()
        return self.ended is None

    def _interrupt(self) -> None:
        """End play and searches: the learner moved the cursor."""
        self.playing = False
        self._find = None
        self._is_full = False

    def _seek(
        self,
        find: Callable[[], int | None],
        missed: Callable[[], None] | None = None,
        stride: int = 1,
    ) -> None:
        """Go to the step that `find` returns; until it returns one, run `stride` statements more.

        Args:
            missed: Called if the run ends first.
        """
        self._interrupt()
        self._missed, self._stride = missed, stride
        # Called once: `find` may look only at what is new since its last call.
        found = find()
        if found is None:
            self.cursor = self.tip
        self._seek_on(find, found)

    def _seek_on(self, find: Callable[[], int | None], found: int | None) -> None:
        if found is not None:
            self.cursor = found
        elif self.ended is not None and self._missed is not None:
            self._missed()
        self._find = None if found is not None or self.ended is not None else find
        if self._find is not None and not self.worker.busy:
            self.worker.go(self.tip + self._stride)
