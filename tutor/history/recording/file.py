"""Read and write the blocks of a recording: messages with checksums.

    magic, version | length, crc32, payload | length, crc32, payload | …

A payload is a sequence of messages, each with its length in front, as on the worker's pipe.
"""

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from tutor.history.new_file import NewFile
from tutor.schema.errors import BadRequest

MAGIC = b"\x89TUTOR\r\n"
"""No text file begins like this, and a transfer in text mode damages it."""

VERSION = 1

_START = struct.Struct("<8sI")
_BLOCK = struct.Struct("<II")
_LENGTH = struct.Struct("<I")

_FULL = 2**16
"""Bytes at which a block is written. A single message may be longer."""

_LONGEST = 2**26
"""The most bytes in a block."""


class RecordingError(BadRequest):
    """A recording cannot be read or written; the text says which, why, and what to do."""


class Damage(ValueError):
    """A recording has content that this program never writes; the text says what."""


class Truncated(Damage):
    """The file ends too early."""


def is_recording(path: str | Path) -> bool:
    """Return True if the file begins like a recording, of any version, complete or not."""
    # Reading from a pipe would take bytes from its real reader.
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except PermissionError:
        return False


def run_number(path: str | Path, branch: str, names: Sequence[str]) -> int:
    """Return the number of the run with this name.

    Raises:
        RecordingError: there is none.
    """
    if branch not in names:
        known = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        raise RecordingError(f"{path} has no branch {branch!r}: it has {known}")
    return names.index(branch)


def payloads(path: str | Path) -> Iterator[bytes]:
    """Yield the payload of each block.

    Raises:
        RecordingError: there is no recording, or it is of a newer format.
        Damage: the next block is damaged.
    """
    if not os.path.exists(path):
        raise RecordingError(f"no such file: {path}")
    no_recording = f"{path} is no recording: name one that `tutor run … --save` made"
    if not os.path.isfile(path):
        raise RecordingError(no_recording)
    with open(path, "rb") as file:
        start = file.read(_START.size)
        if not start.startswith(MAGIC):
            raise RecordingError(no_recording)
        if len(start) < _START.size:
            raise Truncated("cut off")
        _, version = _START.unpack(start)
        if version > VERSION:
            problem = f"was saved by a newer tutor (format {version}, this one reads {VERSION})"
            raise RecordingError(f"{path} {problem}: update tutor")
        if version != VERSION:
            raise Damage(f"format {version}")
        left = os.fstat(file.fileno()).st_size - _START.size
        while left:
            if left < _BLOCK.size:
                raise Truncated("cut off")
            length, checksum = _BLOCK.unpack(file.read(_BLOCK.size))
            left -= _BLOCK.size + length
            # Test before reading, so that a false length allocates no memory.
            if left < 0:
                raise Truncated("cut off")
            # Only the last block may be empty: a file full of them would take minutes to read.
            if length > _LONGEST or (left and not length):
                raise Damage(f"a block of {length:,} bytes")
            payload = file.read(length)
            if len(payload) != length or zlib.crc32(payload) != checksum:
                raise Damage("checksum")
            yield payload


def split(payload: bytes) -> Iterator[bytes]:
    """Yield the messages of a block.

    Raises:
        Damage: a message is longer than the block.
    """
    start = 0
    while start < len(payload):
        begin = start + _LENGTH.size
        end = begin + int.from_bytes(payload[start:begin], "little")
        if end > len(payload):
            raise Damage("a message longer than its block")
        yield payload[begin:end]
        start = end


class BlockWriter:
    """Writes a file that replaces the old one only when it is complete.

    A context manager: an exception in its body drops the new file and keeps the old one.

    Raises:
        RecordingError: from each method, if the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        if os.path.lexists(path) and not is_recording(path):
            problem = f"{path} is there and is no recording, so it is not written over"
            raise RecordingError(f"{problem}: save under another name")
        with self._one_line_errors():
            self._new = NewFile(path)
        self._file = self._new.__enter__()
        self._start = _START.pack(MAGIC, VERSION)
        self._payload = bytearray()

    def __enter__(self) -> "BlockWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._new.__exit__(kind, error, trace)
            return
        with self._one_line_errors(), self._new:
            self._end_block()

    def append(self, message: bytes) -> None:
        """Add a message that has its length in front."""
        self._payload += message
        if len(self._payload) >= _FULL:
            self._end_block()

    def _end_block(self) -> None:
        size = len(self._payload)
        if size > _LONGEST:
            raise RecordingError(f"{self._path} cannot be saved: one step takes {size:,} bytes")
        block = _BLOCK.pack(size, zlib.crc32(self._payload)) + self._payload
        content = self._start + block
        self._start = b""
        self._payload.clear()
        with self._one_line_errors():
            self._file.write(content)

    @contextlib.contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        """Raise an error of the operating system as a `RecordingError`."""
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            cure = "make its folder" if error.errno == errno.ENOENT else "save it elsewhere"
            raise RecordingError(f"{self._path} cannot be saved: {reason}: {cure}") from None
