"""Where a replay first came to something else than the run: one that records is held against it."""

from collections.abc import Callable

import msgspec

from tutor.history import replay_check
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.session.engine_protocol import AnyEngine, AnyRun
from tutor.wire.messages import DIGESTED, Digested, Ended, Launch, Waited


class Prover:
    """Makes a doubt exact: a digest tells of its last `DIGESTED` steps together.

    Args:
        wake: Called from another thread when `drain` has something.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._run: AnyRun | None = None
        self._tried: set[int] = set()

    @property
    def is_running(self) -> bool:
        return self._run is not None

    def attend(self, timeline: Timeline) -> None:
        """Look for the first step that differs, once there is a doubt."""
        doubt = timeline.doubt
        if doubt is None or doubt.is_exact or self._run or doubt.step in self._tried:
            return
        self._tried.add(doubt.step)
        # The digest before it agreed, and so did all that came before that.
        begin = (doubt.step - 1) // DIGESTED * DIGESTED
        launch = msgspec.structs.replace(self._launch, begin=begin, exact=True, show=(), slots={})
        self._run = self._engine.launch(launch, self._wake)
        self._run.go(doubt.step)
        self._until = doubt.step

    def drain(self, timeline: Timeline) -> None:
        """Take in what the replay recorded."""
        for event in self._run.take() if self._run else ():
            agrees = True
            if isinstance(event, Frame | Digested):
                agrees = replay_check.check(timeline, event, self._launch.source)
                if not agrees and isinstance(event, Frame) and timeline.doubt is not None:
                    timeline.doubt = msgspec.structs.replace(timeline.doubt, is_exact=True)
            is_over = isinstance(event, Waited) and event.step >= self._until
            if not agrees or is_over or isinstance(event, Ended):
                self.close()
                return

    def close(self) -> None:
        if self._run is not None:
            self._run.close()
        self._run = None
