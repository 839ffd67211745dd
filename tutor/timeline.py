"""What a run recorded, and what every value was at every step of it. Pure: no torch, no screen."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tutor.frame import Frame, TensorView
from tutor.transcript import Transcript

BUDGET = 256 * 2**20
"""Bytes that a timeline may hold. Beyond it old pictures are thinned, never the steps."""

NEAR = 2_000
"""Up to this step a replay notes everything from the first step on."""

_NEWEST = 64
"""So many of the newest heavy views are never thinned: the learner is looking at them."""

_HEAVY = 1024
"""Views that cost more than this are thinned when the budget is spent; smaller ones always stay."""


class _Column:
    """The history of one name: the steps at which it changed and what it became."""

    __slots__ = ("steps", "views")

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.views: list[TensorView | None] = []


class Timeline:
    """The recorded steps of one run. Steps count from 1; step 0 is "nothing has run yet".

    Args:
        cells: The first lines of the script's cells, in order.
        budget: Bytes of recorded values to hold.
    """

    def __init__(self, cells: Sequence[int] = (), budget: int = BUDGET) -> None:
        self._cells = list(cells)
        self._budget = budget
        self._frames: list[Frame] = []
        self._columns: dict[str, _Column] = {}
        self._output = Transcript()
        self._loss_steps: list[int] = []
        self._losses: list[float] = []
        self._iteration_starts: list[int] = []
        self._cell_starts: list[int] = []
        self._heavy: list[tuple[int, str]] = []
        self.cost = 0
        """Bytes held by the recorded values, about."""

    def __len__(self) -> int:
        return len(self._frames)

    # Recording

    def append(self, frame: Frame) -> None:
        """Add the next step.

        Raises:
            ValueError: `frame` is not the step after the last one.
        """
        if frame.step != len(self._frames) + 1:
            raise ValueError(f"step {frame.step} cannot follow step {len(self._frames)}")
        last = self._frames[-1] if self._frames else None
        if last is None or (last.loop, last.iteration) != (frame.loop, frame.iteration):
            self._iteration_starts.append(frame.step)
        if last is None or self._cell(last.line) != self._cell(frame.line):
            self._cell_starts.append(frame.step)
        self._frames.append(frame)
        self.cost += 400 + 100 * len(frame.changed)
        for name, view in frame.changed.items():
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = _Column()
            column.steps.append(frame.step)
            column.views.append(view)
            if view is not None:
                self._weigh(frame.step, name, view)
        if frame.is_new_loss and frame.loss is not None:
            self._loss_steps.append(frame.step)
            self._losses.append(frame.loss)
        if self.cost > self._budget and len(self._heavy) > _NEWEST:
            self._thin()

    def print(self, step: int, output: Iterable[tuple[int, bytes]]) -> None:
        """Add output of `step`, which may still be running."""
        self._output.append(step, output)

    def complete(self, step: int, views: Mapping[str, TensorView]) -> None:
        """Fill in the content that the values shown at `step` were recorded without."""
        for name, view in views.items():
            column = self._columns.get(name)
            index = bisect_right(column.steps, step) - 1 if column else -1
            if column is None or index < 0:
                continue
            old = column.views[index]
            if old is not None and not old.is_complete:
                self._replace(column, index, name, view)
                self._weigh(column.steps[index], name, view)

    def _weigh(self, step: int, name: str, view: TensorView) -> None:
        cost = view.cost
        self.cost += cost
        if cost > _HEAVY:
            self._heavy.append((step, name))

    def _replace(self, column: _Column, index: int, name: str, view: TensorView) -> None:
        column.views[index] = view
        self._frames[column.steps[index] - 1].changed[name] = view

    def _thin(self) -> None:
        """Drop the content of every second heavy view among the older three quarters."""
        newest = len(self._heavy) - max(_NEWEST, len(self._heavy) // 4)
        kept = []
        for position, (step, name) in enumerate(self._heavy):
            column = self._columns[name]
            index = bisect_left(column.steps, step)
            view = column.views[index]
            if view is None or not view.is_complete:
                continue
            if position >= newest or position % 2:
                kept.append((step, name))
                continue
            self.cost -= view.cost
            bare = msgspec.structs.replace(view, data=None, summary=None)
            self.cost += bare.cost
            self._replace(column, index, name, bare)
        self._heavy = kept

    # Reading

    def frame(self, step: int) -> Frame | None:
        """The frame of `step`; None for step 0."""
        return self._frames[step - 1] if step else None

    def at(self, step: int) -> "Moment":
        """Everything as it was after `step`."""
        if not 0 <= step <= len(self._frames):
            raise IndexError(f"step {step} is not recorded (1 to {len(self._frames)} are)")
        return Moment(self, step)

    def names(self, step: int) -> list[str]:
        """The names that have a value after `step`, in the order in which they appeared."""
        return [name for name in self._columns if self.view(name, step) is not None]

    def view(self, name: str, step: int) -> TensorView | None:
        """The value of `name` after `step`; None if it has none."""
        column = self._columns.get(name)
        if column is None:
            return None
        index = bisect_right(column.steps, step) - 1
        return column.views[index] if index >= 0 else None

    def changed_at(self, name: str, step: int) -> int:
        """The last step up to `step` that changed `name`, 0 if none did."""
        column = self._columns.get(name)
        index = bisect_right(column.steps, step) - 1 if column else -1
        return column.steps[index] if column and index >= 0 else 0

    def missing(self, step: int) -> list[str]:
        """The names whose content at `step` was not kept; a replay to `step` brings it."""
        views = ((name, self.view(name, step)) for name in self._columns)
        return [name for name, view in views if view is not None and not view.is_complete]

    def losses(self, step: int) -> tuple[Sequence[int], Sequence[float]]:
        """The steps up to `step` that computed a loss, and those losses."""
        end = bisect_right(self._loss_steps, step)
        return self._loss_steps[:end], self._losses[:end]

    def output(self, step: int) -> list[tuple[int, bytes]]:
        """What the script had written by the end of `step`: (1 stdout or 2 stderr, bytes)."""
        is_tip = step >= len(self._frames)
        return self._output.pieces if is_tip else self._output.until(step)

    @property
    def output_dropped(self) -> int:
        """Bytes of old output that are no longer kept."""
        return self._output.dropped

    # Moving

    def next_iteration(self, step: int) -> int | None:
        """The first recorded step of the next iteration."""
        return _after(self._iteration_starts, step)

    def previous_iteration(self, step: int) -> int | None:
        """The first step of this iteration, or of the one before when `step` is its first."""
        return _before(self._iteration_starts, step)

    def next_cell(self, step: int) -> int | None:
        """The first recorded step in the next cell."""
        return _after(self._cell_starts, step)

    def previous_cell(self, step: int) -> int | None:
        """The first step in this cell, or in the one before when `step` is its first."""
        return _before(self._cell_starts, step)

    def window(self, step: int) -> int:
        """The step after which what led to `step` mostly happened: the beginning of the iteration
        before. 0 near the beginning, where a replay of everything takes no time."""
        if step <= NEAR:
            return 0
        here = self.previous_iteration(min(step, len(self._frames))) or 1
        return (self.previous_iteration(here) or 1) - 1

    def iteration(self, number: int, near: int) -> int | None:
        """The first step of iteration `number`; of several loops, of the one that `near` is in."""
        here = self.frame(near)
        starts = [
            start for start in self._iteration_starts if self._frames[start - 1].iteration == number
        ]
        in_loop = [s for s in starts if here and self._frames[s - 1].loop == here.loop]
        return next(iter(in_loop or starts), None)

    def _cell(self, line: int) -> int:
        return bisect_right(self._cells, line)


class Moment:
    """A timeline as it was after one step: what every panel draws.

    Two moments are never equal, so that a change test costs nothing.
    """

    __slots__ = ("frame", "step", "timeline")

    def __init__(self, timeline: Timeline, step: int) -> None:
        self.timeline = timeline
        self.step = step
        self.frame = timeline.frame(step)

    @property
    def changed(self) -> Mapping[str, TensorView | None]:
        """What this step changed."""
        return self.frame.changed if self.frame else {}

    def names(self) -> list[str]:
        return self.timeline.names(self.step)

    def view(self, name: str) -> TensorView | None:
        return self.timeline.view(name, self.step)

    def before(self, name: str) -> TensorView | None:
        """The value of `name` before this step."""
        return self.timeline.view(name, self.step - 1)


def _after(starts: list[int], step: int) -> int | None:
    index = bisect_right(starts, step)
    return starts[index] if index < len(starts) else None


def _before(starts: list[int], step: int) -> int | None:
    index = bisect_left(starts, step) - 1
    return starts[index] if index >= 0 else None
