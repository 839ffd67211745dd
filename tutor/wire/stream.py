"""Messages as bytes: MessagePack, each with its length in front."""

import struct
from collections.abc import Iterator
from os import SEEK_SET, lseek, read
from typing import Any

import msgspec

from tutor.wire.messages import Command, Event, Job

_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(Event)
_jobs = msgspec.msgpack.Decoder(Job)
_commands = msgspec.msgpack.Decoder(Command)
_LENGTH = struct.Struct("<I")

LIMIT = 2**28
"""The most bytes of a message. More is either damage or would not fit the client's memory."""


class TooLarge(ValueError):
    """A message of more than `LIMIT` bytes."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a message of {length:,} bytes, where {LIMIT:,} are the limit")


def pack(message: msgspec.Struct) -> bytes:
    """Return a message with its length in front.

    Raises:
        TooLarge: it is longer than `LIMIT`.
    """
    try:
        body = _encoder.encode(message)
    except UnicodeEncodeError:
        # Python's texts may hold halves of surrogate pairs, those of a message may not.
        plain = msgspec.to_builtins(message, builtin_types=(bytes,))
        body = _encoder.encode(_encodable(plain))
    if len(body) > LIMIT:
        raise TooLarge(len(body))
    return _LENGTH.pack(len(body)) + body


def _encodable(value: Any) -> Any:
    """Return a value with the halves of surrogate pairs in its texts escaped."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list | tuple):
        return [_encodable(one) for one in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    return value


class Unpacker:
    """Cuts a stream of bytes into messages; keeps an unfinished one for the next bytes."""

    def __init__(self) -> None:
        self._tail = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the body of every message that `data` completes.

        Raises:
            TooLarge: the next message is longer than `LIMIT`.
        """
        self._tail += data
        start = 0
        while len(self._tail) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._tail, start)
            if length > LIMIT:
                raise TooLarge(length)
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
    lseek(file, 0, SEEK_SET)
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
        part = read(source, size - len(found))
        if not part:
            return b""
        found += part
    return found
