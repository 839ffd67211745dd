"""The explanation of a number as rows; the rows that lead to another explanation can be picked."""

from textual.strip import Strip

from tutor.insight.explain.explanation import Explanation, Row
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, line, ruled, strip, wrap

PICKED, LEADS_ON = "►", "›"


def draw_why(
    explained: Explanation, chain: str, where: str, width: int, palette: Palette, picked: int
) -> tuple[list[Strip], int]:
    """Return the strips, and the index of the one at which the picked row begins.

    Args:
        chain: The whole formula from the root to a leaf; "" if there is none.
        where: The statement that computed the number, in words.
        picked: Which of the rows that lead to another explanation, from 0.
    """
    strips = [line(where, width, palette.muted)]
    if chain:
        strips += _wrapped([(chain, palette.heading)], width, palette)
    first, count = 0, 0
    for number, row in enumerate(explained.rows):
        is_picked = row.leads_to is not None and count == picked
        if is_picked:
            first = len(strips)
        mark = " " if row.leads_to is None else PICKED if is_picked else LEADS_ON
        count += row.leads_to is not None
        if number == 1 and row.leads_to is not None:
            strips.append(strip(ruled("made of", width, palette.muted, palette.border), width,
                                palette.text))  # fmt: skip
        strips += _row(row, mark, is_picked, width, palette, " = " if number == 0 else ": ")
    return strips, first


def _row(
    row: Row, mark: str, is_picked: bool, width: int, palette: Palette, joint: str
) -> list[Strip]:
    parts: list[Styled] = []
    if row.label:
        parts.append((row.label, palette.strong if mark == " " else palette.accent))
    if row.formula and row.formula != row.label:
        parts.append((f"{joint}{row.formula}" if row.label else row.formula, palette.text))
    if row.numbers:
        parts.append((f" = {row.numbers}", palette.changed))
    strips = []
    for position, part in enumerate(wrap(parts, max(8, width - 2))):
        head = mark if position == 0 else " "
        drawn = [(f"{head} ", palette.accent), *part]
        if is_picked:
            drawn = [(text, style + palette.current) for text, style in drawn]
        strips.append(strip(drawn, width, palette.current if is_picked else palette.text))
    return strips


def _wrapped(parts: list[Styled], width: int, palette: Palette) -> list[Strip]:
    return [strip(part, width, palette.text) for part in wrap(parts, width)]
