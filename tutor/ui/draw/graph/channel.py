"""Channel routing: the rows between two layers, in which wires change from a column to another."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Lane = tuple[int, int]
"""The columns in which a wire enters the rows between two layers and leaves them."""


@dataclass(eq=False)
class _Horizontal:
    """A horizontal line of a lane; `channel` finds its row."""

    start: int
    end: int
    row: int = -1
    after: list["_Horizontal"] = field(default_factory=list)
    """The lines that must be in a row above it."""

    @property
    def low(self) -> int:
        return min(self.start, self.end)

    @property
    def high(self) -> int:
        return max(self.start, self.end)

    def meets(self, other: "_Horizontal") -> bool:
        return self.low <= other.high and other.low <= self.high


def channel(lanes: Sequence[Lane]) -> tuple[list[list[tuple[int, int]]], int]:
    """Return for each lane its turns (row, new column), and the number of rows.

    The columns above must be distinct, and so must those below. Two wires may cross but never
    overlap: if a lane leaves in the column in which another one enters, the other one turns in a
    row above. If these conditions form a cycle, one lane turns twice, through a free column.
    """
    lines = [[_Horizontal(start, end)] if start != end else [] for start, end in lanes]
    begins = {own[0].start: own[0] for own in lines if own}
    taken = {column for lane in lanes for column in lane}
    for own in lines:
        if own:
            if _circular(own[0], begins):
                free = _free((own[0].start + own[0].end) // 2, taken)
                taken.add(free)
                own.append(_Horizontal(free, own[0].end, after=[own[0]]))
                own[0].end = free
            elif own[0].end in begins:
                own[0].after = [begins[own[0].end]]
    for own in lines:
        if len(own) == 2 and own[1].end in begins:
            own[1].after.append(begins[own[1].end])
    rows: list[list[_Horizontal]] = []
    # Two overlapping lines in one direction cross unless the one that is ahead turns first.
    order = [line for own in lines for line in own]
    order.sort(key=lambda line: -line.start if line.start < line.end else line.start)
    for line in order:
        stack = [line]
        while stack:
            waiting = [other for other in stack[-1].after if other.row < 0]
            if waiting:
                stack += waiting
            else:
                _put(stack.pop(), rows)
    return [[(line.row, line.end) for line in own] for own in lines], len(rows)


def _circular(line: _Horizontal, begins: dict[int, _Horizontal]) -> bool:
    """Return True if the line must be above itself, by way of the lines that must be above it."""
    other = begins.get(line.end)
    while other is not None and other is not line:
        other = begins.get(other.end)
    return other is line


def _free(near: int, taken: set[int]) -> int:
    """Return the free column that is nearest."""
    distance = 0
    while near + distance in taken:
        distance = -distance if distance > 0 else 1 - distance
    return near + distance


def _put(line: _Horizontal, rows: list[list[_Horizontal]]) -> None:
    """Put a line into the first row that keeps the order; add a row if there is none."""
    if line.row >= 0:
        return
    right = line.start < line.end
    row = max((other.row + 1 for other in line.after), default=0)
    for number in range(len(rows) - 1, row - 1, -1):
        if any(right == (o.start < o.end) and line.meets(o) for o in rows[number]):
            row = number + 1
            break
    while row < len(rows) and any(line.meets(other) for other in rows[row]):
        row += 1
    if row == len(rows):
        rows.append([])
    rows[row].append(line)
    line.row = row
