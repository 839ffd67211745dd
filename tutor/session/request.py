"""What a learner asks for when they open or run a script: device, seed, knobs, edits, memory."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tutor.history.budget import BUDGET
from tutor.schema.errors import BadRequest
from tutor.wire.messages import DEFAULT_SEED, Edit, Terminals, TerminalSize

LEAST = 16 * 2**20
"""The least memory that `--memory` takes, in bytes."""


@dataclass(frozen=True)
class Request:
    """The options of a run."""

    device: str | None = None
    """None: the detected device for a lesson, the script's own choice for any other script."""
    seed: int = DEFAULT_SEED
    settings: Mapping[str, str] = field(default_factory=dict)
    """Knob -> value, as text."""
    edits: tuple[Edit, ...] = ()
    show: tuple[str, ...] = ()
    memory: int = BUDGET
    """Bytes that recorded values may occupy."""
    terminals: Terminals = (None, None, None)
    """See `Launch.terminals`."""


def own_terminals() -> Terminals:
    """Return the terminals that a script has in the place of this process."""
    stdin, stdout, stderr = map(_size, range(3))
    return stdin, stdout, stderr


def _size(fd: int) -> TerminalSize | None:
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return None
    # A terminal that knows no size, such as a serial line, has 0 columns.
    return (size.columns or 80, size.lines or 24)


def memory_size(text: str) -> int:
    """Return the bytes that a size such as `256M` stands for.

    Raises:
        BadRequest: it is no size, or too little to work with.
    """
    found = re.fullmatch(r"(\d{1,15})([KMG]?)", text.strip().upper(), re.ASCII)
    if found is None:
        raise BadRequest(f"--memory {text}: want a size such as 256M or 2G")
    size = int(found[1]) << 10 * " KMG".index(found[2] or " ")
    if size < LEAST:
        raise BadRequest(f"--memory {text}: want at least {LEAST // 2**20}M")
    return size
