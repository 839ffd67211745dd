"""Bring back values that a recording no longer holds: a second run replays up to one step."""

from collections.abc import Callable

import msgspec

from tutor.engine.client import Engine, Run
from tutor.engine.protocol import Ended, Launch
from tutor.frame import Frame
from tutor.timeline import Timeline


class Refill:
    """At most one replay at a time.

    Args:
        wake: Called from another thread when `drain` has something to take.
    """

    def __init__(self, engine: Engine, launch: Launch, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._run: Run | None = None
        self.step = 0
        """The step that is being replayed, 0 for none."""
        self._hopeless: set[int] = set()

    def wants(self, timeline: Timeline, step: int) -> bool:
        """Whether a replay would show more at this step."""
        if step in (0, self.step) or step in self._hopeless:
            return False
        return bool(timeline.missing(step))

    def begin(self, step: int) -> None:
        """Replay up to `step` and record it with every value."""
        self.cancel()
        self.step = step
        # What the replay may spend has to be enough for every value.
        launch = msgspec.structs.replace(self._launch, begin=step - 1, exact=True)
        self._run = self._engine.launch(launch, self._wake)
        self._run.go(step)

    def drain(self, timeline: Timeline) -> bool:
        """Take in what the replay found; whether the timeline holds more now."""
        for event in self._run.take() if self._run else ():
            if isinstance(event, Frame):
                step = self.step
                views = {name: view for name, view in event.changed.items() if view is not None}
                timeline.complete(step, views)
                self._settle(timeline, step)
                return True
            if isinstance(event, Ended):
                self._settle(timeline, self.step)
        return False

    def cancel(self) -> None:
        """The learner moved on."""
        if self._run is not None:
            self._run.close()
        self._run = None
        self.step = 0

    def _settle(self, timeline: Timeline, step: int) -> None:
        # What a replay did not bring, another would not bring either.
        if timeline.missing(step):
            self._hopeless.add(step)
        self.cancel()
