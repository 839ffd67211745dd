"""Memory that a worker shares with its client, and the stream of events through it.

Events wait in the page and go down the pipe in batches, so that a fast run costs no system call per
step. A worker that dies leaves its unsent events in the page, and the line of its statement.
"""

import contextlib
import fcntl
import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from os import write

import msgspec

from tutor.wire.messages import Event
from tutor.wire.private_descriptor import PrivateDescriptor
from tutor.wire.stream import Unpacker, decode_event, pack

_GENERATION, _FIRST, _LENGTH, LINE, STEP, _RUNS_SCRIPT, DRAINED, _ = range(8)
"""From `DRAINED` on: how much of the files for descriptors 1 and 2 was passed on."""
_HEADER = 8 * 8
SIZE = 2**20

_SEAL_FUTURE_WRITE = 0x10
"""`F_SEAL_FUTURE_WRITE`, which `fcntl` does not name: only what is mapped already is written to."""


def create() -> int:
    """Return a file descriptor of a new page; in memory if the platform can."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("tutor", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, SIZE)
    return fd


class Page:
    """The mapped page: eight numbers, then the unsent messages."""

    def __init__(self, fd: int) -> None:
        self.memory = mmap.mmap(fd, SIZE)
        self.header = memoryview(self.memory)[:_HEADER].cast("q")

    def close(self) -> None:
        self.header.release()
        self.memory.close()

    def protect(self, fd: int) -> None:
        """Let nothing but this mapping, in this process, write to the page (Linux only).

        Args:
            fd: The descriptor of the page. `mmap` keeps a copy of it, which a script may find.
        """
        if hasattr(os, "memfd_create"):
            # A kernel before 5.1 has no such seal.
            with contextlib.suppress(OSError):
                fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEAL_FUTURE_WRITE | fcntl.F_SEAL_SHRINK)
            # A forked process has no such memory.
            self.memory.madvise(mmap.MADV_DONTFORK)

    @property
    def runs_script(self) -> bool:
        """Whether the script runs: an end of the process is its own doing then."""
        return self.header[_RUNS_SCRIPT] == 1

    @runs_script.setter
    def runs_script(self, runs: bool) -> None:
        self.header[_RUNS_SCRIPT] = runs

    @property
    def line(self) -> int:
        """The line of the statement that the worker runs or waits before."""
        return self.header[LINE]

    @property
    def step(self) -> int:
        """The step of a replay, roughly."""
        return self.header[STEP]

    def unsent(self) -> tuple[int, bytes] | None:
        """Return the first unsent message's number, and all bytes; None while they are sent."""
        generation = self.header[_GENERATION]
        first, length = self.header[_FIRST], self.header[_LENGTH]
        waiting = self.memory[_HEADER : _HEADER + length]
        return (first, waiting) if generation == self.header[_GENERATION] else None


class Sender:
    """The worker's end: appends messages to the page and sends them in batches."""

    def __init__(self, page: Page, pipe: PrivateDescriptor) -> None:
        self.page = page
        self._memory = page.memory
        self._header = page.header
        self._pipe = pipe
        self._end = _HEADER
        self._count = 0
        # A script's own threads may print while the main thread records.
        self._lock = threading.RLock()

    def close(self) -> None:
        self._pipe.close()

    def append(self, message: msgspec.Struct) -> None:
        """Append a message: from now on it survives the worker, but is not yet received."""
        data = pack(message)
        with self._lock:
            start = self._end
            end = start + len(data)
            if end > SIZE:
                self._make_room(data)
                return
            self._memory[start:end] = data
            self._end = end
            self._count += 1
            self._header[_LENGTH] = end - _HEADER

    def flush(self) -> None:
        """Send the waiting messages."""
        with self._lock:
            if self._end == _HEADER:
                return
            self._write(self._memory[_HEADER : self._end])
            header = self._header
            header[_GENERATION] += 1
            header[_LENGTH] = 0
            header[_FIRST] += self._count
            header[_GENERATION] += 1
            self._end = _HEADER
            self._count = 0

    def _make_room(self, data: bytes) -> None:
        self.flush()
        if len(data) > SIZE - _HEADER:
            self._write(data)
            self._header[_FIRST] += 1
            return
        self._end = _HEADER + len(data)
        self._memory[_HEADER : self._end] = data
        self._count = 1
        self._header[_LENGTH] = len(data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        pipe = self._pipe.fileno()
        while view:
            view = view[write(pipe, view) :]


class Receiver:
    """The client's end: yields every message once, from the pipe or directly from the page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._unpacker = Unpacker()
        self._piped = 0
        self._taken = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the messages that `data` from the pipe completes, except those peeked at."""
        for body in self._unpacker.feed(data):
            self._piped += 1
            if self._piped > self._taken:
                self._taken = self._piped
                yield decode_event(body)

    def peek(self) -> Iterator[Event]:
        """Yield the unsent messages: during a long statement, or after the worker died."""
        if (unsent := self._page.unsent()) is None:
            return
        number, waiting = unsent
        if number > self._piped:
            return  # earlier messages are still in the pipe, and come first
        for body in Unpacker().feed(waiting):
            number += 1
            if number > self._taken:
                self._taken = number
                yield decode_event(body)
