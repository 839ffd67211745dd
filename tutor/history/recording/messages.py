"""The messages of a recording: those of the engine's pipe, and two that tell the runs apart."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tutor.history.recording.file import Damage
from tutor.history.timeline import Doubt
from tutor.schema.frame import Count, Frame
from tutor.wire.messages import Completed, Digested, Edited, Ended, Launch, Printed, Started, Waited


class Began(msgspec.Struct, frozen=True, array_like=True, tag="began"):
    """A run begins; the messages up to the next `Began` are its own."""

    name: Annotated[str, Meta(min_length=1)]
    launch: Launch
    parent: Count | None = None
    """The number of the run that it was forked from, counted from 0; its messages came before."""
    step: Count = 0
    """The step of the parent after which it was forked. What came before is told there."""
    doubt: Doubt | None = None


class Completion(msgspec.Struct, frozen=True, array_like=True, tag="completion"):
    """The recording is complete: without this a file was cut off."""

    runs: int
    steps: int
    """Those of all runs, each counted once."""
    shown: Count
    """The number of the run that the learner looked at, and the step."""
    cursor: Count


Event = Started | Frame | Printed | Completed | Edited | Digested | Waited | Ended
"""What is kept of a run. `Waited` is its last message where it had not ended."""

Message = Began | Event | Completion

_decoder = msgspec.msgpack.Decoder(Message)

_LONG = 2**20
"""Bytes from which a message is counted before it is decoded."""

_MOST = 200_000
"""Values in one message; each takes up to a hundred bytes, whatever it took in the file."""


def decode(body: bytes) -> Message:
    """The message that `body` is.

    Raises:
        Damage: it is none.
    """
    check_size(body)
    try:
        message: Message = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError, MemoryError, ValueError) as error:
        raise Damage(f"no message: {error}") from None
    return message


def check_size(body: bytes) -> None:
    """Refuse a message that holds so many values that reading it would take too much memory.

    Raises:
        Damage: it does.
    """
    if len(body) > _LONG and _holds_more(body, _MOST):
        raise Damage(f"a message of more than {_MOST:,} values")


def _holds_more(body: bytes, most: int) -> bool:
    """Whether MessagePack `body` holds more values than that, those within others too."""
    count = at = 0
    while at < len(body) and count <= most:
        skipped, width = _HEADS[body[at]]
        at += 1 + width
        if width:
            skipped += int.from_bytes(body[at - width : at])
        at += skipped
        count += 1
    return count > most


def _head(first: int) -> tuple[int, int]:
    """What follows the first byte of a value: the bytes of its content, and those of a length
    before them that is to be added. What lies in an array or a map counts on its own."""
    if 0xA0 <= first < 0xC0:
        return first & 0x1F, 0  # a short text
    return _SIZES.get(first, (0, 0))


_SIZES = {
    0xC4: (0, 1), 0xC5: (0, 2), 0xC6: (0, 4),  # bytes
    0xC7: (1, 1), 0xC8: (1, 2), 0xC9: (1, 4),  # extensions, with their type
    0xCA: (4, 0), 0xCB: (8, 0),  # floats
    0xCC: (1, 0), 0xCD: (2, 0), 0xCE: (4, 0), 0xCF: (8, 0),  # integers
    0xD0: (1, 0), 0xD1: (2, 0), 0xD2: (4, 0), 0xD3: (8, 0),
    0xD4: (2, 0), 0xD5: (3, 0), 0xD6: (5, 0), 0xD7: (9, 0), 0xD8: (17, 0),  # short extensions
    0xD9: (0, 1), 0xDA: (0, 2), 0xDB: (0, 4),  # texts
    0xDC: (2, 0), 0xDD: (4, 0), 0xDE: (2, 0), 0xDF: (4, 0),  # the counts of arrays and maps
}  # fmt: skip
_HEADS = [_head(first) for first in range(256)]
