"""Bring back values that a recording no longer holds: a second run replays up to one step."""

from collections.abc import Callable

import msgspec
from textual.timer import Timer

from tutor.engine.client import Engine
from tutor.engine.protocol import Ended, Launch
from tutor.engine.run import Run
from tutor.frame import Frame
from tutor.timeline import Timeline

_REST = 0.25
"""Seconds that the learner stays at a step before its values are brought back."""


class Refill:
    """At most one replay at a time, for the step that the learner rests at.

    Args:
        wake: Called when a replay begins, and from another thread when `drain` has something.
        later: Calls back after so many seconds, unless its timer is stopped.
    """

    def __init__(
        self,
        engine: Engine,
        launch: Launch,
        wake: Callable[[], None],
        later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._later = later
        self._run: Run | None = None
        self._timer: Timer | None = None
        self._hopeless: set[int] = set()
        self._step = 0
        self.count = 0
        """How many replays brought something."""

    @property
    def is_running(self) -> bool:
        return self._run is not None

    def attend(self, timeline: Timeline, step: int, rests: bool) -> None:
        """The learner looks at `step`; `rests` says whether nothing moves."""
        if rests and step == self._step:
            return
        self.cancel()
        if rests and step and step not in self._hopeless and timeline.missing(step):
            self._step = step
            self._timer = self._later(_REST, self._begin)

    def drain(self, timeline: Timeline) -> None:
        """Take in what the replay found."""
        for event in self._run.take() if self._run else ():
            if isinstance(event, Frame | Ended):
                step = self._step
                if isinstance(event, Frame):
                    views = {name: view for name, view in event.changed.items() if view is not None}
                    timeline.complete(step, views)
                    self.count += 1
                # What one replay did not bring, another would not bring either.
                if timeline.missing(step):
                    self._hopeless.add(step)
                self.cancel()
                return

    def cancel(self) -> None:
        """The learner moved on."""
        if self._timer is not None:
            self._timer.stop()
        if self._run is not None:
            self._run.close()
        self._timer = self._run = None
        self._step = 0

    def _begin(self) -> None:
        # What the replay may spend has to be enough for every value.
        launch = msgspec.structs.replace(self._launch, begin=self._step - 1, exact=True)
        self._run = self._engine.launch(launch, self._wake)
        self._run.go(self._step)
        self._wake()
