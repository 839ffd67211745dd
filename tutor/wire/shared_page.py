"""A page of memory that a worker shares with its client, and the stream of messages through it.

Messages wait in the page and go down the pipe in batches, so that a fast run costs no system call a
step. A worker that dies, however it dies, leaves in the page what it had not sent, and the line of
the statement that it was in.
"""

import mmap
import os
import tempfile
import threading
from collections.abc import Iterator

import msgspec

from tutor.wire.messages import Event, Unpacker, decode_event, pack

_GENERATION, _FIRST, _LENGTH, LINE, STEP = range(5)
_HEADER = 5 * 8
SIZE = 2**20


def create() -> int:
    """A file descriptor of a new page, in memory where the platform can."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("tutor")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, SIZE)
    return fd


class Page:
    """The mapped page: five numbers, then the messages that wait to be sent."""

    def __init__(self, fd: int) -> None:
        self.memory = mmap.mmap(fd, SIZE)
        self.header = memoryview(self.memory)[:_HEADER].cast("q")

    def close(self) -> None:
        self.header.release()
        self.memory.close()

    @property
    def line(self) -> int:
        """The statement that the worker is in, or waits at."""
        return self.header[LINE]

    @property
    def step(self) -> int:
        """How far a replay has come, about."""
        return self.header[STEP]

    def unsent(self) -> tuple[int, bytes] | None:
        """Number of the first waiting message, and the waiting bytes; None while they are sent."""
        generation = self.header[_GENERATION]
        first, length = self.header[_FIRST], self.header[_LENGTH]
        waiting = self.memory[_HEADER : _HEADER + length]
        return (first, waiting) if generation == self.header[_GENERATION] else None


class Sender:
    """The worker's end: appends messages to the page and sends them in batches."""

    def __init__(self, page: Page, pipe: int) -> None:
        self.page = page
        self._memory = page.memory
        self._header = page.header
        self._pipe = pipe
        self._end = _HEADER
        self._count = 0
        # A script's own threads may print while the main thread records.
        self._lock = threading.RLock()

    def close(self) -> None:
        os.close(self._pipe)

    def append(self, message: msgspec.Struct) -> None:
        """Put a message behind the others; it is safe from here on, but not yet seen."""
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
        """Send what waits."""
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
        while view:
            view = view[os.write(self._pipe, view) :]


class Receiver:
    """The client's end: every message exactly once, from the pipe or straight from the page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._unpacker = Unpacker()
        self._piped = 0
        self._taken = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """The messages that `data` from the pipe completes and that were not peeked at before."""
        for body in self._unpacker.feed(data):
            self._piped += 1
            if self._piped > self._taken:
                self._taken = self._piped
                yield decode_event(body)

    def peek(self) -> Iterator[Event]:
        """The messages that still wait in the page: in a long statement, or after a death."""
        if (unsent := self._page.unsent()) is None:
            return
        number, waiting = unsent
        if number > self._piped:
            return  # what was sent just now is still in the pipe, and comes first
        for body in Unpacker().feed(waiting):
            number += 1
            if number > self._taken:
                self._taken = number
                yield decode_event(body)
