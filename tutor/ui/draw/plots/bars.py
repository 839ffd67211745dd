"""Draw named numbers as bars."""

import math

import numpy as np
from textual.strip import Strip

from tutor.insight.plots import PlotData
from tutor.ui.draw.plots.chart import LARGEST
from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import fit, strip


def draw_bars(
    picture: PlotData, log: bool, width: int, height: int, palette: Palette
) -> list[Strip]:
    """Return a row for each number: its name, the number, and a bar."""
    if not picture.bars:
        return []
    names = min(max(len(name) for name, _ in picture.bars), width // 3)
    sizes = np.clip([_size(value, log) for _, value in picture.bars], -LARGEST, LARGEST)
    known = sizes[np.isfinite(sizes)]
    low = float(known.min()) - 1.0 if log and known.size else 0.0
    span = (float(known.max()) if known.size else 0.0) - low or 1.0
    room = max(0, width - names - 12)
    rows = []
    for (name, value), size in zip(picture.bars, sizes.tolist(), strict=True):
        text = fit(number(value, 4), 10, right=True)
        cells = round(room * (size - low) / span) if math.isfinite(size) else 0
        is_odd = not math.isfinite(value)
        style = palette.error if is_odd else palette.negative if value < 0 else palette.accent
        parts = [
            (fit(name, names), palette.text),
            (f"{text} ", palette.error if is_odd else palette.strong),
            ("█" * max(0, cells), style),
        ]
        rows.append(strip(parts, width, palette.text))
    if len(rows) > height > 0:
        more = f"and {len(rows) - height + 1} more: Enter shows this pane alone"
        rows[height - 1 :] = [strip([(more, palette.muted)], width, palette.text)]
    return rows


def _size(value: float, log: bool) -> float:
    """Return the length of a bar before scaling; NaN if it has none."""
    if not math.isfinite(value):
        return math.nan
    if not log:
        return abs(value)
    return math.log10(abs(value)) if value else math.nan
