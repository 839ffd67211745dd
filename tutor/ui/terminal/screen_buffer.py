"""The cells of the screen, and the escape sequences for those that changed."""

from functools import lru_cache

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tutor.schema.printable import without_controls

_PLAIN = Style()

_GAP = 4
"""A gap of up to so many equal cells costs less to send again than to move the cursor over."""


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
    """Return the text of each cell: a character, or "" for the second half of a wide one.

    Control characters take no cell, and the terminal must not obey them: they are left out. Most
    were made visible when the text was drawn, but not those in titles, toasts and menus.
    """
    text = without_controls(text)
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
