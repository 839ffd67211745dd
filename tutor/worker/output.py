"""Catch the script's stdout and stderr.

Python code writes to replaced `sys.stdout` and `sys.stderr`, in order and without a system call.
C++ code and child processes write to the ends of descriptors 1 and 2, which are files that are read
after each step. No pipe can fill up, so a script never blocks on its own output. The files are not
truncated: what a child process writes meanwhile would be lost.
"""

import fcntl
import io
import os
import sys
from collections.abc import Callable
from os import SEEK_END, lseek, pread, write
from time import perf_counter
from typing import Any, TextIO

from tutor.wire.private_descriptor import PrivateDescriptor
from tutor.wire.shared_page import DRAINED, Page
from tutor.worker import process
from tutor.worker.interrupts import Interrupts, delivering, uninterruptible

STDOUT, STDERR = 1, 2

PIECE = 65536
"""The most bytes that are passed on at once."""

DRAIN = 0.001
"""Seconds between two looks at the files: a child process takes longer than that to start."""

Write = Callable[[int, bytes], object]
"""Takes the stream (1 or 2) and what was written."""


class _Stream(io.RawIOBase):
    """The raw stream below `sys.stdout` or `sys.stderr`."""

    mode = "wb"

    def __init__(self, name: str, fd: int, output: "Output") -> None:
        self.name = name
        self._fd = fd
        self._output = output

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    @uninterruptible
    def write(self, data: bytes) -> int:  # type: ignore[override]
        # A print may be larger than a message can be.
        for start in range(0, len(data), PIECE):
            self._output.write(self._fd, bytes(data[start : start + PIECE]))
        return len(data)


class _Text(io.TextIOWrapper):
    """Line-buffered, whatever it says: a line is passed on at once, and as one piece."""

    mode = "w"
    line_buffering = True
    write_through = False
    """These two are what it says."""
    has_rest = False
    """Whether an incomplete line is still buffered."""
    interrupts: Interrupts

    def reconfigure(self, *, line_buffering: bool | None = None, **others: Any) -> None:
        if line_buffering is not None:
            self.line_buffering = line_buffering
        super().reconfigure(**others)

    @delivering
    def write(self, text: str) -> int:
        self.has_rest = not text.endswith("\n")
        written = super().write(text)
        # A function that only prints would otherwise not be interrupted before it returns.
        self.interrupts.deliver()
        return written


class Output:
    """Catches both streams of this process until it ends.

    Args:
        write: Called with everything that is written.
        files: Two open files to take the place of descriptors 1 and 2.
        interrupts: Handlers of signals that were postponed are called after each write.
        page: Gets how much of the files was passed on.
    """

    def __init__(
        self, write: Write, files: tuple[int, int], interrupts: Interrupts, page: Page
    ) -> None:
        self.write = write
        self._header = page.header
        self._next_drain = 0.0
        self._interrupts = interrupts
        for stream, file in zip((STDOUT, STDERR), files, strict=True):
            # The script's processes all write to the current end.
            fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
            os.dup2(file, stream)
        self._files = [PrivateDescriptor(file, os.O_RDWR | os.O_APPEND) for file in files]
        self._out = self._text(STDOUT, sys.__stdout__)
        self._err = self._text(STDERR, sys.__stderr__)
        # As Python does it; the host's own stdout is no terminal.
        self._out.line_buffering = self._out.isatty() and not self._out.write_through
        self._err.line_buffering = not self._err.write_through
        sys.stdout = sys.__stdout__ = self._out  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self._err  # type: ignore[misc]

    def _text(self, stream: int, host: TextIO | None) -> _Text:
        """Return a stream like the host's own, for which Python obeyed the environment."""
        assert isinstance(host, io.TextIOWrapper)
        raw = io.BufferedWriter(_Stream(host.name, stream, self))  # type: ignore[type-var]
        text = _Text(raw, host.encoding, host.errors, line_buffering=True)
        text.write_through = host.write_through
        text.interrupts = self._interrupts
        return text

    def end_step(self, is_complete: bool) -> None:
        """Pass on what a step wrote.

        Args:
            is_complete: Read the files too; otherwise they are read once every `DRAIN` seconds.
        """
        if is_complete or perf_counter() > self._next_drain:
            self.drain()
            self._next_drain = perf_counter() + DRAIN
            return
        # Pass on incomplete lines.
        for text in (self._out, self._err):
            if text.has_rest:
                self._flush(text)
                text.has_rest = False

    def drain(self) -> None:
        """Pass on everything: incomplete lines, `sys.stdout.buffer`, and the files."""
        self.flush()
        for stream, private in zip((STDOUT, STDERR), self._files, strict=True):
            try:
                end = lseek(private.number, 0, SEEK_END)
            except OSError:
                end = lseek(private.fileno(), 0, SEEK_END)
            place = DRAINED + stream - 1
            if (start := self._header[place]) != end:
                file = private.fileno()
                # The script may have truncated its own output.
                for at in range(start if start < end else 0, end, PIECE):
                    self.write(stream, pread(file, min(PIECE, end - at), at))
                self._header[place] = end
                process.free(file, start, end)

    def flush(self) -> None:
        """Pass on what Python's streams hold: incomplete lines, `sys.stdout.buffer`."""
        for text in (self._out, self._err):
            self._flush(text)

    def bypass(self) -> None:
        """Write to the files from now on."""
        self.write = write

    @staticmethod
    def _flush(text: _Text) -> None:
        # A stream that the script closed or detached holds nothing.
        try:  # noqa: SIM105  (`contextlib` needs the script's builtins)
            text.flush()
        except ValueError:
            pass
