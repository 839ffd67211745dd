"""The steps of a replay up to the one that is to be recorded: they are only counted."""

from collections.abc import Callable

from tutor.worker.between_steps import Interludes


class Replay:
    """Counts steps, each of which costs next to nothing.

    Args:
        begin: How many there are to count.
        interludes: What is due after some of them.
        turn: Called with a step and its site, at its end, where there is more to do than to count.
    """

    def __init__(
        self, begin: int, interludes: Interludes, turn: Callable[[int, int], None]
    ) -> None:
        self._begin = begin
        self._interludes = interludes
        self._turn = turn
        self.is_under_way = False
        self._step = 0
        self._due = 0

    def go_on(self, step: int) -> None:
        """Count from `step` on to the next at which to turn."""
        self.is_under_way = step < self._begin
        self._step = step
        self._due = min(self._begin, self._interludes.due)

    def count(self, site: int) -> None:
        """The statement of this site has just run."""
        step = self._step + 1
        if step < self._due:
            self._step = step
        else:
            self._turn(step, site)
