"""What a run recorded, and what every value was at every step of it. Pure: no torch, no screen."""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

import msgspec

from tutor.history.budget import Budget
from tutor.history.columns import Columns
from tutor.history.sections import Cells, Passes
from tutor.history.steps import Steps
from tutor.history.transcript import Transcript
from tutor.schema.frame import Count, Frame, Past, TensorView


class Doubt(msgspec.Struct, frozen=True, array_like=True):
    """A replay came to something else than the recorded run."""

    step: Count
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
        self.steps = Steps()
        """Where each step was, and what the script did there."""
        self.cells = Cells(self.steps, cells)
        self.passes = Passes(self.steps)
        self.columns = Columns()
        """The history of every name that ever had a value."""
        self.transcript = Transcript()
        """What the script wrote; the newest of it may be of a step that still runs."""
        self.digests: dict[int, bytes] = {}
        """By step: what the whole state came to."""
        self.edited: dict[int, frozenset[str]] = {}
        """By step: the names that the learner edited after it."""
        self.doubt: Doubt | None = None
        """Where a replay found that this run cannot be replayed exactly."""
        self._loss_steps, self._loss_values = array("I"), array("d")

    def __len__(self) -> int:
        return len(self.steps)

    def fork(self, step: int, budget: Budget | None = None) -> "Timeline":
        """A timeline of its own that begins with the steps up to `step`; large values are shared,
        and so is what a replay brings back of them.

        Args:
            budget: Who pays for the copy; the same as for this one unless given.
        """
        copy = Timeline(budget=budget or self.budget)
        copy.steps = self.steps.until(step)
        copy.cells, copy.passes = self.cells.until(copy.steps), self.passes.until(copy.steps)
        copy.columns = self.columns.until(step)
        copy.transcript = self.transcript.fork(step)
        copy.digests = {at: digest for at, digest in self.digests.items() if at <= step}
        copy.edited = {at: names for at, names in self.edited.items() if at <= step}
        if self.doubt is not None and self.doubt.step <= step:
            copy.doubt = self.doubt
        losses = bisect_right(self._loss_steps, step)
        copy._loss_steps, copy._loss_values = self._loss_steps[:losses], self._loss_values[:losses]
        copy._pay(copy.columns.size + copy.steps.size)
        return copy

    def release(self) -> None:
        """The run is dropped: its bytes are free for others."""
        self.columns.clear()
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
        self.cells.append(frame)
        self.passes.append(frame)
        cost = self.steps.append(frame)
        if frame.is_new_loss and frame.loss is not None:
            self._loss_steps.append(step)
            self._loss_values.append(frame.loss)
        self._change(frame.changed, cost)

    def edit(self, step: int, changed: Mapping[str, TensorView | None]) -> None:
        """The learner edited values after `step`, the last one: that is what they are now."""
        if step != len(self) or not step:
            raise ValueError(f"step {step} was edited, but the last one is {len(self)}")
        self.columns.reopen(changed.keys())
        # What is again as it was before the step was not changed by it.
        self._change({n: view for n, view in changed.items() if view != self.view(n, step)})
        self.edited[step] = self.edited.get(step, frozenset()) | changed.keys()

    def complete(self, step: int, views: Mapping[str, TensorView]) -> None:
        """Fill in the content that the values shown at `step` were recorded without."""
        for name, view in views.items():
            column = self.columns.get(name)
            kept = column.kept(column.index(step)) if column else None
            if kept is not None and not kept.view.is_complete:
                self.budget.refill(kept, view)

    def _change(self, changed: Mapping[str, TensorView | None], cost: int = 0) -> None:
        """Add what the last step changed, whose place took `cost` bytes."""
        order = len(self.passes) if self.steps.loops[-1] else len(self)
        more, large = self.columns.append(changed, order)
        self._pay(cost + more)
        for kept in large:
            self.budget.keep(kept)

    def _pay(self, cost: int) -> None:
        self.cost += cost
        self.budget.spend(cost)

    # Reading

    def frame(self, step: int) -> Frame | None:
        """The frame of `step`; None for step 0."""
        if not step:
            return None
        changed = {name: self.view(name, step) for name in self.columns.changed(step)}
        return msgspec.structs.replace(self.steps.bare(step), changed=changed)

    def at(self, step: int) -> "Moment":
        """Everything as it was after `step`."""
        if not 0 <= step <= len(self):
            raise IndexError(f"step {step} is not recorded (1 to {len(self)} are)")
        return Moment(self, step)

    def names(self, step: int) -> list[str]:
        """The names that have a value after `step`, in the order in which they appeared."""
        columns = self.columns.items()
        return [name for name, column in columns if column.is_there(column.index(step))]

    def view(self, name: str, step: int) -> TensorView | None:
        """The value of `name` after `step`; None if it has none."""
        column = self.columns.get(name)
        return column.view(column.index(step)) if column else None

    def changed_at(self, name: str, step: int) -> int:
        """The last step up to `step` that changed `name`, 0 if none did."""
        column = self.columns.get(name)
        index = column.index(step) if column else -1
        return column.steps[index] if column and index >= 0 else 0

    def next_change(self, name: str, step: int) -> int | None:
        """The first recorded step after `step` that changed `name`."""
        column = self.columns.get(name)
        index = column.index(step) + 1 if column else 0
        return column.steps[index] if column and index < len(column) else None

    def set_outside(self, names: Collection[str], step: int) -> int:
        """The last step up to `step` that changed one of these values outside of all loops; 0 if
        none did, or if the script had no loop by then."""
        if not 0 < self.passes.first <= step:
            return 0
        outside = reversed(self.passes.outside(step))
        return next((at for at in outside for n in names if self.changed_at(n, at) == at), 0)

    def missing(self, step: int) -> list[str]:
        """The names whose content at `step` was not kept; a replay to `step` brings it."""
        return [
            name
            for name, column in self.columns.items()
            if (kept := column.kept(column.index(step))) is not None and not kept.view.is_complete
        ]

    def losses(self, step: int) -> tuple[Sequence[int], Sequence[float]]:
        """The steps up to `step` that computed a loss, and those losses."""
        end = bisect_right(self._loss_steps, step)
        return self._loss_steps[:end], self._loss_values[:end]

    def output(self, step: int) -> list[tuple[int, bytes]]:
        """What the script had written by the end of `step`: (1 stdout or 2 stderr, bytes)."""
        is_tip = step >= len(self)
        return self.transcript.pieces if is_tip else self.transcript.until(step)

    def past(self, step: int) -> Past:
        """What a run that goes on after `step` has to know of the steps before."""
        outside: dict[str, bool] = {}
        for at in self.passes.outside(step):
            for name in self.columns.changed(at):
                column = self.columns[name]
                outside[name] = column.requires_grad(column.index(at))
        return Past(self.steps.root(step), self.steps.loss(step), outside)


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
