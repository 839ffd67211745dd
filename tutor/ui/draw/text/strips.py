"""Rows of styled text of an exact width in cells, whatever characters are in the text."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Styled = tuple[str, Style]
"""A text and its style; a row is made of several."""

ELLIPSIS = "…"

_ASCII = str.maketrans(
    dict(zip("…·•×→←↑↓−‖∇✓✗►↻◆●■∞", "~.*x><^v-|Gox>@#*#8", strict=True))
    | dict(zip("│┃┆┊┤├▌▎┼┬┴┌┐└┘─━╌", "||::||||+++++++---", strict=True))
    | dict(zip("╭╮╰╯┏┓┗┛┷┯▲▼", "..''++++++^v", strict=True))
    | dict(zip("▁▂▃▄▅▆▇█░▒▓", "_.-=+*%#.:+", strict=True))
)


def clean(text: str) -> str:
    """Replace or drop the characters that a terminal would obey, hide or join with others."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    # Joiners and variation selectors change the width of their neighbours, and terminals differ.
    if 0xFE00 <= code <= 0xFE0F or character == "\u200d":
        return ""
    category = unicodedata.category(character)
    return "\ufffd" if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else character


def clip(text: str, width: int) -> str:
    """Cut `text` to at most `width` cells, ending in an ellipsis if something is cut off."""
    text = clean(text)
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + ELLIPSIS if width > 0 else ""


def fit(text: str, width: int, right: bool = False) -> str:
    """Cut or pad `text` to exactly `width` cells."""
    text = clip(text, width)
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def strip(parts: Iterable[Styled], width: int, pad: Style) -> Strip:
    """Join texts to a strip of exactly `width` cells: cut off, or padded in the style `pad`."""
    sized = [(text, cell_len(text), style) for text, style in ((clean(t), s) for t, s in parts)]
    size = sum(size for _, size, _ in sized)
    left = width if size <= width else max(0, width - 1)
    segments = []
    for text, size, style in sized:
        if size > left:
            segments.append(Segment(set_cell_size(text, left), style))
            if width > 0:
                segments.append(Segment(ELLIPSIS, style))
            left = 0
            break
        if text:
            segments.append(Segment(text, style))
        left -= size
    if left > 0:
        segments.append(Segment(" " * left, pad))
    return Strip(segments, max(0, width))


def line(text: str, width: int, style: Style) -> Strip:
    """Return a strip with a single text."""
    return strip([(text, style)], width, style)


def ruled(title: str, width: int, style: Style, border: Style) -> list[Styled]:
    """Return a horizontal line of `width` cells with a title in it."""
    parts = [("── ", border), (f"{title} ", style)] if title else []
    size = sum(cell_len(clean(text)) for text, _ in parts)
    return [*parts, ("─" * max(0, width - size), border)]


def fill(strips: Sequence[Strip], width: int, height: int, style: Style) -> list[Strip]:
    """Return exactly `height` strips: cut off after these, or padded with blank ones."""
    blank = line("", width, style)
    return [*strips[:height], *[blank] * (height - len(strips))]


def wrap(parts: Iterable[Styled], width: int) -> list[list[Styled]]:
    """Break texts into lines of at most `width` cells, between words if possible.

    Spaces at a break are dropped. A newline in a text is a break.
    """
    lines: list[list[Styled]] = [[]]
    left = width
    for text, style in parts:
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
                left = width
            for word in _words(part):
                size = cell_len(word)
                if size > left and left < width:
                    _trim(lines[-1])
                    lines.append([])
                    left = width
                if left == width and len(lines) > 1 and not word.strip():
                    continue
                for piece in [word] if size <= width else chop_cells(word, max(1, width)):
                    if cell_len(piece) > left and lines[-1]:
                        lines.append([])
                        left = width
                    lines[-1].append((piece, style))
                    left -= cell_len(piece)
    return lines


def _words(text: str) -> list[str]:
    """Return words and the spaces between them; each wide character is a word of its own."""
    words: list[str] = []
    kind = ""
    for character in clean(text):
        now = " " if character == " " else "w" if cell_len(character) > 1 else "a"
        if now == kind and now != "w":
            words[-1] += character
        else:
            words.append(character)
        kind = now
    return words


def _trim(parts: list[Styled]) -> None:
    """Drop the spaces at the end."""
    while parts and not parts[-1][0].strip():
        parts.pop()


def to_ascii(drawn: Strip) -> Strip:
    """Return the strip in ASCII, for a terminal without Unicode; every cell stays in place."""
    return Strip([Segment(_to_ascii(text), style) for text, style, _ in drawn], drawn.cell_length)


def _to_ascii(text: str) -> str:
    text = text.translate(_ASCII)
    if text.isascii():
        return text
    return "".join(c if c.isascii() else _dots(c) or "?" * cell_len(c) for c in text)


def _dots(character: str) -> str:
    """Return an ASCII character as dark as a braille pattern; "" for another character."""
    code = ord(character) - 0x2800
    return " ...::::#"[code.bit_count()] if 0 <= code < 256 else ""
