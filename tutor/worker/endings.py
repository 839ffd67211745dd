"""Report how a run ended, and do what Python does at a script's end."""

import threading
import traceback

from tutor.wire.messages import Ended
from tutor.worker import process

LINGER = 1.0
"""Seconds to wait for the threads of a finished script."""


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
    if error.code is None or error.code == 0:
        return Ended("finished", f"{where}: the script ended itself with sys.exit()", line)
    text = f"{error.code}\n" if isinstance(error.code, str) else ""
    return Ended("raised", f"{where}: the script ended with sys.exit({error.code!r})", line, text)


def unreadable(path: str, error: SyntaxError | ValueError) -> Ended:
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
        text = "".join(traceback.format_exception_only(error))
        return Ended("raised", f"{path}:{line}: {type(error).__name__}: {error.msg}", line, text)
    return Ended("refused", f"{path}: {error}")


def raised(error: BaseException, script: str, path: str) -> Ended:
    """Report an uncaught exception, with a traceback of the script's own lines."""
    summary = traceback.TracebackException.from_exception(error)
    _keep_own_lines(summary, script)
    line = (summary.stack[-1].lineno if summary.stack else 0) or 0
    reason = next(summary.format_exception_only()).strip().partition("\n")[0]
    message = f"{path}:{line}: {reason}"
    if reason == "EOFError: EOF when reading a line":
        message = f"{path}:{line}: input() has no keyboard to read from here (EOFError)"
    return Ended("raised", message, line, "".join(summary.format()))


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
