"""Messages from the screens to the app."""

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message


@dataclass
class LessonChosen(Message):
    """The learner chose a script to open."""

    path: Path
    is_reopened: bool = False
    """Whether it replaces the screen that sent the message, which shows an older text of it."""
