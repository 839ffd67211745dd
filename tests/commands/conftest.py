"""The command line in this process, with the engine of this session.

A process that imports torch for each command would spend nearly all of its time on that.
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
    """In its context the commands run their scripts in this session's engine."""

    @contextmanager
    def lend() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tutor.commands.headless.Engine", lambda: engine)
            # They start what they use, close it, and listen to it.
            patch.setattr(engine, "start", lambda: None)
            patch.setattr(engine, "close", lambda: None)
            patch.setattr(engine, "on_change", None)
            yield

    return lend


@pytest.fixture(scope="session")
def tutor(lent: Callable[[], AbstractContextManager[None]]) -> Callable[..., CompletedProcess]:
    """`tutor ARGUMENTS`, as `shell` does it in a process of its own."""

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
