"""The list of edits that a step offers."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from tutor.session.edits import Offer
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, line, strip


def draw_offers(offers: Sequence[Offer], picked: int, width: int, palette: Palette) -> list[Strip]:
    """Return a row for each offer: the statement to type, and what it changes."""
    if not offers:
        return [line("nothing has a value yet; a statement can be typed", width, palette.muted)]
    about = max(cell_len(offer.about) for offer in offers)
    room = max(8, width - min(about, width // 2) - 4)
    rows = []
    for number, offer in enumerate(offers):
        is_picked = number == picked
        parts: list[Styled] = [
            ("► " if is_picked else "  ", palette.accent),
            (fit(offer.text, room), palette.strong if is_picked else palette.text),
            (f"  {offer.about}", palette.muted),
        ]
        if is_picked:
            parts = [(text, style + palette.selected) for text, style in parts]
        rows.append(strip(parts, width, palette.text))
    return rows
