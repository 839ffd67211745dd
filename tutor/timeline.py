"""What a run recorded, and what every value was at every step of it. Pure: no torch, no screen."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from tutor.budget import Budget
from tutor.column import KEPT, Column, Forms
from tutor.frame import Frame, Past, TensorView
from tutor.steps import Place, Steps
from tutor.transcript import Transcript

NEAR = 2_000
"""Up to this step a replay notes everything from the first step on."""

_CHANGE = 40
"""Bytes that a change takes beside the content, about."""


class Doubt(msgspec.Struct, frozen=True, array_like=True):
    """A replay came to something else than the recorded run."""

    step: int
    """The first step that is known to differ."""
    reason: str
    """What differed, and why as far as that can be told: one line."""
    is_exact: bool = False
    """Whether all steps before it are known to agree."""


class Timeline:
    """The recorded steps of one run. Steps count from 1; step 0 is "nothing has run yet".

    Args:
        cells: The first lines of the script's cells, in order.
        budget: Shared by all runs of a script; one of its own unless given.
    """

    def __init__(self, cells: Sequence[int] = (), budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.cost = 0
        """Bytes that this run's steps take for good."""
        self.digests: dict[int, bytes] = {}
        """By step: what the whole state came to."""
        self.doubt: Doubt | None = None
        """Where a replay found that this run cannot be replayed exactly."""
        self.edited: dict[int, frozenset[str]] = {}
        """By step: the names that the learner edited after it."""
        self._cells = list(cells)
        self._forms = Forms()
        self._columns: dict[str, Column] = {}
        self._names: list[str] = []
        """The columns' names by their numbers."""
        self._numbers: dict[str, int] = {}
        self._steps = Steps()
        self._changes, self._change_ends = array("I"), array("Q")
        """The numbers of the columns that a step changed, and where each step's end."""
        self._output = Transcript()
        self._loss_steps, self._loss_values = array("I"), array("d")
        self._iteration_starts, self._cell_starts = array("I"), array("I")
        self._pass_starts, self._pass_ends = array("I"), array("I")
        """Of the passes of all outermost loops: the last one's end is not known before the next
        statement comes."""
        self._outside = array("I")
        """The steps outside of loops that changed something."""

    def __len__(self) -> int:
        return len(self._steps)

    def fork(self, step: int, budget: Budget | None = None) -> "Timeline":
        """A timeline of its own that begins with the steps up to `step`; large values are shared,
        and so is what a replay brings back of them.

        Args:
            budget: Who pays for the copy; the same as for this one unless given.
        """
        copy = Timeline(self._cells, budget or self.budget)
        copy._forms, copy._names, copy._numbers = self._forms, [*self._names], {**self._numbers}
        copy._columns = {name: column.until(step) for name, column in self._columns.items()}
        copy._steps = self._steps.until(step)
        copy._change_ends = self._change_ends[:step]
        copy._changes = self._changes[: copy._change_ends[-1] if step else 0]
        copy._output = self._output.fork(step)
        losses = bisect_right(self._loss_steps, step)
        copy._loss_steps, copy._loss_values = self._loss_steps[:losses], self._loss_values[:losses]
        for name in (
            "_iteration_starts", "_cell_starts", "_outside", "_pass_starts", "_pass_ends",
        ):  # fmt: skip
            steps = getattr(self, name)
            setattr(copy, name, steps[: bisect_right(steps, step)])
        copy.digests = {at: digest for at, digest in self.digests.items() if at <= step}
        copy.edited = {at: names for at, names in self.edited.items() if at <= step}
        if self.doubt is not None and self.doubt.step <= step:
            copy.doubt = self.doubt
        size = sum(column.size for column in copy._columns.values()) + copy._steps.size
        copy._pay(_CHANGE * len(copy._changes) + size)
        return copy

    def release(self) -> None:
        """The run is dropped: its bytes are free for others."""
        columns, self._columns = self._columns, {}
        columns.clear()
        self.budget.release(self.cost)

    # Recording

    def append(self, frame: Frame) -> None:
        """Add the next step. What went on inside it is not kept.

        Raises:
            ValueError: `frame` is not the step after the last one.
        """
        step = len(self) + 1
        if frame.step != step:
            raise ValueError(f"step {frame.step} cannot follow step {step - 1}")
        last = self._steps.place(step - 1) if step > 1 else None
        if last is None or (last.loop, last.iteration) != (frame.loop, frame.iteration):
            self._iteration_starts.append(step)
            # A fork may know already where the pass ends that it began after.
            if last is not None and last.loop and step - 1 not in self._pass_ends[-1:]:
                self._pass_ends.append(step - 1)
            if frame.loop:
                self._pass_starts.append(step)
        if last is None or self._cell(last.line) != self._cell(frame.line):
            self._cell_starts.append(step)
        if frame.changed and not frame.loop:
            self._outside.append(step)
        cost = self._steps.append(frame)
        self._change_ends.append(len(self._changes))
        if frame.is_new_loss and frame.loss is not None:
            self._loss_steps.append(step)
            self._loss_values.append(frame.loss)
        self._change(step, frame.changed)
        self._pay(cost + _CHANGE * len(frame.changed))

    def edit(self, step: int, changed: Mapping[str, TensorView | None]) -> None:
        """The learner edited values after `step`, the last one: that is what they are now."""
        if step != len(self) or not step:
            raise ValueError(f"step {step} was edited, but the last one is {len(self)}")
        before = self._changed_names(step)
        for name in changed.keys() & before:
            self._columns[name].pop()
        # What is again as it was before the step was not changed by it.
        anew = {n: view for n, view in changed.items() if view != self.view(n, step - 1)}
        del self._changes[len(self._changes) - len(before) :]
        self._changes.extend(self._numbers[n] for n in before if n not in changed)
        self._change(step, anew)
        self.edited[step] = self.edited.get(step, frozenset()) | changed.keys()

    def end(self) -> None:
        """The script came to its end: so did its last pass, if it was in one."""
        last = len(self)
        if last and self.place(last).loop and last not in self._pass_ends[-1:]:
            self._pass_ends.append(last)

    def forget_output(self, step: int) -> None:
        """Drop what was written after `step`: by a statement that never came to its end."""
        self._output = self._output.fork(step)

    def print(self, step: int, output: Iterable[tuple[int, bytes]]) -> None:
        """Add output of `step`, which may still be running."""
        self._output.append(step, output)

    def complete(self, step: int, views: Mapping[str, TensorView]) -> None:
        """Fill in the content that the values shown at `step` were recorded without."""
        for name, view in views.items():
            column = self._columns.get(name)
            kept = column.kept(column.index(step)) if column else None
            if kept is not None and not kept.view.is_complete:
                self.budget.refill(kept, view)

    def _change(self, step: int, changed: Mapping[str, TensorView | None]) -> None:
        for name, view in changed.items():
            if name not in self._columns:
                self._numbers[name] = len(self._names)
                self._names.append(name)
                self._columns[name] = Column(self._forms)
            self._changes.append(self._numbers[name])
            self._record(step, name, view)
        self._change_ends[step - 1] = len(self._changes)

    def _record(self, step: int, name: str, view: TensorView | None) -> None:
        order = len(self._iteration_starts) if self._steps.loops[step - 1] else step
        kept = self._columns[name].append(step, view, order)
        if kept is not None:
            self._pay(KEPT)
            self.budget.keep(kept)
        elif view is not None and view.data is not None:
            self._pay(len(view.data))

    def _pay(self, cost: int) -> None:
        self.cost += cost
        self.budget.spend(cost)

    # Reading

    def place(self, step: int) -> Place:
        """Where in the script a recorded step was."""
        return self._steps.place(step)

    def frame(self, step: int) -> Frame | None:
        """The frame of `step`; None for step 0."""
        if not step:
            return None
        changed = {name: self.view(name, step) for name in self._changed_names(step)}
        return msgspec.structs.replace(self._steps.bare(step), changed=changed)

    def at(self, step: int) -> "Moment":
        """Everything as it was after `step`."""
        if not 0 <= step <= len(self):
            raise IndexError(f"step {step} is not recorded (1 to {len(self)} are)")
        return Moment(self, step)

    def names(self, step: int) -> list[str]:
        """The names that have a value after `step`, in the order in which they appeared."""
        columns = self._columns.items()
        return [name for name, column in columns if column.is_there(column.index(step))]

    def columns(self) -> Mapping[str, Column]:
        """The history of every name that ever had a value, in the order in which they appeared."""
        return self._columns

    def view(self, name: str, step: int) -> TensorView | None:
        """The value of `name` after `step`; None if it has none."""
        column = self._columns.get(name)
        return column.view(column.index(step)) if column else None

    def changed_at(self, name: str, step: int) -> int:
        """The last step up to `step` that changed `name`, 0 if none did."""
        column = self._columns.get(name)
        index = column.index(step) if column else -1
        return column.steps[index] if column and index >= 0 else 0

    def has_run(self, line: int, step: int) -> bool:
        """Whether the statement on `line` ran by `step`."""
        return line in self._steps.lines[:step]

    def first_run(self, line: int, step: int) -> int:
        """The first step up to `step` on `line`, 0 if there is none."""
        lines = self._steps.lines[:step]
        return lines.index(line) + 1 if line in lines else 0

    def last_changes(self, step: int) -> Sequence[str]:
        """The names that the last step up to `step` changed that changed any."""
        end = self._change_ends[step - 1] if step else 0
        while step > 1 and self._change_ends[step - 2] == end:
            step -= 1
        return self._changed_names(step) if step else ()

    def next_change(self, name: str, step: int) -> int | None:
        """The first recorded step after `step` that changed `name`."""
        column = self._columns.get(name)
        return _after(column.steps, step) if column else None

    def missing(self, step: int) -> list[str]:
        """The names whose content at `step` was not kept; a replay to `step` brings it."""
        return [
            name
            for name, column in self._columns.items()
            if (kept := column.kept(column.index(step))) is not None and not kept.view.is_complete
        ]

    def losses(self, step: int) -> tuple[Sequence[int], Sequence[float]]:
        """The steps up to `step` that computed a loss, and those losses."""
        end = bisect_right(self._loss_steps, step)
        return self._loss_steps[:end], self._loss_values[:end]

    def output(self, step: int) -> list[tuple[int, bytes]]:
        """What the script had written by the end of `step`: (1 stdout or 2 stderr, bytes)."""
        is_tip = step >= len(self)
        return self._output.pieces if is_tip else self._output.until(step)

    @property
    def printing_steps(self) -> Sequence[int]:
        """The step of every piece of output that is kept, in order."""
        return self._output.steps

    @property
    def output_dropped(self) -> int:
        """Bytes of old output that are no longer kept."""
        return self._output.dropped

    @property
    def raising_steps(self) -> Sequence[int]:
        """The steps at which the script caught an exception, in order."""
        return self._steps.raising

    def raised(self, step: int) -> str:
        """The exception that the script caught at a step, "" if none."""
        return self._steps.raised(step)

    def past(self, step: int) -> Past:
        """What a run that goes on after `step` has to know of the steps before."""
        outside: dict[str, bool] = {}
        for at in self._outside[: bisect_right(self._outside, step)]:
            for name in self._changed_names(at):
                column = self._columns[name]
                outside[name] = column.requires_grad(column.index(at))
        return Past(self._steps.root(step), self._steps.loss(step), outside)

    def _changed_names(self, step: int) -> list[str]:
        start = self._change_ends[step - 2] if step > 1 else 0
        return [self._names[n] for n in self._changes[start : self._change_ends[step - 1]]]

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
        here = self.previous_iteration(min(step, len(self))) or 1
        return (self.previous_iteration(here) or 1) - 1

    @property
    def pass_ends(self) -> Sequence[int]:
        """The last steps of all passes of outermost loops, as far as known."""
        return self._pass_ends

    def passes(self, step: int) -> int:
        """How many passes of outermost loops had come to their end by `step`, as far as known."""
        return bisect_right(self._pass_ends, step)

    def pass_end(self, passes: int) -> int:
        """The last step of that many passes; for 0 the last step before the first of them."""
        if passes:
            return self._pass_ends[passes - 1]
        return self._pass_starts[0] - 1 if self._pass_starts else len(self)

    def set_outside(self, names: Collection[str], step: int) -> int:
        """The last step up to `step` that changed one of these values outside of all loops; 0 if
        none did, or if the script had no loop by then."""
        if not self._pass_starts or self._pass_starts[0] > step:
            return 0
        outside = self._outside[: bisect_right(self._outside, step)]
        changed = (at for at in reversed(outside) for n in names if self.changed_at(n, at) == at)
        return next(changed, 0)

    def iteration(self, number: int, near: int) -> int | None:
        """The first step of iteration `number`; of several loops, of the one that `near` is in."""
        iterations, loops = self._steps.iterations, self._steps.loops
        starts = [start for start in self._iteration_starts if iterations[start - 1] == number]
        in_loop = [start for start in starts if near and loops[start - 1] == loops[near - 1]]
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


def _after(starts: "array[int]", step: int) -> int | None:
    index = bisect_right(starts, step)
    return starts[index] if index < len(starts) else None


def _before(starts: "array[int]", step: int) -> int | None:
    index = bisect_left(starts, step) - 1
    return starts[index] if index >= 0 else None
