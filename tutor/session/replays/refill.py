"""Restore values that were dropped from the recording, by replaying the run up to a step."""

from collections.abc import Callable
from time import monotonic

from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.session.interfaces import AnyEngine, Debounce, Later
from tutor.session.replays.replay import Replay
from tutor.wire.messages import Edited, Ended, Event, Job, Launch, Waited

_NOTABLE = 0.1
"""Seconds after which the status line shows a replay: most are over before anyone could read it."""


class RefillReplay(Replay):
    """Restores the values of the step that the cursor rests on.

    Args:
        later: Debounces: see `Debounce`.
    """

    def __init__(
        self, engine: AnyEngine, launch: Launch, wake: Callable[[], None], later: Later
    ) -> None:
        super().__init__(engine, launch, wake)
        self._debounce = Debounce(later)
        self._found: dict[str, TensorView] = {}
        self._hopeless: set[int] = set()
        """Steps whose values a replay did not restore; another would not either."""
        self._step = 0
        self._began = 0.0
        self.count = 0
        """How many replays restored something."""
        self.failure = ""
        """Why the last replay restored nothing, in one line."""

    @property
    def progress(self) -> str:
        return super().progress if monotonic() - self._began >= _NOTABLE else ""

    def attend(self, timeline: Timeline, step: int, rests: bool) -> None:
        """Restore the values of `step`, where some are missing.

        Args:
            rests: Whether nothing is moving; a replay in progress is cancelled otherwise.
        """
        if rests and step == self._step:
            return
        self.close()
        self.failure = ""
        if rests and step and step not in self._hopeless and timeline.incomplete(step):
            self._step = step
            self._debounce(self._begin)

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        match event:
            case Frame() | Edited():
                views = event.changed.items()
                self._found |= {name: view for name, view in views if view is not None}
            case Waited(step=step) if step >= self._step:
                self._finish(timeline)
            case Ended(outcome="died"):
                # No second try while the cursor rests here; moving away and back tries again.
                self.failure = f"the replay ended: {event.message}"
                self._end()
            case Ended():
                self._finish(timeline)

    def close(self) -> None:
        """Cancel the replay, and the one that is due."""
        self._debounce.cancel()
        self._end()
        self._step = 0

    def _begin(self) -> None:
        self._found = {}
        self._began = monotonic()
        self._start(Job(self._replayed(), self._step - 1), self._step)
        self._wake()

    def _finish(self, timeline: Timeline) -> None:
        step = self._step
        timeline.complete(step, self._found)
        self.count += 1
        self.failure = ""
        if timeline.incomplete(step):
            self._hopeless.add(step)
        self.close()
