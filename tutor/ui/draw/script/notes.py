"""The notes pane: a cell's title, the note of this step, and the cell's prose, in light Markdown.

The Markdown is that of comments in scripts, where CommonMark would go wrong: `__name__` and `a*b*c`
stay as they are, and indented lines keep their own row without a blank line before them.
"""

import re
import string
from collections.abc import Iterator

from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, line, ruled, strip, wrap

_INLINE = re.compile(
    r"(?P<code>`+)(?P<verbatim>.+?)(?P=code)"
    r"|(?P<math>\$[^$\n]+\$)"
    r"|\*\*(?P<bold>\S(?:.*?\S)?)\*\*"
    r"|(?<!\w)[*_](?P<italic>[^\s*_](?:[^*_]*[^\s*_])?)[*_](?!\w)"
    r"|!?\[(?P<link>[^]]+)\]\([^)]*\)"
)
_ITEM = re.compile(r"(\s*)([-*+]|\d+[.)])\s+(.*)")
_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_BAR = "▌ "

_HIDDEN = {ord(mark): 0xE000 + ord(mark) for mark in string.punctuation}
_SHOWN = {hidden: mark for mark, hidden in _HIDDEN.items()}


def verbatim(text: str) -> str:
    """Return `text` for use in a note or prose, such that none of it is read as Markdown."""
    return text.translate(_HIDDEN)


def draw_note(title: str, prose: str, note: str, width: int, palette: Palette) -> list[Strip]:
    """Return the title, the step's note with a bar before it, and the cell's prose.

    Args:
        note: A line that begins with `? ` is a question to the learner. Values of the script in it
            are `verbatim`.
    """
    strips: list[Strip] = []
    if title:
        parts = ruled(title, width, palette.heading, palette.border)
        strips.append(strip(parts, width, palette.text))
    if note.strip():
        strips.extend(_note(note, width, palette))
    body = list(_blocks(prose, max(1, width), palette))
    if body and strips:
        strips.append(line("", width, palette.text))
    return strips + [strip(row, width, palette.text) for row in body]


def _note(note: str, width: int, palette: Palette) -> Iterator[Strip]:
    bar = (_BAR, palette.accent)
    for row in _blocks(note, max(1, width - len(_BAR)), palette, palette.strong):
        yield strip([bar, *row], width, palette.text)


def _blocks(
    text: str, width: int, palette: Palette, style: Style | None = None
) -> Iterator[list[Styled]]:
    """Yield the rows of a text.

    The lines of a paragraph flow together; headings, list items, code and tables keep theirs.
    """
    if not text.strip():
        return
    style = style or palette.text
    paragraph: list[str] = []

    def flush() -> Iterator[list[Styled]]:
        if paragraph:
            yield from wrap(_inline(" ".join(paragraph), palette, style), width)
            paragraph.clear()

    fence = ""
    for row in text.strip("\n").split("\n"):
        if fenced := _FENCE.match(row):
            yield from flush()
            fence = "" if fence == fenced[1] else fence or fenced[1]
        elif fence or row.startswith(("    ", "\t", "|")):
            yield from flush()
            yield [(row.expandtabs(4).translate(_SHOWN), palette.syntax["string"])]
        elif not row.strip():
            yield from flush()
            yield []
        elif found := _HEADING.fullmatch(row):
            yield from flush()
            yield from wrap(_inline(found[1], palette, palette.heading), width)
        elif found := _ITEM.fullmatch(row):
            yield from flush()
            indent, mark, words = found.groups()
            first = f"{indent}{'•' if mark in '-*+' else mark} "
            items = wrap(_inline(words, palette, style), width - len(first))
            for index, item in enumerate(items):
                yield [(" " * len(first) if index else first, palette.accent), *item]
        elif row.startswith("? "):
            yield from flush()
            for index, words in enumerate(wrap(_inline(row[2:], palette, style), width - 2)):
                yield [("  " if index else "? ", palette.changed), *words]
        else:
            paragraph.append(row.strip())
    yield from flush()


def _inline(text: str, palette: Palette, style: Style) -> Iterator[Styled]:
    """Yield the parts of a paragraph."""
    for words, own in _spans(text, palette, style):
        yield words.translate(_SHOWN), own


def _spans(text: str, palette: Palette, style: Style) -> Iterator[Styled]:
    """Parse `code`, **bold** and *italic*; keep $math$ as it is; replace links by their text."""
    at = 0
    for found in _INLINE.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], style
        at = found.end()
        if found["verbatim"]:
            # Without colours the backticks stay, to tell code from words.
            code = found["verbatim"].strip() or " " if palette.colors else found[0]
            yield code, style + palette.syntax["function"]
        elif found["math"]:
            yield found["math"], palette.accent
        elif found["bold"]:
            yield from _spans(found["bold"], palette, style + Style(bold=True))
        elif found["italic"]:
            yield from _spans(found["italic"], palette, style + Style(italic=True))
        else:
            yield found["link"], style + Style(underline=True)
    if at < len(text):
        yield text[at:], style
