"""`tutor doctor`: report what the program finds on this machine, for a bug report."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version

from tutor.commands.headless import HeadlessEngine
from tutor.course import progress
from tutor.course.catalog import find, lessons_folder
from tutor.schema.errors import BadRequest

_LABEL = 10


def report() -> Iterator[str]:
    """Yield one line for each fact."""
    yield _row("tutor", version("autograd-tutor"))
    yield _row("python", f"{platform.python_version()} ({sys.executable})")
    with HeadlessEngine() as headless:
        try:
            headless.detected()
            device, torch = headless.engine.device or "", headless.engine.torch or ""
        except BadRequest as error:
            device = torch = str(error)
    yield _row("torch", torch)
    yield _row("device", device)
    for package in ("textual", "plotext", "numpy", "msgspec"):
        yield _row(package, version(package))
    yield _row("terminal", _terminal())
    yield _row("encoding", sys.stdout.encoding)
    entries = find()
    broken = sum(entry.error is not None for entry in entries)
    note = f", {broken} broken (tutor list)" if broken else ""
    yield _row("progress", f"{len(progress.done())} lessons done, in {progress.location()}")
    yield _row("lessons", f"{len(entries)} in {lessons_folder()}{note}")


def _terminal() -> str:
    size = shutil.get_terminal_size()
    if not sys.stdout.isatty():
        return "none here (the output is a file or a pipe)"
    settings = [f"TERM={os.environ.get('TERM', '(unset)')}"]
    others = ("COLORTERM", "NO_COLOR", "TMUX")
    settings += [f"{name}={os.environ[name]}" for name in others if name in os.environ]
    return f"{size.columns}x{size.lines}, {' '.join(settings)}"


def _row(label: str, value: str) -> str:
    return f"{label:<{_LABEL}}{value}"
