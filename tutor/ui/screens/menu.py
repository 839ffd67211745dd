"""The course menu: chapters, their lessons, what each teaches, and the device they run on."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Resize
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
        Binding("enter", "select", "open"),
        Binding("down,j", "cursor_down", "down"),
        Binding("up,k", "cursor_up", "up"),
    ]


class MenuScreen(Screen[None]):
    """Usable before torch is loaded: it reads the lessons and runs nothing."""

    BINDINGS: ClassVar = [Binding("q", "app.leave", "quit")]

    app: "TutorApp"
    _entries: "list[Entry] | None" = None
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
        self.call_after_refresh(self._read_course)
        self.watch(self.app, "device", self._show_device)
        self.watch(self.app, "failure", self._show_device)
        self.set_timer(_PRELOAD, _preload)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.post_message(LessonChosen(Path(event.option_id)))

    def _read_course(self) -> None:
        from tutor.catalog import find

        self._entries = find()
        self._show_course()

    def on_resize(self, event: Resize) -> None:
        # The lines are broken for the width there is.
        self.call_after_refresh(self._show_course)

    def _show_course(self) -> None:
        if self._entries is None:
            return
        entries, chosen = self._entries, self.course.highlighted
        names = max((len(entry.id) for entry in entries), default=0)
        width = self.course.scrollable_content_region.width
        options: list[Option] = []
        chapter = None
        for entry in entries:
            if entry.chapter != chapter:
                heading = Content.styled(entry.chapter, "bold $primary")
                heading = Content("\n") + heading if chapter else heading
                options.append(Option(heading, disabled=True))
                chapter = entry.chapter
            options.append(Option(_row(entry, names, width), id=str(entry.path)))
        self.course.set_options(options or [Option("no lessons found", disabled=True)])
        if chosen is None:
            self.course.action_first()
        else:
            self.course.highlighted = chosen

    def _show_device(self) -> None:
        app = self.app
        text = app.failure or app.device or "looking for a device…"
        self.device.update(Content.styled(text, "bold $error" if app.failure else "$text-muted"))


def _row(entry: "Entry", names: int, width: int) -> Content:
    """A lesson: its name and title, and below what it teaches."""
    if entry.error is not None:
        return Content.styled(_indented(entry.error, 2, width), "$error")
    row = Content.assemble("  ", (entry.id.ljust(names + 2), "bold"), entry.title)
    if entry.summary and entry.summary != entry.title:
        summary = _indented(entry.summary, names + 4, width)
        row += Content.styled(f"\n{summary}", "$text-muted")
    return row


def _indented(text: str, indent: int, width: int) -> str:
    return textwrap.fill(
        text,
        max(width, indent + 20),
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def _preload() -> None:
    import tutor.ui.screens.lesson  # noqa: F401
