"""Send the terminal only the cells that differ from those it already shows.

Over SSH the link is the bottleneck. Textual sends whole rows of a changed widget, and queues up to
30 screens when the terminal reads slowly. Here each update is written into a screen buffer. When
the terminal has read what was sent last, the cells that differ from that are sent. So a slow link
skips screens instead of falling behind. This is the only module that relies on private parts of
Textual.
"""

import select
from collections.abc import Callable
from functools import lru_cache

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

from tutor.ui.terminal.timers import call_after

_PLAIN = Style()

_GAP = 4
"""A gap of up to so many equal cells costs less to send again than to move the cursor over."""

_RETRY = 1 / 120
"""Seconds until sending is tried again when the terminal was not ready."""


class ScreenBuffer:
    """The cells that the terminal should show, and those that it was sent."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self._texts = [[" "] * width for _ in range(height)]
        self._styles = [[_PLAIN] * width for _ in range(height)]
        self._sent: list[tuple[list[str], list[Style]] | None] = [None] * height
        """The texts and styles of each row; None where the terminal may show anything."""
        self._dirty: set[int] = set()
        """The rows that were written since the last `changes`."""

    @property
    def size(self) -> tuple[int, int]:
        return self.width, len(self._texts)

    def put(self, x: int, y: int, strip: Strip) -> None:
        """Write a strip into row `y` from column `x` on."""
        if not 0 <= y < len(self._texts):
            return
        texts, styles = self._texts[y], self._styles[y]
        # Overwriting half of a wide character erases its other half.
        if 0 < x < self.width and not texts[x]:
            texts[x - 1] = " "
        for text, style, control in strip:
            if control:
                continue
            for character in _cells(text):
                if 0 <= x < self.width:
                    texts[x], styles[x] = character, style or _PLAIN
                x += 1
        if 0 <= x < self.width and not texts[x]:
            texts[x] = " "
        self._dirty.add(y)

    def forget(self) -> None:
        """Send every row again: the terminal may show anything now."""
        self._sent = [None] * len(self._texts)
        self._dirty.update(range(len(self._texts)))

    def changes(self, console: Console) -> str:
        """Return the escape sequences that update the terminal, and count them as sent."""
        pieces = [text for y in sorted(self._dirty) for text in self._row(y, console)]
        self._dirty.clear()
        return "".join(pieces)

    def _row(self, y: int, console: Console) -> list[str]:
        texts, styles = self._texts[y], self._styles[y]
        sent = self._sent[y]
        if sent is None:
            different = list(range(self.width))
        elif sent == (texts, styles):
            return []
        else:
            old_texts, old_styles = sent
            different = [
                x
                for x in range(self.width)
                if texts[x] != old_texts[x]
                or (styles[x] is not old_styles[x] and styles[x] != old_styles[x])
            ]
        self._sent[y] = (texts.copy(), styles.copy())
        pieces = []
        for start, end in _spans(different):
            # The second half of a wide character cannot be sent alone.
            while start > 0 and not texts[start]:
                start -= 1
            segments = list(_segments(texts[start:end], styles[start:end]))
            pieces += [Control.move_to(start, y).segment.text, Strip(segments).render(console)]
        return pieces


class DiffingApp(App[None]):
    """An app that sends only changed cells, and only when its terminal is ready to read them."""

    ascii = False
    """Whether to replace box drawings by ASCII, because the terminal's encoding lacks them."""

    _buffer = ScreenBuffer(0, 0)
    _is_retrying = False
    _has_sent = False

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


def _spans(columns: list[int]) -> list[tuple[int, int]]:
    """Return the columns as ranges, with small gaps closed."""
    spans: list[tuple[int, int]] = []
    for x in columns:
        if spans and x - spans[-1][1] <= _GAP:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _segments(texts: list[str], styles: list[Style]) -> list[Segment]:
    """Return cells as the fewest segments."""
    segments: list[Segment] = []
    start = 0
    for x in range(1, len(texts) + 1):
        if x == len(texts) or (styles[x] is not styles[start] and styles[x] != styles[start]):
            segments.append(Segment("".join(texts[start:x]), styles[start]))
            start = x
    return segments


@lru_cache(maxsize=4096)
def _cells(text: str) -> tuple[str, ...]:
    """Return the text of each cell: a character, or "" for the second half of a wide one."""
    if text.isascii():
        return tuple(text)
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width:
            cells += [character, *[""] * (width - 1)]
        elif cells:
            # A combining mark belongs to the character before.
            cells[-1 if cells[-1] else -2] += character
    size = cell_len(text)
    # Some sequences are as wide as one character: such a text is kept in one piece.
    return tuple(cells) if len(cells) == size else (text, *[""] * (size - 1))


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
