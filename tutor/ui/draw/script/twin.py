"""The twin pane: the pairs of values that should agree, and where the twin is in its script."""

import math
from collections.abc import Sequence

from textual.strip import Strip

from tutor.insight.pairing import ComparedPair
from tutor.ui.draw.script.source import draw_source
from tutor.ui.draw.text.numbers import brief, number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fill, fit, line, ruled, strip

_LEAST = 6
"""The least cells of a value."""


def draw_twin(
    name: str,
    iterations: int,
    pairs: Sequence[ComparedPair],
    agreeing: Sequence[bool],
    source: str,
    at: int,
    width: int,
    height: int,
    palette: Palette,
    failure: str = "",
) -> list[Strip]:
    """Return `height` strips, or more if there are too many pairs.

    Args:
        name: The name of the twin.
        iterations: How many iterations of the loop both runs have completed.
        pairs: The values of both runs.
        agreeing: For each pair, whether its difference is only rounding.
        source: The script of the twin.
        at: The line of the twin's last statement.
        failure: Why the twin stopped early, "" if it did not.
    """
    if width < 1 or height < 1:
        return [line("", width, palette.text)] * max(0, height)
    after = (
        "before the loop"
        if not iterations
        else f"after {iterations} iteration{'s' * (iterations > 1)}"
    )
    rows = [strip([(name, palette.strong), (f"  {after}", palette.muted)], width, palette.text)]
    if failure:
        rows.append(strip([(f"it ended: {failure}", palette.error)], width, palette.text))
    for pair, agrees in zip(pairs, agreeing, strict=True):
        rows += _pair(pair, agrees, width, palette)
    room = height - len(rows) - 1
    if room >= 3:
        rows.append(strip(ruled("", width, palette.muted, palette.border), width, palette.text))
        drawn = draw_source(source, width, palette, done=at)
        first = max(0, min(at - 1 - room // 2, len(drawn) - room))
        rows += drawn[first : first + room]
    return rows if len(rows) > height else fill(rows, width, height, palette.text)


def _pair(pair: ComparedPair, agrees: bool, width: int, palette: Palette) -> list[Strip]:
    """Return a row with both values, and a row with their difference."""
    names = f"{pair.ours} ", f"{pair.theirs} "
    room = max(_LEAST, (width - len(names[0]) - len(names[1]) - 4) // 2)
    parts: list[Styled] = []
    for name, view in zip(names, (pair.one, pair.other), strict=True):
        text = brief(view, room) if view is not None else "not yet"
        parts += [(name, palette.muted), (fit(text, room), palette.text), ("  ", palette.text)]
    return [
        strip(parts, width, palette.text),
        strip(_apart(pair, agrees, palette), width, palette.text),
    ]


def _apart(pair: ComparedPair, agrees: bool, palette: Palette) -> list[Styled]:
    if math.isnan(pair.difference):
        return [("  not compared yet", palette.muted)]
    style = palette.text if agrees else palette.warning
    parts = [(f"  apart {number(pair.difference, 3)}", style)]
    if pair.largest > pair.difference:
        text = f", at most {number(pair.largest, 3)} after {pair.largest_at}"
        parts.append((text, palette.muted))
    return [*parts, ("" if agrees else "  they differ", palette.warning)]
