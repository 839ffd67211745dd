"""What a script wrote, piece by piece, each with its step."""

from bisect import bisect_right
from collections.abc import Iterable

KEPT = 2**20
"""Bytes of output that are kept: the last ones."""


class Transcript:
    """The script's output in order, cut to its last `KEPT` bytes."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, bytes]] = []
        """(1 for stdout or 2 for stderr, bytes)."""
        self.dropped = 0
        """Bytes that are no longer kept."""
        self.steps: list[int] = []
        """The step of each piece."""
        self._size = 0

    def append(self, step: int, pieces: Iterable[tuple[int, bytes]]) -> None:
        for piece in pieces:
            self.steps.append(step)
            self.pieces.append(piece)
            self._size += len(piece[1])
        # Dropping from the front of a list is linear, so it waits until there is enough to drop.
        if self._size > KEPT * 3 // 2:
            self._cut()

    def fork(self, step: int) -> "Transcript":
        """A copy of what is kept of what was written by the end of `step`."""
        copy = Transcript()
        copy.pieces = self.until(step)
        copy.steps = self.steps[: len(copy.pieces)]
        copy.dropped = self.dropped if copy.pieces else 0
        copy._size = sum(len(text) for _, text in copy.pieces)
        return copy

    def _cut(self) -> None:
        first = 0
        while self._size > KEPT and first < len(self.pieces) - 1:
            self._size -= len(self.pieces[first][1])
            self.dropped += len(self.pieces[first][1])
            first += 1
        del self.steps[:first], self.pieces[:first]
        if self._size > KEPT:
            stream, text = self.pieces[0]
            self.dropped += len(text) - KEPT
            self.pieces[0] = (stream, text[-KEPT:])
            self._size = KEPT

    def until(self, step: int) -> list[tuple[int, bytes]]:
        """The pieces written by the end of `step`."""
        return self.pieces[: bisect_right(self.steps, step)]
