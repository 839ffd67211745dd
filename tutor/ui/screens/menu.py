"""The course menu: chapters, their lessons, what each teaches, and the device they run on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.ui.keys import KeyLine
from tutor.ui.small import TooSmall

if TYPE_CHECKING:
    from tutor.catalog import Entry
    from tutor.ui.app import TutorApp

_PRELOAD = 0.5
"""Seconds after the menu is there until the lesson screen is imported, so that the first lesson
opens at once."""


@dataclass
class LessonChosen(Message):
    """The learner wants to see this script."""

    path: Path
    again: bool = False
    """It takes the place of the screen that asks, which showed an older text of it."""


class Course(OptionList):
    """The lessons, with the keys of the panes besides a list's own."""

    BINDINGS: ClassVar = [
        Binding("enter,right,l", "select", "open"),
        Binding("down,j", "cursor_down", "down"),
        Binding("up,k", "cursor_up", "up"),
    ]


class MenuScreen(Screen[None]):
    """Usable before torch is loaded: it reads the lessons and runs nothing."""

    BINDINGS: ClassVar = [Binding("q", "app.leave", "quit")]

    app: "TutorApp"
    course = query_one(Course)
    device = query_one("#device", Static)
    keys = query_one(KeyLine)

    def compose(self) -> ComposeResult:
        course = Course(id="course")
        course.border_title = "tutor · see autograd work, one statement at a time"
        yield course
        yield Static(id="device")
        yield KeyLine(self.app.palette)
        yield TooSmall()

    def on_mount(self) -> None:
        self.keys.show(["select", "cursor_down", "cursor_up", "app.leave", "app.help"])
        # Reading takes some milliseconds a lesson: the first paint does not wait for it.
        self.call_after_refresh(self._show_course)
        self.watch(self.app, "device", self._show_device)
        self.watch(self.app, "failure", self._show_device)
        self.set_timer(_PRELOAD, _preload)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.post_message(LessonChosen(Path(event.option_id)))

    def _show_course(self) -> None:
        from tutor.catalog import find

        entries = find()
        width = max((len(entry.id) for entry in entries), default=0)
        options: list[Option] = []
        chapter = None
        for entry in entries:
            if entry.chapter != chapter:
                heading = Content.styled(entry.chapter, "bold $primary")
                heading = Content("\n") + heading if chapter else heading
                options.append(Option(heading, disabled=True))
                chapter = entry.chapter
            options.append(Option(_row(entry, width), id=str(entry.path)))
        self.course.add_options(options or [Option("no lessons found", disabled=True)])
        self.course.action_first()

    def _show_device(self) -> None:
        app = self.app
        text = app.failure or app.device or "looking for a device…"
        self.device.update(Content.styled(text, "bold $error" if app.failure else "$text-muted"))


def _row(entry: "Entry", width: int) -> Content:
    """A lesson in two lines: its name and title, and what it teaches."""
    if entry.error is not None:
        return Content.styled(f"  {entry.error}", "$error")
    row = Content.assemble("  ", (entry.id.ljust(width + 2), "bold"), entry.title)
    if entry.summary and entry.summary != entry.title:
        row += Content.styled(f"\n  {'':{width + 2}}{entry.summary}", "$text-muted")
    return row


def _preload() -> None:
    import tutor.ui.screens.lesson  # noqa: F401
