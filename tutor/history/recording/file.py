"""What lies around the messages of a recording: blocks with checksums, in a file that is whole.

    magic, version | length, crc32, payload | length, crc32, payload | …

A payload is messages, each with its length in front, as they come over the engine's pipe.
"""

import contextlib
import errno
import os
import secrets
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.schema.errors import BadRequest

MAGIC = b"\x89TUTOR\r\n"
"""No text begins like this, and a transfer that takes it for text breaks it."""

VERSION = 1

_START = struct.Struct("<8sI")
_BLOCK = struct.Struct("<II")
_LENGTH = struct.Struct("<I")

_FULL = 2**16
"""Bytes at which a block is written; a single message may be longer."""

_LONGEST = 2**26
"""Bytes that a block may have at most."""


class RecordingError(BadRequest):
    """A recording that cannot be read or written, in one line: which, what, and the cure."""


class Damage(ValueError):
    """Something in a recording that no tutor has written; the text says what."""


class CutOff(Damage):
    """The file ends before it is complete."""


def is_recording(path: str | Path) -> bool:
    """Whether a recording lies there, of whatever version, whole or not."""
    # Looking into a pipe would take from it what somebody else wants to read.
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except PermissionError:
        return False


def number_of(path: str | Path, branch: str, names: Sequence[str]) -> int:
    """Which of a recording's runs is called so.

    Raises:
        RecordingError: none is.
    """
    if branch not in names:
        known = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        raise RecordingError(f"{path} has no branch {branch!r}: it has {known}")
    return names.index(branch)


def payloads(path: str | Path) -> Iterator[bytes]:
    """The messages of each block that is whole, in order.

    Raises:
        RecordingError: there is no recording, or one that this tutor cannot read.
        Damage: what comes now is damaged.
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
            raise CutOff("cut off")
        _, version = _START.unpack(start)
        if version > VERSION:
            told = f"was saved by a newer tutor (format {version}, this one reads {VERSION})"
            raise RecordingError(f"{path} {told}: update tutor")
        if version != VERSION:
            raise Damage(f"format {version}")
        left = os.fstat(file.fileno()).st_size - _START.size
        while left:
            if left < _BLOCK.size:
                raise CutOff("cut off")
            length, checksum = _BLOCK.unpack(file.read(_BLOCK.size))
            left -= _BLOCK.size + length
            # Before it is read: nothing is set aside for a length that the file has not.
            if left < 0:
                raise CutOff("cut off")
            if length > _LONGEST:
                raise Damage(f"a block of {length:,} bytes")
            payload = file.read(length)
            if len(payload) != length or zlib.crc32(payload) != checksum:
                raise Damage("checksum")
            yield payload


def split(payload: bytes) -> Iterator[bytes]:
    """The messages of a block.

    Raises:
        Damage: their lengths are not those of the block.
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
    """A file that is there once it is complete, and until then leaves what was there untouched.

    A context manager: it is complete at the end, and dropped where that is an exception.

    Raises:
        RecordingError: from each method, where the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        if os.path.lexists(path) and not is_recording(path):
            told = f"{path} is there and is no recording, so it is not written over"
            raise RecordingError(f"{told}: save under another name")
        # A link stays a link.
        self._target = os.path.realpath(path)
        folder = os.path.dirname(self._target)
        self._part = os.path.join(folder, f".{secrets.token_hex(8)}.tutor-part")
        with self._telling():
            self._file = open(self._part, "xb", buffering=0)
        self._start = _START.pack(MAGIC, VERSION)
        self._gathered = bytearray()

    def __enter__(self) -> "BlockWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        try:
            if kind is None:
                self._complete()
        finally:
            self._file.close()
            with contextlib.suppress(FileNotFoundError):  # it has got its name
                os.unlink(self._part)

    def append(self, message: bytes) -> None:
        """Add a message, its length in front."""
        self._gathered += message
        if len(self._gathered) >= _FULL:
            self._end_block()

    def _end_block(self) -> None:
        size = len(self._gathered)
        if size > _LONGEST:
            raise RecordingError(f"{self._path} cannot be saved: one step takes {size:,} bytes")
        block = _BLOCK.pack(size, zlib.crc32(self._gathered)) + self._gathered
        left = memoryview(self._start + block)
        self._start = b""
        self._gathered.clear()
        with self._telling():
            while left:
                left = left[self._file.write(left) :]

    def _complete(self) -> None:
        self._end_block()
        with self._telling():
            os.fsync(self._file.fileno())
            os.replace(self._part, self._target)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Say what the system says in one line."""
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            cure = "make its folder" if error.errno == errno.ENOENT else "save it elsewhere"
            raise RecordingError(f"{self._path} cannot be saved: {reason}: {cure}") from None
