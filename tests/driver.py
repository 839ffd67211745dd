"""Drives one run of the real engine and keeps all that it says."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tutor.engine.client import Engine
from tutor.engine.protocol import (
    FOREVER,
    Completed,
    Digested,
    Edited,
    Ended,
    Event,
    Launch,
    Printed,
    Waited,
)
from tutor.engine.run import Run
from tutor.frame import Frame
from tutor.timeline import Timeline

PATIENCE = 60.0
"""Seconds after which a run that says nothing fails its test."""


@dataclass
class Recording:
    """All that a run said."""

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
    """Drives one run and waits for what it says."""

    def __init__(self, engine: Engine, launch: Launch) -> None:
        self._news = threading.Event()
        self._is_replay = launch.begin > 0
        self.recording = Recording()
        self.run: Run = engine.launch(launch, self._news.set)

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Take events up to the first that is wanted."""
        while True:
            assert self._news.wait(PATIENCE), f"nothing but {self.recording.events[-3:]}"
            self._news.clear()
            found = None
            for event in self.run.take():
                self.recording.events.append(event)
                if self._is_replay:
                    pass  # its first step has no step before it
                elif isinstance(event, Frame):
                    self.recording.timeline.append(event)
                elif isinstance(event, Printed):
                    self.recording.timeline.print(event.step, event.output)
                elif isinstance(event, Completed):
                    self.recording.timeline.complete(event.step, event.views)
                elif isinstance(event, Edited):
                    self.recording.timeline.edit(event.step, event.changed)
                elif isinstance(event, Digested):
                    self.recording.timeline.digests[event.step] = event.digest
                if found is None and wanted(event):
                    found = event
            if found is not None:
                return found

    def step_to(self, step: int) -> Waited:
        self.run.go(step)
        found = self.until(lambda e: isinstance(e, Waited) and e.step >= step)
        assert isinstance(found, Waited)
        return found

    def to_the_end(self) -> Recording:
        self.run.go(FOREVER)
        self.until(lambda event: isinstance(event, Ended))
        return self.recording
