"""Rows that are drawn when they come into view: of thousands of values a few are seen."""

from collections.abc import Callable, Sequence
from typing import overload

from textual.strip import Strip


class Rows(Sequence[Strip]):
    """The lines of a pane.

    Args:
        draw: Returns the row with this number.
    """

    def __init__(self, count: int, draw: Callable[[int], Strip]) -> None:
        self._count = count
        self._draw = draw
        self._drawn: dict[int, Strip] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Strip: ...
    @overload
    def __getitem__(self, index: slice) -> list[Strip]: ...
    def __getitem__(self, index: int | slice) -> Strip | list[Strip]:
        numbers = range(self._count)[index]
        return self._row(numbers) if isinstance(numbers, int) else [*map(self._row, numbers)]

    def _row(self, number: int) -> Strip:
        if number not in self._drawn:
            self._drawn[number] = self._draw(number)
        return self._drawn[number]
