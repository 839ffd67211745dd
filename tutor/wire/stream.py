"""Messages as bytes: MessagePack, each with its length in front."""

import os
import struct
from collections.abc import Iterator

import msgspec

from tutor.wire.messages import Command, Event, Job

_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(Event)
_jobs = msgspec.msgpack.Decoder(Job)
_commands = msgspec.msgpack.Decoder(Command)
_LENGTH = struct.Struct("<I")


def pack(message: msgspec.Struct) -> bytes:
    """Return a message with its length in front."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Cuts a stream of bytes into messages; keeps an unfinished one for the next bytes."""

    def __init__(self) -> None:
        self._tail = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the body of every message that `data` completes."""
        self._tail += data
        start = 0
        while len(self._tail) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._tail, start)
            end = start + _LENGTH.size + length
            if end > len(self._tail):
                break
            yield bytes(self._tail[start + _LENGTH.size : end])
            start = end
        del self._tail[:start]


def decode_event(body: bytes) -> Event:
    """Return the event in the body of a message."""
    event: Event = _events.decode(body)
    return event


def read_job(file: int) -> Job:
    """Return the job that a file holds."""
    os.lseek(file, 0, os.SEEK_SET)
    body = _receive(file)
    return _jobs.decode(body)


def receive_command(pipe: int) -> Command | None:
    """Wait for a command from a worker's pipe; return None if its other end is closed."""
    body = _receive(pipe)
    return _commands.decode(body) if body else None


def _receive(source: int) -> bytes:
    length = _read(source, _LENGTH.size)
    return _read(source, *_LENGTH.unpack(length)) if length else b""


def _read(source: int, size: int) -> bytes:
    """Read exactly `size` bytes; return none if the source ends before."""
    found = b""
    while len(found) < size:
        part = os.read(source, size - len(found))
        if not part:
            return b""
        found += part
    return found
