"""The base of all panes: a pure function draws the lines, and only changed ones are painted."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar

from textual.binding import Binding
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize, Show
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from tutor.history.timeline import Moment
from tutor.script.lesson import Lesson
from tutor.session.view import View
from tutor.ui.draw.text.palette import Palette
from tutor.ui.terminal.timers import call_after


class Panel(Widget, can_focus=True):
    """A pane of the lesson screen. Its id and its title are the name of its file."""

    DEFAULT_CSS = """
    Panel {
        border: round $border;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        &:focus { border: round $primary; border-title-color: $primary; border-title-style: bold; }
    }
    """

    BINDINGS: ClassVar = [
        Binding("j,down", "scroll(1)", "Down in the pane", show=False),
        Binding("k,up", "scroll(-1)", "Up in the pane", show=False),
        Binding("pagedown", "scroll_page(1)", "A page down in the pane", show=False),
        Binding("pageup", "scroll_page(-1)", "A page up in the pane", show=False),
    ]

    INTERVAL: ClassVar[float] = 1 / 30
    """Seconds between two drawings, at least."""

    class NeedsChanged(Message):
        """The pane needs data that the view does not have: see `Panes.needs`."""

    view: var[View] = var(View)

    def __init__(self, key: str, lesson: Lesson, palette: Palette) -> None:
        name = self.name_of()
        super().__init__(id=name)
        self.border_title = f"{key} {name}"
        self.lesson = lesson
        self.palette = palette
        self.top = 0
        """The first line in view."""
        self._strips: Sequence[Strip] = []
        self._painted: Sequence[Strip] = []
        self._key: object = None
        self._drawn_at = 0.0
        self._is_scheduled = False

    @classmethod
    def name_of(cls) -> str:
        return cls.__name__.removesuffix("Panel").lower()

    def draw(self, moment: Moment, width: int, height: int) -> Sequence[Strip]:
        """Return all lines of the pane, each `width` cells wide."""
        raise NotImplementedError

    def inputs(self, moment: Moment) -> object:
        """Return what the drawing depends on besides the size; an equal value skips the drawing."""
        return moment

    def keep_in_view(self, moment: Moment) -> None:
        """Set `top` so that the most important line is in view."""

    # Drawing

    def watch_view(self) -> None:
        self.draw_soon()

    def on_resize(self, event: Resize) -> None:
        self.draw_now()

    def on_show(self, event: Show) -> None:
        self.draw_now()

    def draw_soon(self) -> None:
        """Coalesce redraws: draw after pending messages, at most once per `INTERVAL`."""
        if self._is_scheduled:
            return
        wait = self._drawn_at + self.INTERVAL - monotonic()
        self._is_scheduled = True
        draw: Callable[[], None] = self.draw_now
        if wait > 0:
            call_after(self, wait, draw)
        else:
            self.call_next(draw)

    def draw_now(self) -> None:
        self._is_scheduled = False
        # A hidden pane is drawn when it is shown.
        if not self.size or not self.is_on_screen:
            return
        moment = self.view.moment
        key = (self.size, self.inputs(moment))
        if key != self._key:
            self._key = key
            self._drawn_at = monotonic()
            self._strips = self.draw(moment, *self.size)
            self.keep_in_view(moment)
        self._paint()

    def _paint(self) -> None:
        """Repaint the rows that changed."""
        height = self.size.height
        self.top = max(0, min(self.top, len(self._strips) - height))
        rows = self._strips[self.top : self.top + height]
        for y in range(height):
            new = rows[y] if y < len(rows) else None
            old = self._painted[y] if y < len(self._painted) else None
            if new is not old and new != old:
                self.refresh(Region(0, y, self.size.width, 1))
        self._painted = rows
        hidden = len(self._strips) - height
        subtitle = f"{self.top + 1} to {self.top + len(rows)} of {len(self._strips)}"
        self._show_subtitle(subtitle if hidden > 0 and height > 1 else "")

    def _show_subtitle(self, subtitle: str) -> None:
        # Assigning repaints the whole pane, even if the value is the same.
        if self.border_subtitle != subtitle:
            self.border_subtitle = subtitle

    def render_line(self, y: int) -> Strip:
        if y < len(self._painted):
            return self._painted[y]
        return Strip.blank(self.size.width, self.palette.text)

    # Moving in the pane

    def action_scroll(self, by: int) -> None:
        self.top += by
        self._paint()

    def action_scroll_page(self, by: int) -> None:
        self.action_scroll(by * max(1, self.size.height - 1))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.action_scroll(-3)

    def on_click(self, event: Click) -> None:
        self.focus()
