"""The course menu: chapters, their lessons, what each teaches, and the device they run on."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
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

from tutor.ui.screens.messages import LessonChosen
from tutor.ui.widgets.keys import KeyLine
from tutor.ui.widgets.small import TooSmall

if TYPE_CHECKING:
    from tutor.course.catalog import Entry
    from tutor.ui.app import TutorApp

_PRELOAD = 0.5
"""Seconds after the menu is there until the lesson screen is imported, so that the first lesson
opens at once."""


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

    @dataclass
    class Read(Message):
        """The lessons were read."""

        entries: "list[Entry]"
        done: Mapping[str, str]

    app: "TutorApp"
    _entries: "list[Entry] | None" = None
    _done: Mapping[str, str] = {}
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
        # Reading takes some milliseconds a lesson: nothing waits for it.
        self.call_after_refresh(Thread(target=self._read_course, daemon=True).start)
        self.watch(self.app, "device", self._show_device)
        self.watch(self.app, "failure", self._show_device)
        self.set_timer(_PRELOAD, _preload)

    def on_screen_resume(self) -> None:
        # What was done meanwhile is ticked off.
        if self._entries is not None:
            from tutor.course import progress

            self._done = progress.done()
            self._show_course()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.post_message(LessonChosen(Path(event.option_id)))

    def _read_course(self) -> None:
        """In a thread of its own."""
        from tutor.course import progress
        from tutor.course.catalog import find

        self.post_message(self.Read(find(), progress.done()))

    def on_menu_screen_read(self, read: "MenuScreen.Read") -> None:
        self._entries, self._done = read.entries, read.done
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
                if entry.promise:
                    told = _indented(entry.promise, 0, width)
                    heading += Content.styled(f"\n{told}", "$text-muted")
                heading = Content("\n") + heading if chapter else heading
                options.append(Option(heading, disabled=True))
                chapter = entry.chapter
            options.append(Option(_row(entry, self._done, names, width), id=str(entry.path)))
        self.course.set_options(options or [Option("no lessons found", disabled=True)])
        if chosen is None:
            self._begin_at(entries)
        else:
            self.course.highlighted = chosen

    def _begin_at(self, entries: "list[Entry]") -> None:
        """The keyboard is on the first lesson that is still to do."""
        to_do = (entry for entry in entries if entry.error is None and entry.id not in self._done)
        if (first := next(to_do, None)) is not None and self._done:
            self.course.highlighted = self.course.get_option_index(str(first.path))
        else:
            self.course.action_first()

    def _show_device(self) -> None:
        app = self.app
        text = app.failure or app.device or "looking for a device…"
        self.device.update(Content.styled(text, "bold $error" if app.failure else "$text-muted"))


def _row(entry: "Entry", done: Mapping[str, str], names: int, width: int) -> Content:
    """A lesson: its name and title, and below what it teaches; what it wants to come after."""
    if entry.error is not None:
        return Content.styled(_indented(entry.error, 2, width), "$error")
    mark = ("✓ ", "$success") if entry.id in done else "  "
    row = Content.assemble(mark, (entry.id.ljust(names + 2), "bold"), entry.title)
    missing = [name for name in entry.after if name not in done]
    if missing and entry.id not in done:
        row += Content.styled(f"  after {', '.join(missing)}", "$text-muted")
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
