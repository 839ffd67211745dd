"""The rows between two layers of boxes, in which wires go from a column to another."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Lane = tuple[int, int]
"""The columns in which a wire comes into the rows between two layers and leaves them."""


@dataclass(eq=False)
class _Piece:
    """A horizontal line of a lane, to be put into a row."""

    start: int
    end: int
    row: int = -1
    after: list["_Piece"] = field(default_factory=list)
    """What must be in a row above it."""

    @property
    def low(self) -> int:
        return min(self.start, self.end)

    @property
    def high(self) -> int:
        return max(self.start, self.end)

    def meets(self, other: "_Piece") -> bool:
        return self.low <= other.high and other.low <= self.high


def channel(lanes: Sequence[Lane]) -> tuple[list[list[tuple[int, int]]], int]:
    """For each lane its turns (row, column to which it goes there), and how many rows there are.

    All columns above are distinct, and all below. No two lines share more than a crossing: if a
    lane leaves in the column in which another comes in, the other has to turn in a row above.
    Where that goes round in a circle, one lane turns twice, over a column that nobody has.
    """
    pieces = [[_Piece(start, end)] if start != end else [] for start, end in lanes]
    begins = {own[0].start: own[0] for own in pieces if own}
    taken = {column for lane in lanes for column in lane}
    for own in pieces:
        if own:
            if _circular(own[0], begins):
                free = _free((own[0].start + own[0].end) // 2, taken)
                taken.add(free)
                own.append(_Piece(free, own[0].end, after=[own[0]]))
                own[0].end = free
            elif own[0].end in begins:
                own[0].after = [begins[own[0].end]]
    for own in pieces:
        if len(own) == 2 and own[1].end in begins:
            own[1].after.append(begins[own[1].end])
    rows: list[list[_Piece]] = []
    # Of two that go the same way and overlap, they cross unless the one further on turns first.
    order = [piece for own in pieces for piece in own]
    order.sort(key=lambda piece: -piece.start if piece.start < piece.end else piece.start)
    for piece in order:
        stack = [piece]
        while stack:
            waiting = [other for other in stack[-1].after if other.row < 0]
            if waiting:
                stack += waiting
            else:
                _put(stack.pop(), rows)
    return [[(piece.row, piece.end) for piece in own] for own in pieces], len(rows)


def _circular(piece: _Piece, begins: dict[int, _Piece]) -> bool:
    """Whether what must be above it must, at last, be below it."""
    other = begins.get(piece.end)
    while other is not None and other is not piece:
        other = begins.get(other.end)
    return other is piece


def _free(near: int, taken: set[int]) -> int:
    distance = 0
    while near + distance in taken:
        distance = -distance if distance > 0 else 1 - distance
    return near + distance


def _put(piece: _Piece, rows: list[list[_Piece]]) -> None:
    if piece.row >= 0:
        return
    right = piece.start < piece.end
    row = max((other.row + 1 for other in piece.after), default=0)
    for number in range(len(rows) - 1, row - 1, -1):
        if any(right == (o.start < o.end) and piece.meets(o) for o in rows[number]):
            row = number + 1
            break
    while row < len(rows) and any(piece.meets(other) for other in rows[row]):
        row += 1
    if row == len(rows):
        rows.append([])
    rows[row].append(piece)
    piece.row = row
