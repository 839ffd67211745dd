"""What a learner asks for beside a script: on a command line, or of the screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tutor.budget import BUDGET
from tutor.engine.protocol import DEFAULT_SEED, Edit


class BadRequest(ValueError):
    """What the learner asked for cannot be done; the text is one clear line."""


@dataclass(frozen=True)
class Request:
    """What the learner asked for beside the script."""

    device: str | None = None
    """None: the detected device for a lesson, the script's own choice for any other script."""
    seed: int = DEFAULT_SEED
    settings: Mapping[str, str] = field(default_factory=dict)
    """Knob -> value, as text."""
    edits: tuple[Edit, ...] = ()
    show: tuple[str, ...] = ()
    memory: int = BUDGET
    """Bytes that recorded values may take."""
