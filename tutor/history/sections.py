"""How the steps of a run fall into cells, and into the passes of loops."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tutor.history.steps import OUTSIDE, Steps
from tutor.schema.frame import Frame

NEAR = 2_000
"""Up to this step a replay notes everything from the first step on."""


class Sections:
    """Steps in a row that belong together, by the first step of each section.

    Args:
        steps: What falls into sections: a step is added here before it is added there.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._starts = array("I")

    def __len__(self) -> int:
        return len(self._starts)

    def next(self, step: int) -> int | None:
        """The first recorded step of the next section."""
        index = bisect_right(self._starts, step)
        return self._starts[index] if index < len(self._starts) else None

    def previous(self, step: int) -> int | None:
        """The first step of this section, or of the one before when `step` is its first."""
        index = bisect_left(self._starts, step) - 1
        return self._starts[index] if index >= 0 else None


class Cells(Sections):
    """By the cells of the script.

    Args:
        lines: The first lines of the cells, in order.
    """

    def __init__(self, steps: Steps, lines: Sequence[int]) -> None:
        super().__init__(steps)
        self._lines = lines

    def until(self, steps: Steps) -> "Cells":
        """A copy for the first of the steps."""
        copy = Cells(steps, self._lines)
        copy._starts = _until(self._starts, len(steps))
        return copy

    def append(self, frame: Frame) -> None:
        """Add the next step."""
        lines, cell = self._steps.lines, bisect_right(self._lines, frame.line)
        if not lines or cell != bisect_right(self._lines, lines[-1]):
            self._starts.append(frame.step)


class Passes(Sections):
    """By the iterations of outermost loops: their passes. What runs outside of loops between two
    passes is a section as well, but no pass."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(steps)
        self.ends = array("I")
        """The last steps of all passes, as far as known: the last one's is not known before the
        next statement comes."""
        self.first = 0
        """The first step in a loop, 0 if there is none."""
        self._outside = array("I")

    def until(self, steps: Steps) -> "Passes":
        """A copy for the first of the steps."""
        copy = Passes(steps)
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
        """The last step was the last one of its pass, if it was in one: the script came to its end,
        or another section begins."""
        last = len(self._steps)
        # A fork may know already where the pass ends that it began after.
        if last and self._steps.loops[-1] and last not in self.ends[-1:]:
            self.ends.append(last)

    def count(self, step: int) -> int:
        """How many passes had come to their end by `step`, as far as known."""
        return bisect_right(self.ends, step)

    def end(self, count: int) -> int:
        """The last step of that many passes; for 0 the last step before the first of them."""
        if count:
            return self.ends[count - 1]
        return self.first - 1 if self.first else len(self._steps)

    def find(self, iteration: int, near: int) -> int | None:
        """The first step of an iteration; of several loops, of the one that `near` is in."""
        iterations, loops = self._steps.iterations, self._steps.loops
        starts = [start for start in self._starts if iterations[start - 1] == iteration]
        in_loop = [start for start in starts if near and loops[start - 1] == loops[near - 1]]
        return next(iter(in_loop or starts), None)

    def outside(self, step: int) -> Sequence[int]:
        """The steps up to `step` that are in no loop."""
        return _until(self._outside, step)

    def window(self, step: int) -> int:
        """The step after which what led to `step` mostly happened: the beginning of the iteration
        before. 0 near the beginning, where a replay of everything takes no time."""
        if step <= NEAR:
            return 0
        here = self.previous(min(step, len(self._steps))) or 1
        return (self.previous(here) or 1) - 1


def _until(steps: "array[int]", last: int) -> "array[int]":
    return steps[: bisect_right(steps, last)]
