"""Format a run as a table: one row for each iteration of an outermost loop."""

import math
from collections.abc import Sequence
from typing import Any

from tutor.schema.frame import Frame, TensorView
from tutor.schema.values import array, jsonable

SMALL = 3
"""Without `--show`, values of up to this many elements are columns."""

COLUMNS = 7
"""Without `--show`, the table has at most this many columns of values."""

_Row = tuple[int, int | None, dict[str, Any]]
"""Line of the loop, iteration (None outside loops), and the values by column."""


class Table:
    """Collects the frames of a run in rows.

    Args:
        show: The expressions to show; for none the loss and the small values that change.
    """

    def __init__(self, show: Sequence[str]) -> None:
        self._show = list(show)
        self._now: dict[str, Any] = {}
        self._rows: list[_Row] = []

    def append(self, frame: Frame) -> None:
        """Add the next step: to the row of its iteration, or in a new row."""
        if self._show:
            self._now = dict(zip(self._show, frame.shown, strict=True))
        else:
            self._now["loss"] = frame.loss
            for name, view in frame.changed.items():
                self._now[name] = _small(view)
        key = (frame.loop, frame.iteration)
        if frame.iteration is not None:
            if self._rows and self._rows[-1][:2] == key:
                self._rows.pop()
            self._rows.append((*key, dict(self._now)))

    def text(self) -> str:
        """Return the table; "" for a run without steps. Each loop has a table of its own."""
        if not self._rows:
            has_values = any(value is not None for value in self._now.values())
            only: list[_Row] = [(0, None, self._now)] if has_values else []
            return _grid(self._columns(only), only)
        loops = list(dict.fromkeys(row[0] for row in self._rows))
        parts = []
        for loop in loops:
            rows = [row for row in self._rows if row[0] == loop]
            heading = f"loop in line {loop}\n" if len(loops) > 1 else ""
            parts.append(heading + _grid(self._columns(rows), rows))
        return "\n".join(parts)

    def _columns(self, rows: Sequence[_Row]) -> list[str]:
        if self._show:
            return self._show
        names = list(dict.fromkeys(name for row in rows for name in row[2]))
        found = []
        for name in names:
            values = [row[2].get(name) for row in rows]
            if all(value is None for value in values):
                continue
            # Leave out constants, and the loop's counter, which repeats the first column.
            if len(rows) > 1 and (
                all(value == values[0] for value in values) or values == [row[1] for row in rows]
            ):
                continue
            found.append(name)
        return found[:COLUMNS]


def _small(view: TensorView | None) -> Any:
    if view is None or view.count > SMALL:
        return None
    elements = array(view)
    return None if elements is None else elements.tolist()


def _grid(columns: list[str], rows: Sequence[_Row]) -> str:
    if not rows or not columns:
        return ""
    lines = [["iteration", *columns]]
    for _, iteration, values in rows:
        place = "" if iteration is None else str(iteration)
        lines.append([place, *(_cell(values.get(column)) for column in columns)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


def _cell(value: Any) -> str:
    value = jsonable(value)
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.7g}" if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_cell, value)) + "]"
    return str(value)
