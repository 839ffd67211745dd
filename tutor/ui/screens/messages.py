"""Messages from the screens to the app."""

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message
from textual.screen import Screen


@dataclass
class LessonChosen(Message):
    """The learner chose a script to open."""

    screen: Screen[None]
    """The screen that it was chosen on. A message from one that was covered or left counts no more:
    enter may be pressed twice."""
    path: Path
    is_reopened: bool = False
    """Whether it replaces that screen, which shows an older text of it."""
    is_unfinished: bool = False
    """Whether it is a recording to go on with; see `session.unfinished`."""
