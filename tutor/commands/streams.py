"""The standard streams of a command: text is made printable, and a failed write is reported."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

from tutor.schema.printable import printable


class OutputLost(Exception):
    """Stdout or stderr cannot be written to; the text says why, "" if nobody reads it any more."""


class _Stream:
    """A text stream that escapes what a terminal would obey. Its `buffer` takes bytes as they are.

    Raises:
        OutputLost: from `write` and `flush`, if the stream cannot be written to.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.buffer = _Bytes(stream.buffer)
        # A character that the encoding lacks is better escaped than the end of the command.
        stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        with _reported():
            self._stream.write(printable(text))
        return len(text)

    def flush(self) -> None:
        with _reported():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Bytes:
    """The bytes below a text stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, content: bytes) -> int:
        with _reported():
            self._stream.write(content)
        return len(content)

    def flush(self) -> None:
        with _reported():
            self._stream.flush()


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise OutputLost from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputLost(f"the output cannot be written: {reason}") from None


def protect() -> None:
    """Replace stdout and stderr of this process, for good, by streams that escape and report."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # It was closed, and would become whatever file is opened next. A descriptor that
            # cannot be written to lets stdout report it.
            os.open(os.devnull, os.O_WRONLY if descriptor == 2 else os.O_RDONLY)
    if not isinstance(sys.stdout, _Stream):
        sys.stdout = cast(TextIO, _Stream(sys.stdout or open(1, "w", closefd=False)))
    if not isinstance(sys.stderr, _Stream):
        sys.stderr = cast(TextIO, _Stream(sys.stderr or open(2, "w", closefd=False)))


def abandon() -> None:
    """Drop what could not be written, which Python would try to write again when it exits."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # in a test it is no file
            os.dup2(null, stream.fileno())
    os.close(null)


@contextlib.contextmanager
def unwound_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP leave the `with` block as an exception, so that nothing stays behind.

    The exit status is that of a process which the signal killed.
    """

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Under `nohup` the signal is ignored, and stays so.
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
