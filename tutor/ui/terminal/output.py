"""What reaches the terminal: only the cells that differ from those it already shows.

Over SSH the link is the bottleneck. Textual sends whole rows of a changed widget and queues up to
30 screens when the terminal reads slowly. Here each update is laid over a picture of the screen;
what differs from what was sent last is sent when the terminal has taken that. So a slow link skips
pictures instead of falling behind. This is the one module that relies on Textual's private parts.
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

from tutor.ui.terminal.timers import later

_PLAIN = Style()

_GAP = 4
"""Equal cells between two different ones that cost less to send again than to jump over."""

_RETRY = 1 / 120
"""Seconds until a picture is tried again that the terminal was not ready for."""


class Picture:
    """The cells that a terminal should show, and those that it does show."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self._texts = [[" "] * width for _ in range(height)]
        self._styles = [[_PLAIN] * width for _ in range(height)]
        self._shown: list[tuple[list[str], list[Style]] | None] = [None] * height
        self._touched: set[int] = set()

    @property
    def size(self) -> tuple[int, int]:
        return self.width, len(self._texts)

    def put(self, x: int, y: int, strip: Strip) -> None:
        """Lay a strip over row `y` from column `x` on."""
        if not 0 <= y < len(self._texts):
            return
        texts, styles = self._texts[y], self._styles[y]
        # Half a wide character that is covered takes its other half along.
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
        self._touched.add(y)

    def forget(self) -> None:
        """The terminal may show anything now: send every row again."""
        self._shown = [None] * len(self._texts)
        self._touched.update(range(len(self._texts)))

    def changes(self, console: Console) -> str:
        """What makes the terminal show this picture. It is taken as shown afterwards."""
        sent = [text for y in sorted(self._touched) for text in self._row(y, console)]
        self._touched.clear()
        return "".join(sent)

    def _row(self, y: int, console: Console) -> list[str]:
        texts, styles = self._texts[y], self._styles[y]
        shown = self._shown[y]
        if shown is None:
            different = list(range(self.width))
        elif shown == (texts, styles):
            return []
        else:
            old_texts, old_styles = shown
            different = [
                x
                for x in range(self.width)
                if texts[x] != old_texts[x]
                or (styles[x] is not old_styles[x] and styles[x] != old_styles[x])
            ]
        self._shown[y] = (texts.copy(), styles.copy())
        sent = []
        for start, end in _spans(different):
            # The second half of a wide character cannot be sent alone.
            while start > 0 and not texts[start]:
                start -= 1
            segments = list(_segments(texts[start:end], styles[start:end]))
            sent += [Control.move_to(start, y).segment.text, Strip(segments).render(console)]
        return sent


class ThriftyApp(App[None]):
    """An app that sends its terminal no cell twice and no more than it can take."""

    ascii = False
    """Whether the terminal's encoding has no box drawings: write what comes nearest in ASCII."""

    _picture = Picture(0, 0)
    _is_late = False
    _has_shown = False

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.repaint())

    def on_resize(self, event: events.Resize) -> None:
        # A terminal that changed its size has wrapped, cut or cleared its rows. Textual paints
        # what has moved, which after a few quick changes may be nothing.
        self._picture = Picture(*event.size)
        self.repaint()

    def repaint(self) -> None:
        """Send the whole screen again, whatever the terminal shows."""
        self._picture.forget()
        self.screen.refresh()

    def drawn(self) -> str:
        """What makes a terminal that shows the last such picture show the screen as it is now."""
        if self._picture.size != tuple(self.screen.outer_size):
            self._picture = Picture(*self.screen.outer_size)
        update = self.screen._compositor.render_full_update()
        assert isinstance(update, LayoutUpdate)
        _lay(update, self._put)
        return self._picture.changes(self.console)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if (
            not isinstance(renderable, ChopsUpdate | LayoutUpdate)
            or self._batch_count
            or not self._running
            or self.is_headless
        ):
            super()._display(screen, renderable)
            return
        if self._picture.size != tuple(screen.outer_size):
            self._picture = Picture(*screen.outer_size)
        _lay(renderable, self._put)
        self._send()

    def _put(self, x: int, y: int, strip: Strip) -> None:
        """Lay a strip on the picture, in what this terminal can and wants to show."""
        if self.no_color:
            strip = _colourless(strip)
        if self.ascii:
            strip = _ascii(strip)
        self._picture.put(x, y, strip)

    def _send(self) -> None:
        if self._is_late:
            return
        # The first picture never waits: what comes right behind it may take a while to draw.
        if self._has_shown and self._is_behind():
            self._is_late = True
            later(self, _RETRY, self._retry)
            return
        self._has_shown = True
        text = self._picture.changes(self.console)
        super()._display(self.screen, _Sequences(text) if text else None)

    def _retry(self) -> None:
        self._is_late = False
        self._send()

    def _is_behind(self) -> bool:
        """Whether the terminal has not yet taken what it was sent."""
        writer = getattr(self._driver, "_writer_thread", None)
        if writer is None:
            return False
        # While the writer is stuck in the midst of a picture its queue is empty.
        return writer._queue.qsize() > 0 or not select.select([], [writer], [], 0)[1]


class _Sequences(CompositorUpdate):
    """Ready-made text for the terminal, in the shape that Textual's display takes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return iter(())

    def render_segments(self, console: Console) -> str:
        return self.text


def _lay(update: ChopsUpdate | LayoutUpdate, put: Callable[[int, int, Strip], None]) -> None:
    """Hand every strip of an update to `put` with its place."""
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
    """The columns as ranges, small gaps closed."""
    spans: list[tuple[int, int]] = []
    for x in columns:
        if spans and x - spans[-1][1] <= _GAP:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _segments(texts: list[str], styles: list[Style]) -> list[Segment]:
    """Cells as the fewest segments."""
    segments: list[Segment] = []
    start = 0
    for x in range(1, len(texts) + 1):
        if x == len(texts) or (styles[x] is not styles[start] and styles[x] != styles[start]):
            segments.append(Segment("".join(texts[start:x]), styles[start]))
            start = x
    return segments


@lru_cache(maxsize=4096)
def _cells(text: str) -> tuple[str, ...]:
    """What stands in each cell: a character, or nothing in the second half of a wide one."""
    if text.isascii():
        return tuple(text)
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width:
            cells += [character, *[""] * (width - 1)]
        elif cells:
            # A combining mark belongs to the character before it.
            cells[-1 if cells[-1] else -2] += character
    size = cell_len(text)
    # Some sequences are as wide as one character: such a text stays in one piece.
    return tuple(cells) if len(cells) == size else (text, *[""] * (size - 1))


def _colourless(strip: Strip) -> Strip:
    """The strip in bold, underline and reverse alone: Textual means greys by NO_COLOR."""
    return Strip([Segment(text, _without_colour(style or _PLAIN)) for text, style, _ in strip])


@lru_cache(maxsize=1024)
def _without_colour(style: Style) -> Style:
    return style.without_color


def _ascii(strip: Strip) -> Strip:
    # Drawing is not loaded for the menu of a terminal that needs no translation.
    from tutor.ui.draw.text.strips import to_ascii

    return to_ascii(strip)
