"""A second run that replays the recorded one, and is compared with the recording as it goes."""

from collections.abc import Callable

import msgspec

from tutor.history import replay_check
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.session.interfaces import AnyEngine, AnyRun
from tutor.wire.messages import Digested, Event, Job, Launch, Question


class Replay:
    """At most one second run at a time. The learner's own run is never touched.

    A subclass says what it starts a replay for, and what it does with each event in `receive`.

    Args:
        launch: The run that is replayed, from its beginning.
        wake: Called from another thread when `drain` has something to take.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._run: AnyRun | None = None
        self._until = 0
        """The step that the replay runs to."""

    @property
    def is_running(self) -> bool:
        return self._run is not None

    @property
    def progress(self) -> str:
        """How far the replay is; "" if none is running."""
        if self._run is None:
            return ""
        return replaying(min(self._run.replayed, self._until), self._until)

    def drain(self, timeline: Timeline) -> bool:
        """Take the events of the replay, and compare each with the recording.

        Returns:
            Whether there were any.
        """
        run = self._run
        events = run.take() if run is not None else []
        for event in events:
            agrees = True
            if isinstance(event, Frame | Digested):
                agrees = replay_check.check(timeline, event, self._launch.source)
            self.receive(event, agrees, timeline)
            if self._run is not run:
                break
        return bool(events)

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        """Handle one event of the replay.

        Args:
            agrees: Whether it is what the recording has; True for what is not recorded.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End the replay, if one is running."""
        self._end()

    def _end(self) -> None:
        if self._run is not None:
            self._run.close()
        self._run = None

    def _replayed(self, exact: bool = True) -> Launch:
        """Return the launch without notes and tables.

        Args:
            exact: Whether every value is recorded, however large.
        """
        return msgspec.structs.replace(self._launch, exact=exact, show=(), slots={})

    def _start(self, job: Job, until: int) -> None:
        """Start a replay in place of the last one; it waits after `until`."""
        self._end()
        self._run = self._engine.launch(job, self._wake)
        self._go(until)

    def _go(self, until: int) -> None:
        """Run on until a later step."""
        if self._run is not None:
            self._until = until
            self._run.go(until)

    def _ask(self, question: Question) -> None:
        """Ask the replay, which must be waiting."""
        if self._run is not None:
            self._run.ask(question)


def replaying(done: int, step: int) -> str:
    """Return the status text of a replay to `step`."""
    return f"replaying to step {step:,}: {100 * done // max(1, step)}%"
