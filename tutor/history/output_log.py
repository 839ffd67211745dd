"""The output of a script: what it wrote, piece by piece, with the step of each piece."""

from bisect import bisect_right
from collections.abc import Iterable

KEPT = 2**20
"""The bytes of output that are kept: the last ones."""


class OutputLog:
    """The output of a script in order, cut to about its last `KEPT` bytes."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, bytes]] = []
        """(1 for stdout or 2 for stderr, bytes)."""
        self.dropped = 0
        """The number of bytes that were cut off."""
        self.steps: list[int] = []
        """The step of each piece."""
        self._size = 0

    def append(self, step: int, pieces: Iterable[tuple[int, bytes]]) -> None:
        for piece in pieces:
            self.steps.append(step)
            self.pieces.append(piece)
            self._size += len(piece[1])
        # Deleting from the front of a list takes linear time, so wait until there is much to cut.
        if self._size > KEPT * 3 // 2:
            self._cut()

    def fork(self, step: int) -> "OutputLog":
        """Return a copy of the kept output up to the end of `step`."""
        copy = OutputLog()
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
        """Return the pieces written by the end of `step`."""
        return self.pieces[: bisect_right(self.steps, step)]
