"""The script's stdout and stderr, caught where they are written.

What Python code writes is caught at `sys.stdout` itself, in order and without a system call. What
only knows file descriptors 1 and 2 (C++ code, child processes) writes into files that are emptied
after each step. Nothing can fill up, so a script never blocks on its own output.
"""

import io
import os
import sys
from collections.abc import Callable

STDOUT, STDERR = 1, 2

Write = Callable[[int, bytes], None]
"""Takes the stream (1 or 2) and what was written."""


class _Stream(io.RawIOBase):
    """The end of `sys.stdout` or `sys.stderr`."""

    def __init__(self, fd: int, write: Write) -> None:
        self._fd = fd
        self._write = write

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, data: bytes) -> int:  # type: ignore[override]
        content = bytes(data)
        self._write(self._fd, content)
        return len(content)


class _Text(io.TextIOWrapper):
    """Like the stream of a terminal: a line goes out when it is complete."""

    has_rest = False
    """Whether the last line is not complete, and so still in here."""

    def write(self, text: str) -> int:
        self.has_rest = not text.endswith("\n")
        return super().write(text)


class Output:
    """Catches both streams of this process until it ends.

    Args:
        write: Called with all that is written, while it is written.
        files: Two open files that stand for descriptors 1 and 2 from now on.
    """

    def __init__(self, write: Write, files: tuple[int, int]) -> None:
        self._write = write
        self._files = files
        for stream, file in zip((STDOUT, STDERR), files, strict=True):
            os.dup2(file, stream)
        self._out = self._text(STDOUT, "strict")
        self._err = self._text(STDERR, "backslashreplace")
        sys.stdout = sys.__stdout__ = self._out  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self._err  # type: ignore[misc]

    def _text(self, stream: int, errors: str) -> _Text:
        raw = io.BufferedWriter(_Stream(stream, self._write))
        return _Text(raw, "utf-8", errors, line_buffering=True)

    def flush(self) -> None:
        """Pass on incomplete lines."""
        for text in (self._out, self._err):
            if text.has_rest and not text.closed:
                text.flush()
                text.has_rest = False

    def drain(self) -> None:
        """Pass on what went past Python, and what scripts wrote to the bytes below the text."""
        for text in (self._out, self._err):
            if not text.closed:
                text.flush()
        for stream, file in zip((STDOUT, STDERR), self._files, strict=True):
            if size := os.lseek(file, 0, os.SEEK_END):
                content = os.pread(file, size, 0)
                os.ftruncate(file, 0)
                self._write(stream, content)
