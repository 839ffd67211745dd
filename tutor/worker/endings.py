"""Report how a run ended, and do what Python does at a script's end."""

import threading
import traceback
from collections.abc import Callable
from typing import Any

from tutor.wire.messages import Ended
from tutor.worker import guard, process

LINGER = 1.0
"""Seconds to wait for the threads of a finished script."""

_MESSAGE = 4000
"""Characters of a message that are kept."""

_TRACEBACK = 2**18
"""Characters of a traceback that are kept."""


_code_of: Callable[[SystemExit], Any] = vars(SystemExit)["code"].__get__
"""Returns the code, even if a subclass of the script's has a property of this name."""


def run_exit_handlers() -> str:
    """Wait for threads and run exit handlers; return a line about a thread that did not end."""
    others = [
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    ]
    for thread in others:
        thread.join(LINGER / len(others))
    process.run_exit_handlers()
    if alive := [thread.name for thread in others if thread.is_alive()]:
        return f"finished, but its thread {alive[0]!r} was still running and was ended"
    return ""


def interrupted(path: str, line: int) -> Ended:
    return Ended("interrupted", f"{path}:{line}: interrupted", line)


def exited(error: SystemExit, path: str, line: int) -> Ended:
    where = f"{path}:{line}"
    code = _code_of(error)
    is_number = issubclass(type(code), int)
    if code is None or (is_number and int.__eq__(code, 0)):
        return Ended("finished", f"{where}: the script ended itself with sys.exit()", line)
    message = f"{where}: the script ended with sys.exit"
    if is_number:
        return Ended("raised", f"{message}({int.__repr__(code)})", line)
    # As Python does: `str` once, and what that raises is no end of its own.
    text = guard.attempt(str, code, otherwise=lambda problem: f"{_shown(code)} {problem}")
    return Ended("raised", f"{message}({_shown(code)})", line, f"{_cut(text)}\n")


def _shown(value: object) -> str:
    """Return the text of a plain value, of any other its class."""
    if type(value) is str:
        return _cut(repr(value), _MESSAGE)
    return repr(value) if type(value) is float else f"a {guard.type_name(value)}"


def _cut(text: str, most: int = _TRACEBACK) -> str:
    """Cut the middle out of a text that is too long."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def unreadable(path: str, error: SyntaxError | ValueError) -> Ended:
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
        text = "".join(traceback.format_exception_only(error))
        return Ended("raised", f"{path}:{line}: {type(error).__name__}: {error.msg}", line, text)
    return Ended("refused", f"{path}: {error}")


def raised(error: BaseException, script: str, path: str, line: int) -> Ended:
    """Report an uncaught exception, with a traceback of the script's own lines.

    Args:
        line: The line of the statement that ran.
    """

    def unreadable(problem: str) -> Ended:
        return Ended("raised", f"{path}:{line}: {guard.type_name(error)}: {problem}", line)

    return guard.attempt(_raised, error, script, path, otherwise=unreadable)


def _raised(error: BaseException, script: str, path: str) -> Ended:
    summary = traceback.TracebackException.from_exception(error)
    _keep_own_lines(summary, script)
    line = (summary.stack[-1].lineno if summary.stack else 0) or 0
    reason = next(summary.format_exception_only()).strip().partition("\n")[0]
    message = f"{path}:{line}: {_cut(reason, _MESSAGE)}"
    if reason == "EOFError: EOF when reading a line":
        message = f"{path}:{line}: input() has no keyboard to read from here (EOFError)"
    return Ended("raised", message, line, _cut("".join(summary.format())))


def _keep_own_lines(summary: traceback.TracebackException, script: str) -> None:
    seen = set()
    waiting: list[traceback.TracebackException | None] = [summary]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kept = [frame for frame in one.stack if frame.filename == script]
        one.stack = traceback.StackSummary.from_list(kept)
        waiting += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or [])]
