"""Report how a run ended, and do what Python does at a script's end."""

import gc
import io
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from os import _exit
from threading import Thread
from typing import Any, NoReturn

from tutor.wire.messages import Ended
from tutor.wire.stream import TooLarge
from tutor.worker import guard, own_builtins, process
from tutor.worker.instrument import HOOKS
from tutor.worker.interrupts import is_fault, trace_of
from tutor.worker.process import ForkedProcesses

LINGER = 1.0
"""Seconds to wait for the threads, and for the forked processes, of a finished script."""

_all_threads, _main_thread = threading.enumerate, threading.main_thread()

_MESSAGE = 4000
"""Characters of a message that are kept."""

_TRACEBACK = 2**18
"""Characters of a traceback that are kept."""


_code_of: Callable[[BaseException], Any] = vars(SystemExit)["code"].__get__
"""Returns the code, even if a subclass of the script's has a property of this name."""


def run_exit_handlers(forked: ForkedProcesses | None = None) -> str:
    """Wait for threads, run exit handlers, then wait for the processes that the script forked.

    Returns:
        A line about a thread or process that did not end.
    """
    with own_builtins.everywhere():
        others = [one for one in _all_threads() if not one.daemon and one is not _main_thread]
    for thread in others:
        Thread.join(thread, LINGER / len(others))
    process.run_exit_handlers()
    with own_builtins.everywhere():
        _flush_files()
    if alive := [thread.name for thread in others if Thread.is_alive(thread)]:
        return f"finished, but its thread {alive[0]!r} was still running and was ended"
    if forked is not None and not forked.wait(LINGER):
        return "finished, but a process that it forked was still running and was ended"
    return ""


def run_exception_hook(error: BaseException) -> bool:
    """Call the script's own `sys.excepthook`, and return True if there is one.

    Raises:
        SystemExit: the hook does.
    """
    hook = sys.excepthook
    if hook is sys.__excepthook__ or issubclass(type(error), SystemExit):
        return False
    try:
        hook(type(error), error, trace_of(error))
    except SystemExit:
        raise
    except BaseException:
        return False
    return True


def leave_child(ended: Ended, flush: Callable[[], None]) -> NoReturn:
    """End a process that the script forked, and that came to the script's end, as Python would.

    Args:
        flush: Writes what `sys.stdout` and `sys.stderr` hold.
    """
    try:
        if sys.stderr is not None:
            sys.stderr.write(ended.traceback)
        run_exit_handlers()
        flush()
    finally:
        status = {"finished": 0, "interrupted": 128 + signal.SIGINT}.get(ended.outcome, 1)
        _exit(status if ended.status is None else ended.status)


def _flush_files() -> None:
    """Write what is buffered in files that the script left open, as Python does when it ends."""
    for kinds in (io.TextIOWrapper, io.BufferedWriter | io.BufferedRandom):
        for file in gc.get_objects():
            # Not `isinstance`: it would ask the objects of the script for their `__class__`.
            if issubclass(type(file), kinds):
                # It may be closed or detached, the disk full, or a method the script's own.
                guard.attempt(file.flush, otherwise=lambda problem: None)


def interrupted(path: str, line: int) -> Ended:
    return Ended("interrupted", f"{path}:{line}: interrupted", line)


def exited(error: BaseException, path: str, line: int) -> Ended:
    where = f"{path}:{line}"
    code = _code_of(error)
    is_number = issubclass(type(code), int)
    if code is None or (is_number and int.__eq__(code, 0)):
        return Ended("finished", f"{where}: the script ended itself with sys.exit()", line)
    message = f"{where}: the script ended with sys.exit"
    if is_number:
        status = int.__and__(code, 0xFF)
        return Ended("raised", f"{message}({int.__repr__(code)})", line, status=status)
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


def uncaught(error: BaseException, script: str, path: str, line: int) -> Ended:
    """Report what ended a script.

    Args:
        script: The file name of its code.
        path: Its path as the learner typed it.
        line: The line of the last statement that began.
    """
    if is_fault(error):
        return failed(error, path, line)
    # Not `isinstance`: it would ask the exception for its `__class__`.
    kind = type(error)
    if issubclass(kind, SystemExit):
        return exited(error, path, line)
    if issubclass(kind, KeyboardInterrupt):
        return interrupted(path, line)
    if kind is NameError and getattr(error, "name", "") in HOOKS:
        reason = "the script emptied builtins, where the recorder has its hooks"
        return Ended("died", f"{path}:{line}: {reason}", line)
    return raised(error, script, path, line)


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


def failed(error: BaseException, path: str, line: int) -> Ended:
    """Report a fault of the engine, with its whole traceback."""
    where = f"{path}:{line}" if line else path
    if isinstance(error, TooLarge):
        return Ended("died", f"{where}: this step is too large to record: {error}", line)
    try:
        reason, fault = repr(error), "".join(traceback.format_exception(error))
    except Exception:
        reason, fault = type(error).__name__, ""
    return Ended("died", f"{where}: the engine failed: {reason}", line, fault)


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
