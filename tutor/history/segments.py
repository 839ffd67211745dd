"""Divide the steps of a run into segments: by cells, and by iterations of loops."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tutor.history.steps import OUTSIDE, Steps
from tutor.schema.frame import Frame

NEAR = 2_000
"""Up to this step a replay is fast enough to record everything from the first step on."""


class Segments:
    """Consecutive steps that belong together, by the first step of each segment.

    Args:
        steps: The steps to divide. A new step is appended there first, then here.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._starts = array("I")

    def __len__(self) -> int:
        return len(self._starts)

    def next(self, step: int) -> int | None:
        """Return the first recorded step of the next segment."""
        index = bisect_right(self._starts, step)
        return self._starts[index] if index < len(self._starts) else None

    def previous(self, step: int) -> int | None:
        """Return the first step of this segment, or of the previous one if `step` is the first."""
        index = bisect_left(self._starts, step) - 1
        return self._starts[index] if index >= 0 else None


class Cells(Segments):
    """The segments of steps in the same cell of the script.

    Args:
        lines: The first lines of the cells, in order.
    """

    def __init__(self, steps: Steps, lines: Sequence[int]) -> None:
        super().__init__(steps)
        self._lines = lines

    def until(self, steps: Steps) -> "Cells":
        """Return a copy for a copy of the first steps."""
        copy = Cells(steps, self._lines)
        copy._starts = _until(self._starts, len(steps))
        return copy

    def append(self, frame: Frame) -> None:
        """Add the next step."""
        lines, cell = self._steps.lines, bisect_right(self._lines, frame.line)
        if not lines or cell != bisect_right(self._lines, lines[-1]):
            self._starts.append(frame.step)


class Iterations(Segments):
    """The iterations of outermost loops. The steps between two loops are a segment, too, but not an
    iteration."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(steps)
        self.ends = array("I")
        """The last step of each finished iteration. An iteration is finished when a step outside of
        it follows, or when the script ends."""
        self.first = 0
        """The first step in a loop, 0 if there is none."""
        self._outside = array("I")

    def until(self, steps: Steps) -> "Iterations":
        """Return a copy for a copy of the first steps."""
        copy = Iterations(steps)
        copy._starts = _until(self._starts, len(steps))
        copy.ends = _until(self.ends, len(steps))
        copy.first = self.first if self.first <= len(steps) else 0
        copy._outside = _until(self._outside, len(steps))
        return copy

    def append(self, frame: Frame) -> None:
        """Add the next step."""
        if not frame.loop:
            self._outside.append(frame.step)
        elif not self.first:
            self.first = frame.step
        loops, iterations = self._steps.loops, self._steps.iterations
        iteration = OUTSIDE if frame.iteration is None else frame.iteration
        if not loops or iteration != iterations[-1] or frame.loop != loops[-1]:
            self.finish()
            self._starts.append(frame.step)

    def finish(self) -> None:
        """Record that the last step ended its iteration, if it was in one."""
        last = len(self._steps)
        # After a fork the end of the last iteration may be recorded already.
        if last and self._steps.loops[-1] and last not in self.ends[-1:]:
            self.ends.append(last)

    def count(self, step: int) -> int:
        """Return the number of iterations that had finished by the end of `step`."""
        return bisect_right(self.ends, step)

    def end(self, count: int) -> int:
        """Return the last step of iteration number `count`, counted over all loops from 1.

        For 0 return the step before the first loop, or the last step if there is no loop.
        """
        if count:
            return self.ends[count - 1]
        return self.first - 1 if self.first else len(self._steps)

    def find(self, iteration: int, near: int) -> int | None:
        """Return the first step of an iteration, preferably of the loop that step `near` is in."""
        iterations, loops = self._steps.iterations, self._steps.loops
        starts = [start for start in self._starts if iterations[start - 1] == iteration]
        in_loop = [start for start in starts if near and loops[start - 1] == loops[near - 1]]
        return next(iter(in_loop or starts), None)

    def outside(self, step: int) -> Sequence[int]:
        """Return the steps up to `step` that are in no loop."""
        return _until(self._outside, step)

    def window(self, step: int) -> int:
        """Return the step after which a replay must record to show what led to `step`.

        This is the step before the previous iteration; 0 for steps up to `NEAR`.
        """
        if step <= NEAR:
            return 0
        here = self.previous(min(step, len(self._steps))) or 1
        return (self.previous(here) or 1) - 1


def _until(steps: "array[int]", last: int) -> "array[int]":
    return steps[: bisect_right(steps, last)]
