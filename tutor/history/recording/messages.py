"""The messages of a recording: those of the worker's pipe, a header for each run, and a footer."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tutor.history.recording.file import Damage
from tutor.history.timeline import Divergence
from tutor.schema.frame import Count, Frame
from tutor.wire.messages import Completed, Digested, Edited, Ended, Launch, Printed, Started, Waited


class RunHeader(msgspec.Struct, frozen=True, array_like=True, tag="began"):
    """The start of a run. The messages up to the next `RunHeader` belong to it."""

    name: Annotated[str, Meta(min_length=1)]
    launch: Launch
    parent: Count | None = None
    """The number of the run that it was forked from, counted from 0. That run comes earlier."""
    step: Count = 0
    """The step of the parent after which it was forked. Earlier steps are the parent's messages."""
    divergence: Divergence | None = None
    folder: str = ""
    """The working folder, of a run that is to be continued."""


class Footer(msgspec.Struct, frozen=True, array_like=True, tag="completion"):
    """The end of a complete recording. A file without it was cut off."""

    runs: int
    steps: int
    """The steps of all runs; steps that runs share are counted once."""
    shown: Count
    """The number of the run that the learner was looking at."""
    cursor: Count
    """The step that the learner was looking at."""


Event = Started | Frame | Printed | Completed | Edited | Digested | Waited | Ended
"""The recorded events of a run. The last one is `Ended`, or `Waited` if the run had not ended."""

Message = RunHeader | Event | Footer

_decoder = msgspec.msgpack.Decoder(Message)

_LONG = 2**20
"""Bytes from which the values of a message are counted before it is decoded."""

_MOST = 200_000
"""The most values in one message. Each takes up to 100 bytes of memory, whatever its size in the
file."""


def decode(body: bytes) -> Message:
    """Return the message that `body` encodes.

    Raises:
        Damage: it is no message.
    """
    check_size(body)
    try:
        message: Message = _decoder.decode(body)
    except (
        msgspec.DecodeError,
        UnicodeError,
        RecursionError,
        MemoryError,
        TypeError,
        ValueError,
    ) as error:
        raise Damage(f"no message: {error}") from None
    return message


def check_size(body: bytes) -> None:
    """Refuse a message with so many values that decoding it would take too much memory.

    Raises:
        Damage: it has too many values.
    """
    if len(body) > _LONG and _holds_more(body, _MOST):
        raise Damage(f"a message of more than {_MOST:,} values")


def _holds_more(body: bytes, most: int) -> bool:
    """Return True if the MessagePack `body` has more than `most` values, nested ones included."""
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
    """Return how to skip a value with this first byte.

    The elements of an array or a map are values of their own.

    Returns:
        (bytes of content, bytes of a length field in front of it whose value is to be added).
    """
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
