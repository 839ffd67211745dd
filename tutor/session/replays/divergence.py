"""Find the first step at which a replay diverges from the recorded run."""

from collections.abc import Callable

import msgspec

from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.replay import Replay
from tutor.wire.messages import DIGESTED, Ended, Event, Job, Launch, Waited


class DivergenceReplay(Replay):
    """Narrows a divergence to one step: a digest covers its last `DIGESTED` steps together."""

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        super().__init__(engine, launch, wake)
        self._tried: set[int] = set()

    def attend(self, timeline: Timeline) -> None:
        """Start looking for the first step that differs, once a digest differs."""
        found = timeline.divergence
        if found is None or found.is_exact or self.is_running or found.step in self._tried:
            return
        self._tried.add(found.step)
        # The digest before it agreed, and so did everything before that.
        begin = (found.step - 1) // DIGESTED * DIGESTED
        self._start(Job(self._replayed(), begin), found.step)

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        if not agrees and isinstance(event, Frame) and timeline.divergence is not None:
            timeline.divergence = msgspec.structs.replace(timeline.divergence, is_exact=True)
        is_over = isinstance(event, Waited) and event.step >= self._until
        if not agrees or is_over or isinstance(event, Ended):
            self.close()
