"""What the screens say to the app."""

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message


@dataclass
class LessonChosen(Message):
    """The learner wants to see this script."""

    path: Path
    again: bool = False
    """Whether it takes the place of the screen that asks, which shows an older text of it."""
