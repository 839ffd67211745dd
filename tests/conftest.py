"""Fixtures for tests that run scripts in the real engine."""

import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from driver import Driver, Recording
from hypothesis import HealthCheck, settings

from tutor.engine.client import Engine
from tutor.wire.messages import Job, Launch

# The scripts of the tests find these as under a plain `python`.
for name in ("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONWARNINGS", "PYTHONBREAKPOINT"):
    os.environ.pop(name, None)

# A busy machine must not fail a test, so none has a time limit.
settings.register_profile("tutor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tutor")


@pytest.fixture(autouse=True)
def own_progress(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests out of the tester's own progress file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default=None, help="run the engine's tests on this device")


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> str | None:
    """Return the default device of the tests' runs; None for the CPU."""
    found: str | None = request.config.getoption("--device")
    return found


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    # Eager: torch modules that the first optimizer imports are loaded once, not in every run.
    engine = Engine(eager=True)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def drive(engine: Engine, device: str | None, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    """Return a function that launches a script given as text, written to `script.py`."""
    drivers: list[Driver] = []

    def launch(source: str, **changes: Any) -> Driver:
        path = tmp_path / "script.py"
        text = textwrap.dedent(source).lstrip("\n")
        path.write_text(text)
        options = {name: changes.pop(name) for name in Job.__struct_fields__ if name in changes}
        wish = msgspec.structs.replace(Launch(str(path), text, device=device), **changes)
        drivers.append(Driver(engine, Job(wish, **options)))
        return drivers[-1]

    yield launch
    for driver in drivers:
        driver.run.close()


@pytest.fixture
def record(drive: Callable[..., Driver]) -> Callable[..., Recording]:
    """Return a function that runs a script given as text to its end."""

    def run(source: str, **changes: Any) -> Recording:
        return drive(source, **changes).to_the_end()

    return run
