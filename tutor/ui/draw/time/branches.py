"""The tree of runs: a row for each run and its forks."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.strip import Strip

from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, strip


@dataclass(frozen=True)
class BranchRow:
    """What the row of one run shows."""

    name: str
    depth: int
    """How many forks there are between it and the first run."""
    fork: int
    """The step after which it was forked, 0 for the first run."""
    steps: int
    loss: float | None
    state: str
    """What the run is doing, in a word or two."""
    mark: str
    """The mark of its curve in the loss pane."""
    is_current: bool


def draw_branches(
    rows: Sequence[BranchRow], picked: int, width: int, palette: Palette
) -> list[Strip]:
    """Return a row for each run: mark, name indented as a tree, fork, steps, loss and state."""
    named = [_named(row) for row in rows]
    size = min(max(map(cell_len, named)), max(12, width - 58))
    strips = []
    for place, (row, name) in enumerate(zip(rows, named, strict=True)):
        fork = f"after {row.fork:,}" if row.depth else ""
        loss = f"loss {number(row.loss, 4)}" if row.loss is not None else ""
        own = palette.strong if row.is_current else palette.text
        parts: list[Styled] = [
            ("►" if place == picked else " ", palette.accent),
            (f"{row.mark} ", palette.accent if row.is_current else palette.muted),
            (fit(name, size), own),
            (f"  {fit(fork, 12)}", palette.muted),
            (f"{row.steps:>7,} steps  ", palette.text),
            (f"{fit(loss, 14)}  ", palette.text),
            (row.state, palette.muted),
        ]
        if place == picked:
            parts = [(text, style + palette.selected) for text, style in parts]
        strips.append(strip(parts, width, palette.text))
    return strips


def _named(row: BranchRow) -> str:
    return f"{'  ' * (row.depth - 1)}└ {row.name}" if row.depth else row.name
