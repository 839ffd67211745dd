"""The events list: a row for each event, and a head with the number of events of each kind."""

from collections.abc import Collection, Mapping

from rich.style import Style
from textual.strip import Strip

from tutor.insight.events.detect import Events
from tutor.insight.events.kinds import Kind, RunEvent
from tutor.insight.events.wording import describe
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, strip

GLYPHS: Mapping[Kind, str] = {
    Kind.EXCEPTION: "✗",
    Kind.NONFINITE: "∞",
    Kind.EXPLODED: "▲",
    Kind.VANISHED: "▼",
    Kind.ACCUMULATED: "+",
    Kind.ROSE: "/",
    Kind.PRINTED: '"',
}

KEYS: Mapping[Kind, str] = {
    Kind.EXCEPTION: "e",
    Kind.NONFINITE: "n",
    Kind.EXPLODED: "x",
    Kind.VANISHED: "v",
    Kind.ACCUMULATED: "a",
    Kind.ROSE: "r",
    Kind.PRINTED: "p",
}
"""The key that shows or hides a kind in the list."""


def style_of(kind: Kind, palette: Palette) -> Style:
    """Return the style of a kind of event; more serious kinds stand out more."""
    if kind in (Kind.EXCEPTION, Kind.NONFINITE):
        return palette.error
    if kind in (Kind.EXPLODED, Kind.VANISHED):
        return palette.warning
    return palette.strong if kind is Kind.PRINTED else palette.changed


def draw_kinds(
    events: Events, hidden: Collection[Kind], width: int, palette: Palette
) -> list[Strip]:
    """Return `n[x] ∞ not finite 12` for each kind, in as many rows as needed."""
    rows: list[list[Styled]] = [[]]
    left = width
    for kind in Kind:
        is_shown, count = kind not in hidden, events.count(kind)
        word = palette.text if is_shown and count else palette.muted
        parts: list[Styled] = [
            (f"{KEYS[kind]}{'[x]' if is_shown else '[ ]'} ", palette.accent),
            (GLYPHS[kind], style_of(kind, palette)),
            (f" {kind.value} {count:,}", word),
        ]
        size = sum(len(text) for text, _ in parts)
        if size + 2 > left and rows[-1]:
            rows.append([])
            left = width
        if rows[-1]:
            parts.insert(0, ("  ", palette.text))
            size += 2
        rows[-1] += parts
        left -= size
    return [strip(row, width, palette.text) for row in rows]


def draw_event(
    events: Events, event: RunEvent, origin: str, is_picked: bool, width: int, palette: Palette
) -> Strip:
    """Return the row of an event: `▲  12,345  line 14  b.grad exploded: norm 0.01 → 4.2`.

    Args:
        origin: The operation that first returned a value that is not finite; "" while unknown.
    """
    over = palette.selected if is_picked else Style.null()
    timeline, style = events.timeline, style_of(event.kind, palette)
    step = f"{event.step:,}".rjust(len(f"{len(timeline):,}"))
    # An exception that ended the run has no recorded step; its message names the line.
    is_recorded = event.kind is not Kind.EXCEPTION or bool(timeline.steps.raised(event.step))
    line = f"line {timeline.steps.place(event.step).line}" if is_recorded else ""
    text = describe(events, event) + (f": {origin}" if origin else "")
    parts: list[Styled] = [
        (">" if is_picked else " ", palette.strong + over),
        (GLYPHS[event.kind], style),
        (f" {step}  ", palette.strong + over),
        (fit(line, 9) + " ", palette.muted + over),
        (text, palette.text + over),
    ]
    return strip(parts, width, palette.text + over)
