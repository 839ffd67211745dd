"""Bring back values that a recording no longer holds: a second run replays up to one step."""

from collections.abc import Callable
from time import monotonic

import msgspec
from textual.timer import Timer

from tutor.history import replay_check
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.session.engine_protocol import AnyEngine, AnyRun
from tutor.wire.messages import Digested, Edited, Ended, Launch, Waited

_REST = 0.1
"""Seconds that the learner stays at a step before its values are brought back."""

_NOTABLE = 0.1
"""Seconds after which a replay is told of: most are over before anyone could read that."""


class Refill:
    """At most one replay at a time, for the step that the learner rests at.

    Args:
        wake: Called when a replay begins, and from another thread when `drain` has something.
        later: Calls back after so many seconds, unless its timer is stopped.
    """

    def __init__(
        self,
        engine: AnyEngine,
        launch: Launch,
        wake: Callable[[], None],
        later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._later = later
        self._run: AnyRun | None = None
        self._timer: Timer | None = None
        self._found: dict[str, TensorView] = {}
        self._hopeless: set[int] = set()
        self._step = 0
        self._began = 0.0
        self.count = 0
        """How many replays brought something."""
        self.failure = ""
        """Why the last replay brought nothing, in a line."""

    @property
    def is_running(self) -> bool:
        return self._run is not None

    @property
    def progress(self) -> str:
        """How far a replay is that takes its time; "" while there is nothing to tell."""
        if self._run is None or monotonic() - self._began < _NOTABLE:
            return ""
        return replaying(self._run.replayed, self._step)

    def attend(self, timeline: Timeline, step: int, rests: bool) -> None:
        """The learner looks at `step`; `rests` says whether nothing moves."""
        if rests and step == self._step:
            return
        self.cancel()
        self.failure = ""
        if rests and step and step not in self._hopeless and timeline.missing(step):
            self._step = step
            self._timer = self._later(_REST, self._begin)

    def drain(self, timeline: Timeline) -> None:
        """Take in what the replay found."""
        for event in self._run.take() if self._run else ():
            match event:
                case Frame() | Digested():
                    replay_check.check(timeline, event, self._launch.source)
                    if isinstance(event, Frame):
                        self._take(event.changed)
                case Edited():
                    self._take(event.changed)
                case Waited(step=step) if step >= self._step:
                    self._finish(timeline)
                    return
                case Ended(outcome="died"):
                    # Not again while the learner rests here; going away and back tries anew.
                    self.failure = f"the replay ended: {event.message}"
                    self._close()
                    return
                case Ended():
                    self._finish(timeline)
                    return

    def _take(self, changed: dict[str, TensorView | None]) -> None:
        self._found |= {name: view for name, view in changed.items() if view is not None}

    def _finish(self, timeline: Timeline) -> None:
        step = self._step
        timeline.complete(step, self._found)
        self.count += 1
        self.failure = ""
        # What one replay did not bring, another would not bring either.
        if timeline.missing(step):
            self._hopeless.add(step)
        self.cancel()

    def cancel(self) -> None:
        """The learner moved on."""
        self._close()
        self._step = 0

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        if self._run is not None:
            self._run.close()
        self._timer = self._run = None

    def _begin(self) -> None:
        # What the replay may spend has to be enough for every value.
        launch = msgspec.structs.replace(self._launch, begin=self._step - 1, exact=True)
        self._found = {}
        self._began = monotonic()
        self._run = self._engine.launch(launch, self._wake)
        self._run.go(self._step)
        self._wake()


def replaying(done: int, step: int) -> str:
    """How far a replay to `step` is."""
    return f"replaying to step {step:,}: {100 * done // max(1, step)}%"
