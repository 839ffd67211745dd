"""Drive one run of the real engine and keep all its events."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tutor.engine.client import Engine
from tutor.engine.run import Run
from tutor.history.record_events import record
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.wire.messages import FOREVER, Ended, Event, Job, Printed, Waited

TIMEOUT = 60.0
"""Seconds without an event after which a test fails."""


@dataclass
class Recording:
    """All events of a run."""

    events: list[Event] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def frames(self) -> list[Frame]:
        return [event for event in self.events if isinstance(event, Frame)]

    @property
    def ended(self) -> Ended:
        return next(event for event in self.events if isinstance(event, Ended))

    def text(self, stream: int = 1) -> str:
        pieces = [p for e in self.events if isinstance(e, Printed) for p in e.output]
        return b"".join(text for one, text in pieces if one == stream).decode()


class Driver:
    """Drives one run and waits for its events."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self._news = threading.Event()
        self._is_replay = job.begin > 0
        self.recording = Recording()
        self._unseen: deque[Event] = deque()
        """Events that `until` has not seen yet: several may arrive at once."""
        self.run: Run = engine.launch(job, self._news.set)

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Return the first event that is wanted, among those not seen before."""
        while True:
            while self._unseen:
                if wanted(event := self._unseen.popleft()):
                    return event
            assert self._news.wait(TIMEOUT), f"nothing but {self.recording.events[-3:]}"
            self._news.clear()
            for event in self.run.take():
                self._take(event)

    def _take(self, event: Event) -> None:
        self._unseen.append(event)
        self.recording.events.append(event)
        if not self._is_replay:  # a timeline starts at step 1
            record(self.recording.timeline, event)

    def step_to(self, step: int) -> Waited:
        self.run.go(step)
        found = self.until(lambda e: isinstance(e, Waited) and e.step >= step)
        assert isinstance(found, Waited)
        return found

    def to_the_end(self) -> Recording:
        self.run.go(FOREVER)
        self.until(lambda event: isinstance(event, Ended))
        return self.recording
