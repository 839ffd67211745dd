"""Fixtures for tests that run scripts in the real engine."""

import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default=None, help="run the engine's tests on this device")


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> str | None:
    """The default device of the tests' runs; None for the CPU."""
    found: str | None = request.config.getoption("--device")
    return found


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


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    # Eager: what a first optimizer takes a second for is then loaded once, not in every run.
    engine = Engine(eager=True)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def drive(engine: Engine, device: str | None, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    """Launch a script given as text; it is written to `script.py`."""
    drivers: list[Driver] = []

    def launch(source: str, **changes: Any) -> Driver:
        path = tmp_path / "script.py"
        text = textwrap.dedent(source).lstrip("\n")
        path.write_text(text)
        wish = Launch(str(path), text, device=device)
        drivers.append(Driver(engine, msgspec.structs.replace(wish, **changes)))
        return drivers[-1]

    yield launch
    for driver in drivers:
        driver.run.close()


@pytest.fixture
def record(drive: Callable[..., Driver]) -> Callable[..., Recording]:
    """Run a script given as text to its end."""

    def run(source: str, **changes: Any) -> Recording:
        return drive(source, **changes).to_the_end()

    return run
