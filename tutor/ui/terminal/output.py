"""Send the terminal only the cells that differ from those it already shows.

Over SSH the link is the bottleneck. Textual sends whole rows of a changed widget, and queues up to
30 screens when the terminal reads slowly. Here each update is written into a screen buffer. When
the terminal has read what was sent last, the cells that differ from that are sent. So a slow link
skips screens instead of falling behind. Only this module and `lifetime.py` rely on private
parts of Textual.
"""

import select
from collections.abc import Callable
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

from tutor.ui.terminal.screen_buffer import ScreenBuffer
from tutor.ui.terminal.timers import call_after

_PLAIN = Style()

_RETRY = 1 / 120
"""Seconds until sending is tried again when the terminal was not ready."""


class DiffingApp(App[None]):
    """An app that sends only changed cells, and only when its terminal is ready to read them."""

    ascii = False
    """Whether to replace box drawings by ASCII, because the terminal's encoding lacks them."""

    _buffer = ScreenBuffer(0, 0)
    _is_retrying = False
    _has_sent = False

    def fail(self, error: Exception) -> None:
        """Take note of the exception that ends the app."""

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print pages of local variables over what the terminal showed before.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            self.fail(error)
        self._close_messages_no_wait()

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.repaint())

    def on_resize(self, event: events.Resize) -> None:
        # A terminal that was resized has wrapped, cut or cleared its rows. Textual repaints only
        # the widgets that moved, which after a few quick changes may be none.
        self._buffer = ScreenBuffer(*event.size)
        self.repaint()

    def repaint(self) -> None:
        """Send the whole screen again, whatever the terminal shows."""
        self._buffer.forget()
        self.screen.refresh()

    def screen_changes(self) -> str:
        """Return the escape sequences from the screen of the last call to the present one."""
        self._fit_buffer(self.screen)
        update = self.screen._compositor.render_full_update()
        assert isinstance(update, LayoutUpdate)
        _put_update(update, self._put)
        return self._buffer.changes(self.console)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if (
            not isinstance(renderable, ChopsUpdate | LayoutUpdate)
            or self._batch_count
            or not self._running
            or self.is_headless
        ):
            super()._display(screen, renderable)
            return
        self._fit_buffer(screen)
        _put_update(renderable, self._put)
        self._send()

    def _fit_buffer(self, screen: Screen[object]) -> None:
        if self._buffer.size != tuple(screen.outer_size):
            self._buffer = ScreenBuffer(*screen.outer_size)

    def _put(self, x: int, y: int, strip: Strip) -> None:
        """Write a strip into the buffer, without the colours and characters that are not wanted."""
        if self.no_color:
            strip = _colourless(strip)
        if self.ascii:
            strip = _ascii(strip)
        self._buffer.put(x, y, strip)

    def _send(self) -> None:
        if self._is_retrying:
            return
        # The first paint never waits: the next one may take a while to draw.
        if self._has_sent and self._is_behind():
            self._is_retrying = True
            call_after(self, _RETRY, self._retry)
            return
        self._has_sent = True
        text = self._buffer.changes(self.console)
        super()._display(self.screen, _Sequences(text) if text else None)

    def _retry(self) -> None:
        self._is_retrying = False
        self._send()

    def _is_behind(self) -> bool:
        """Return whether the terminal has not yet read everything that was sent."""
        writer = getattr(self._driver, "_writer_thread", None)
        if writer is None:
            return False
        # The queue is also empty while the writer is blocked in the middle of a write.
        return writer._queue.qsize() > 0 or not select.select([], [writer], [], 0)[1]


class _Sequences(CompositorUpdate):
    """Escape sequences in the form that Textual's `_display` takes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return iter(())

    def render_segments(self, console: Console) -> str:
        return self.text


def _put_update(update: ChopsUpdate | LayoutUpdate, put: Callable[[int, int, Strip], None]) -> None:
    """Call `put` with the column, the row and the strip of every part of an update."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                put(x, y, strip)
                x += strip.cell_length
        return
    for y, left, right in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x < right and end > left:
                put(x, y, chop)


def _colourless(strip: Strip) -> Strip:
    """Return the strip with no colour at all: under NO_COLOR Textual itself still uses greys."""
    return Strip([Segment(text, _without_colour(style or _PLAIN)) for text, style, _ in strip])


@lru_cache(maxsize=1024)
def _without_colour(style: Style) -> Style:
    return style.without_color


def _ascii(strip: Strip) -> Strip:
    # Imported here: the menu of most terminals needs no translation, and does not wait for it.
    from tutor.ui.draw.text.strips import to_ascii

    return to_ascii(strip)
