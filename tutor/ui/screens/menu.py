"""The course menu: the lessons by chapter, and the device that they run on."""

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
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.session.interfaces import AnyEngine
from tutor.ui.draw.text.palette import Palette
from tutor.ui.lifetime import TutorScreen
from tutor.ui.screens.messages import LessonChosen
from tutor.ui.widgets.keys import KeyLine
from tutor.ui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from tutor.course.catalog import CatalogEntry

_PRELOAD = 0.5
"""Seconds after the first paint until the lesson screen is imported, so that the first lesson opens
at once."""


class Course(OptionList):
    """The list of lessons. It has the keys of the panes besides those of a list."""

    BINDINGS: ClassVar = [
        Binding("enter", "select", "open"),
        Binding("down,j", "cursor_down", "down"),
        Binding("up,k", "cursor_up", "up"),
    ]


class MenuScreen(TutorScreen[None]):
    """The menu. It reads the lessons and runs nothing, so it works before torch is loaded."""

    BINDINGS: ClassVar = [
        Binding("c", "go_on", "continue", tooltip="Go on with the runs that the screen ended in"),
        Binding("q", "app.leave", "quit"),
    ]

    @dataclass
    class Read(Message):
        """The lessons were read."""

        entries: "list[CatalogEntry]"
        done: Mapping[str, str]

    course = query_one(Course)
    unfinished = query_one("#unfinished", Static)
    device = query_one("#device", Static)
    keys = query_one(KeyLine)

    def __init__(self, engine: AnyEngine, palette: Palette) -> None:
        super().__init__()
        self.engine = engine
        self.palette = palette
        self._entries: list[CatalogEntry] | None = None
        """None until the lessons are read."""
        self._done: Mapping[str, str] = {}
        self._left_off: Path | None = None
        """The recording of runs that the screen ended in."""

    def compose(self) -> ComposeResult:
        course = Course(id="course")
        course.border_title = "tutor · see autograd work, one statement at a time"
        yield Static(id="unfinished")
        yield course
        yield Static(id="device")
        yield KeyLine(self.palette)
        yield TooSmall()

    def on_mount(self) -> None:
        # Reading takes some milliseconds a lesson, so a thread does it.
        self.call_after_refresh(Thread(target=self._read_course, daemon=True).start)
        self.watch(self.app, "device", self._show_device)
        self.watch(self.app, "failure", self._show_device)
        self.set_timer(_PRELOAD, _preload)

    def on_screen_resume(self) -> None:
        # The lesson that was left may be done now.
        self._offer()
        if self._entries is not None:
            from tutor.course import progress

            self._done = progress.done()
            self.show()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.post_message(LessonChosen(self, Path(event.option_id)))

    def _offer(self) -> None:
        """Offer to go on where the screen ended, if it ended otherwise than by a key."""
        from tutor.session.unfinished import latest, script_of

        self._left_off = latest(is_new=True)
        self.unfinished.display = self._left_off is not None
        if self._left_off is not None:
            text = f" c continues where you left off: {script_of(self._left_off)}"
            self.unfinished.update(Content.styled(text, "$warning"))
        self.keys.show(["select", "go_on", "cursor_down", "cursor_up", "app.leave", "app.help"])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "go_on" or self._left_off is not None

    def action_go_on(self) -> None:
        if self._left_off is not None:
            self.post_message(LessonChosen(self, self._left_off, is_unfinished=True))

    def _read_course(self) -> None:
        """Read the lessons. Runs in a thread."""
        from tutor.course import progress
        from tutor.course.catalog import find

        self.post_message(self.Read(find(), progress.done()))

    def on_menu_screen_read(self, read: "MenuScreen.Read") -> None:
        self._entries, self._done = read.entries, read.done
        self.show()

    def on_resize(self, event: Resize) -> None:
        # The text is wrapped to the new width.
        self.call_after_refresh(self.show)

    def draw(self) -> None:
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
                    promise = _indented(entry.promise, 0, width)
                    heading += Content.styled(f"\n{promise}", "$text-muted")
                heading = Content("\n") + heading if chapter else heading
                options.append(Option(heading, disabled=True))
                chapter = entry.chapter
            options.append(Option(_row(entry, self._done, names, width), id=str(entry.path)))
        self.course.set_options(options or [Option("no lessons found", disabled=True)])
        if chosen is None:
            self._highlight_next(entries)
        else:
            self.course.highlighted = chosen

    def _highlight_next(self, entries: "list[CatalogEntry]") -> None:
        """Highlight the first lesson that is not done yet."""
        to_do = (entry for entry in entries if entry.error is None and entry.id not in self._done)
        if (first := next(to_do, None)) is not None and self._done:
            self.course.highlighted = self.course.get_option_index(str(first.path))
        else:
            self.course.action_first()

    def _show_device(self) -> None:
        failure = self.engine.failure
        text = failure or self.engine.device or "looking for a device…"
        self.device.update(Content.styled(text, "bold $error" if failure else "$text-muted"))


def _row(entry: "CatalogEntry", done: Mapping[str, str], names: int, width: int) -> Content:
    """Return a lesson's name, title, missing prerequisites, and below them its summary."""
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
    """Import the lesson screen."""
    import tutor.ui.screens.lesson  # noqa: F401
