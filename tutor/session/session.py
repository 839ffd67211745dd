"""One script being stepped: its worker, its timeline and where the learner looks. Knows no widget.

Steps through what is recorded never touch the engine. Only at the tip, the newest recorded step,
does a step forward mean that the worker runs the next statement.
"""

from collections.abc import Callable
from enum import Enum
from time import monotonic

from tutor.history.record_events import ResumeRecorder
from tutor.history.timeline import Moment, Timeline
from tutor.session.interfaces import AnyEngine
from tutor.session.worker_handle import Worker
from tutor.wire import messages

SPEEDS = (1, 2, 4, 8, 16, 30, 60)
"""Steps a second that play can be set to."""


_STRETCH = 100
"""Statements that are run between two looks for something that may be far away."""


class Doing(Enum):
    """What a session is doing, as the status line tells it."""

    STARTING = "starting"
    REPLAYING = "replaying"
    WAITING = "waiting"
    RUNNING = "running"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"


class Session:
    """A run, what it recorded, and a cursor in it.

    Args:
        launch: The run from its beginning.
        timeline: What is recorded of it already: it is replayed, held against the recording, and
            goes on from there.
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
        self.news = 0
        """How many events were taken in so far that told something about a step."""
        self._find: Callable[[], int | None] | None = None
        self._missed: Callable[[], None] | None = None
        self._stride = 1
        budget = timeline.budget
        self._allowed = max(budget.limit, budget.cost + budget.limit // 4)
        """Bytes that may be recorded before the learner is asked whether to go on."""
        self._is_full = False
        self.has_begun = False
        """Whether a replay ever came to its end, the learner's changes made."""
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

    def _resume(self) -> Worker:
        """A worker that goes on after what is recorded."""
        self.intake = ResumeRecorder(self.timeline, self.launch.source)
        tip, job = self.tip, messages.Job(self.launch)
        if tip:
            job = messages.Job(self.launch, begin=tip - 1, past=self.timeline.past(tip))
        worker = Worker(self._engine, job, self._wake, self._clock)
        if tip:
            worker.go(tip)
        return worker

    @property
    def can_go_on(self) -> bool:
        """Whether a worker that died can be replaced by another one."""
        return self._engine.can_run and self._engine.failure is None

    @property
    def ended(self) -> messages.Ended | None:
        return self.worker.ended

    @property
    def is_over(self) -> bool:
        """Whether the script came to its end, and the learner is there."""
        ended = self.ended
        return ended is not None and ended.outcome == "finished" and self.cursor == self.tip

    @property
    def is_full(self) -> bool:
        """Whether the run was paused because it recorded so much."""
        return self._is_full and self.worker.is_held

    @property
    def rushing(self) -> bool:
        """Whether more steps will come than anyone can look at one by one."""
        return self.worker.rushing and self._find is None

    @property
    def doing(self) -> Doing:
        if self.playing:
            return Doing.PLAYING
        if self.ended is not None:
            return Doing.ENDED
        if self.worker.is_held:
            return Doing.PAUSED
        if self.intake.is_replaying:
            return Doing.REPLAYING
        if self.worker.started is None:
            return Doing.STARTING
        return Doing.RUNNING if self.worker.busy else Doing.WAITING

    @property
    def next_line(self) -> int:
        """The line that comes after the cursor, 0 if none does."""
        if self.cursor < self.tip:
            following = self.timeline.frame(self.cursor + 1)
            return following.line if following else 0
        if self.ended is not None:
            return self.ended.line if self.ended.outcome != "finished" else 0
        return self.worker.line

    # Moving

    def step(self) -> None:
        """One step forward; at the tip, run the next statement."""
        self._interrupt()
        if self.cursor < self.tip:
            self.cursor += 1
        elif self._goes_on():
            self.worker.step()

    def back(self) -> None:
        """One recorded step back. A run to the end goes on meanwhile, a play stops."""
        self._interrupt()
        self.cursor = max(0, self.cursor - 1)

    def first(self) -> None:
        self._interrupt()
        self.cursor = min(1, self.tip)

    def last(self) -> None:
        self._interrupt()
        self.cursor = self.tip

    def next_iteration(self) -> None:
        """To the next iteration, running on until it begins where it is not recorded yet; outside
        of loops to the next cell at most, so that nothing to read is passed by."""
        # What comes first is nobody's next one.
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
        """To the next cell, running on until it begins where it is not recorded yet."""
        origin = self.cursor
        self._seek(lambda: self.timeline.cells.next(origin))

    def next_change(self, name: str, missed: Callable[[], None]) -> None:
        """To the next step that changes `name`, running on until one does.

        Args:
            missed: Called where the run ended before.
        """
        origin = self.cursor
        self._seek(lambda: self.timeline.next_change(name, origin), missed)

    def run_until(self, find: Callable[[], int | None], missed: Callable[[], None]) -> None:
        """Run on until `find` names a recorded step.

        Args:
            missed: Called where the run ended before.
        """
        self._seek(find, missed, _STRETCH)

    def previous_change(self, name: str) -> bool:
        """To the last step before this one that changed `name`; False if none did."""
        self._interrupt()
        step = self.timeline.changed_at(name, self.cursor - 1)
        self.cursor = step or self.cursor
        return step > 0

    def previous_cell(self) -> None:
        self._interrupt()
        self.cursor = self.timeline.cells.previous(self.cursor) or min(1, self.tip)

    def go_to_step(self, step: int) -> None:
        """To a recorded step, or on until that step is recorded."""
        self._interrupt()
        self.cursor = min(step, self.tip)
        if step > self.tip and self._goes_on():
            self.worker.go(step)

    def go_to_iteration(self, number: int) -> None:
        """To the first step of iteration `number`, running on until it comes."""
        recorded = self.timeline.iterations.find(number, self.cursor)

        def reached() -> int | None:
            newest = self.timeline.frame(self.tip)
            return self.tip if newest is not None and newest.iteration == number else None

        self._seek(reached if recorded is None else lambda: recorded)

    # Letting it run

    def toggle_play(self) -> None:
        """Play from the cursor on, or pause whatever moves."""
        if self.playing or self.worker.busy:
            self.pause()
        elif self.ended is None or self.cursor < self.tip:
            self.playing = True
            self.tick()

    def tick(self) -> None:
        """One step of a play. A statement that takes longer than a tick is waited for."""
        if self.cursor < self.tip:
            self.cursor += 1
        elif self.ended is not None:
            self.playing = False
        elif not self.worker.busy:
            self.worker.step()

    def pause(self) -> None:
        """Freeze the view and tell the worker to wait, inside a statement if need be."""
        self._interrupt()
        self.worker.hold()

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
        """Take in what the run did since the last call."""
        following = self.cursor == self.tip
        for event in self.worker.take():
            self.news += not isinstance(event, messages.Started | messages.Waited)
            self.intake.take(event)
        self.has_begun = self.has_begun or self.intake.has_caught_up
        if following:
            self.cursor = self.tip
        budget = self.timeline.budget
        if budget.cost > self._allowed and self.worker.busy and not self.intake.is_replaying:
            # A loop without an end must not take all memory; the learner may well let it go on.
            self._allowed = budget.cost + budget.limit
            self._is_full = True
            self.pause()
        if self._find is not None:
            self._seek_on(self._find)

    def _goes_on(self) -> bool:
        """Whether the run can go on; one whose worker died goes on in another one."""
        has_died = self.ended is not None and self.ended.outcome == "died"
        if has_died and self.can_go_on:
            self.worker.close()
            # What the statement wrote in which it died will be written again.
            self.timeline.output_log = self.timeline.output_log.fork(self.tip)
            self.worker = self._resume()
        return self.ended is None

    def _interrupt(self) -> None:
        """End a play or a search: the learner took over."""
        self.playing = False
        self._find = None

    def _seek(
        self,
        find: Callable[[], int | None],
        missed: Callable[[], None] | None = None,
        stride: int = 1,
    ) -> None:
        """Show the step that `find` names, running on `stride` statements at a time until there is
        one; `missed` is called where the run ends before."""
        self._interrupt()
        self._missed, self._stride = missed, stride
        if find() is None:
            self.cursor = self.tip
        self._seek_on(find)

    def _seek_on(self, find: Callable[[], int | None]) -> None:
        found = find()
        if found is not None:
            self.cursor = found
        elif self.ended is not None and self._missed is not None:
            self._missed()
        self._find = None if found is not None or self.ended is not None else find
        if self._find is not None and not self.worker.busy:
            self.worker.go(self.tip + self._stride)
