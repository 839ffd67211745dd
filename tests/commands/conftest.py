"""Run the command line in this process, with the test session's engine.

A process of its own for each command would spend nearly all of its time importing torch.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from tutor.cli import main
from tutor.engine.client import Engine


@pytest.fixture(scope="session")
def lent(engine: Engine) -> Callable[[], AbstractContextManager[None]]:
    """A context in which commands run their scripts in the test session's engine."""

    @contextmanager
    def lend() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tutor.commands.headless.Engine", lambda: engine)
            # The commands must neither start nor close it, nor replace its callback for good.
            patch.setattr(engine, "start", lambda: None)
            patch.setattr(engine, "close", lambda: None)
            patch.setattr(engine, "on_change", None)
            yield

    return lend


@pytest.fixture(scope="session")
def tutor(lent: Callable[[], AbstractContextManager[None]]) -> Callable[..., CompletedProcess]:
    """Run `tutor ARGUMENTS` in this process; `shell` runs it in a process of its own."""

    def run(*arguments: object) -> CompletedProcess[bytes]:
        words = [str(argument) for argument in arguments]
        with lent():
            found = CliRunner().invoke(main, words, catch_exceptions=False)
        return CompletedProcess(words, found.exit_code, found.stdout_bytes, found.stderr_bytes)

    return run


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    def write(source: str, name: str = "script.py") -> Path:
        path = tmp_path / name
        path.write_text(source)
        return path

    return write
