"""The output pane: the last lines that the script printed, without its terminal escapes."""

import re
from itertools import groupby

from rich.cells import cell_len
from textual.strip import Strip

from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, clean, line, strip

STDERR = 2

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
"""CSI, OSC and other strings, two-character escapes: a script must not control the terminal."""

_TAB = 8

_MOVES = re.compile(r"([\r\b\t])")

Line = list[tuple[str, int]]
"""A line of output: texts, each with the stream it was written to."""


def draw_output(
    pieces: list[tuple[int, bytes]], width: int, height: int, palette: Palette, dropped: int = 0
) -> list[Strip]:
    """Return the last `height` rows of the output, or fewer.

    Only the end of the output is decoded, so the time does not grow with its length.

    Args:
        pieces: What was written: (1 for stdout or 2 for stderr, bytes).
        dropped: How many bytes of older output are no longer kept.
    """
    if width < 1 or height < 1:
        return []
    if not pieces:
        return [line("nothing printed yet", width, palette.muted)]
    tail, is_all = _tail(pieces, height, (width + 2) * height * 4)
    rows: list[list[Styled]] = []
    for written in _lines(tail):
        rows.extend(_wrapped(written, width, palette))
    if not rows[-1]:
        # The last newline ends a line and does not begin one.
        rows.pop()
    if is_all and dropped:
        rows.insert(0, [(f"{dropped:,} earlier bytes are no longer kept", palette.muted)])
    return [strip(row, width, palette.text) for row in rows[-height:]]


def _tail(
    pieces: list[tuple[int, bytes]], lines: int, size: int
) -> tuple[list[tuple[int, str]], bool]:
    """Return the end of the output, at least so many lines or bytes, and whether that is all."""
    kept: list[tuple[int, bytes]] = []
    newlines = bytes_ = 0
    is_all = True
    for stream, data in reversed(pieces):
        if newlines > lines or bytes_ >= size:
            is_all = False
            break
        cut = data[-size:]
        is_all = len(cut) == len(data)
        kept.append((stream, cut))
        newlines += cut.count(b"\n")
        bytes_ += len(cut)
    kept.reverse()
    # A character may be split between two writes to one stream, so they are joined first.
    joined = [
        (stream, b"".join(data for _, data in group))
        for stream, group in groupby(kept, key=lambda piece: piece[0])
    ]
    if joined and not is_all:
        stream, data = joined[0]
        joined[0] = stream, re.sub(rb"\A[\x80-\xbf]{1,3}", b"", data)
    return [(stream, data.decode(errors="replace")) for stream, data in joined], is_all


def _lines(tail: list[tuple[int, str]]) -> list[Line]:
    """Split the output into lines, as a terminal would show them."""
    lines: list[Line] = [[]]
    for stream, text in tail:
        for number, part in enumerate(_ESCAPES.sub("", text).split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append((part, stream))
    return [
        _typed(line) if any(_MOVES.search(text) for text, _ in line) else line for line in lines
    ]


def _typed(line: Line) -> Line:
    """Carry out the carriage returns, backspaces and tabs in a line, as a terminal does."""
    held: list[tuple[str, int]] = []
    column = 0
    for text, stream in line:
        for part in _MOVES.split(text):
            if part == "\r":
                column = 0
            elif part == "\b":
                column = max(0, column - 1)
            elif part:
                written = " " * (_TAB - column % _TAB) if part == "\t" else part
                held[column : column + len(written)] = [
                    (character, stream) for character in written
                ]
                column += len(written)
    return [
        ("".join(character for character, _ in group), stream)
        for stream, group in groupby(held, key=lambda typed: typed[1])
    ]


def _wrapped(line: Line, width: int, palette: Palette) -> list[list[Styled]]:
    """Break a line into rows of at most `width` cells; return at least one row."""
    rows: list[list[Styled]] = [[]]
    left = width
    for text, stream in line:
        style = palette.warning if stream == STDERR else palette.text
        text = clean(text)
        while (size := cell_len(text)) > left:
            head = _head(text, left) or ("" if rows[-1] else text[0])
            rows[-1].append((head, style))
            rows.append([])
            text = text[len(head) :]
            left = width
        rows[-1].append((text, style))
        left -= size
    return rows


def _head(text: str, width: int) -> str:
    """Return as much of the text as fits into `width` cells."""
    if text.isascii():
        return text[:width]
    for index, character in enumerate(text):
        width -= cell_len(character)
        if width < 0:
            return text[:index]
    return text
