"""The recorded steps of a run, and the value of every name at every step."""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from tutor.history.budget import Budget
from tutor.history.columns import Columns
from tutor.history.output_log import OutputLog
from tutor.history.segments import Cells, Iterations
from tutor.history.steps import Steps
from tutor.schema.frame import Count, Frame, Past, TensorView


class Divergence(msgspec.Struct, frozen=True, array_like=True):
    """The step at which a replay was found to differ from the recorded run."""

    step: Count
    """The first step that is known to differ."""
    reason: str
    """What differs, and the likely cause, in one line."""
    is_exact: bool = False
    """Whether all steps before it are known to be the same."""


class Timeline:
    """The recorded steps of one run. Steps count from 1; at step 0 nothing has run yet.

    Args:
        cells: The first lines of the script's cells, in order.
        budget: Shared by all runs of a script. The default is a new one.
    """

    def __init__(self, cells: Sequence[int] = (), budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.cost = 0
        """Bytes of this run that cannot be thinned."""
        self.steps = Steps()
        """The steps without their values."""
        self.cells = Cells(self.steps, cells)
        self.iterations = Iterations(self.steps)
        self.columns = Columns()
        """The history of every name."""
        self.output_log = OutputLog()
        """The newest output may be of a step that is still running."""
        self.digests: dict[int, bytes] = {}
        """Step -> digest of all values after it."""
        self.edited: dict[int, frozenset[str]] = {}
        """Step -> the names that the learner edited after it."""
        self.divergence: Divergence | None = None
        """The first step at which a replay is known to differ; None if none is known."""
        self._loss_steps, self._loss_values = array("I"), array("d")

    def __len__(self) -> int:
        return len(self.steps)

    def fork(self, step: int, budget: Budget | None = None) -> "Timeline":
        """Return a new timeline with the steps up to `step`.

        It shares the large values, so that a replay restores them in both timelines.

        Args:
            budget: Counts the copy. The default is the budget of this timeline.
        """
        copy = Timeline(budget=budget or self.budget)
        copy.steps = self.steps.until(step)
        copy.cells = self.cells.until(copy.steps)
        copy.iterations = self.iterations.until(copy.steps)
        copy.columns = self.columns.until(step)
        copy.output_log = self.output_log.fork(step)
        copy.digests = {at: digest for at, digest in self.digests.items() if at <= step}
        copy.edited = {at: names for at, names in self.edited.items() if at <= step}
        if self.divergence is not None and self.divergence.step <= step:
            copy.divergence = self.divergence
        losses = bisect_right(self._loss_steps, step)
        copy._loss_steps, copy._loss_values = self._loss_steps[:losses], self._loss_values[:losses]
        copy._spend(copy.columns.size + copy.steps.size)
        return copy

    def release(self) -> None:
        """Free the memory of a run that is dropped."""
        self.columns.clear()
        self.budget.release(self.cost)

    # Recording

    def append(self, frame: Frame) -> None:
        """Add the next step. The operations inside it are not kept.

        Raises:
            ValueError: `frame` is not the step after the last one.
        """
        step = len(self) + 1
        if frame.step != step:
            raise ValueError(f"step {frame.step} cannot follow step {step - 1}")
        self.cells.append(frame)
        self.iterations.append(frame)
        cost = self.steps.append(frame)
        if frame.is_new_loss and frame.loss is not None:
            self._loss_steps.append(step)
            self._loss_values.append(frame.loss)
        self._change(frame.changed, cost)

    def edit(self, step: int, changed: Mapping[str, TensorView | None]) -> None:
        """Record the learner's edits after `step`, which must be the last one.

        Raises:
            ValueError: it is not the last step.
        """
        if step != len(self) or not step:
            raise ValueError(f"step {step} was edited, but the last one is {len(self)}")
        self.columns.reopen(changed.keys())
        # A value that is the same as before the step counts as unchanged.
        self._change({n: view for n, view in changed.items() if view != self.view(n, step)})
        self.edited[step] = self.edited.get(step, frozenset()) | changed.keys()

    def complete(self, step: int, views: Mapping[str, TensorView]) -> None:
        """Add the missing content of values at `step`."""
        for name, view in views.items():
            column = self.columns.get(name)
            large = column.large(column.index(step)) if column else None
            if large is not None and not large.view.is_complete:
                self.budget.refill(large, view)

    def _change(self, changed: Mapping[str, TensorView | None], cost: int = 0) -> None:
        """Add the changes of the last step, whose entry in `steps` took `cost` bytes."""
        order = len(self.iterations) if self.steps.loops[-1] else len(self)
        more, large_values = self.columns.append(changed, order)
        self._spend(cost + more)
        for large in large_values:
            self.budget.add(large)

    def _spend(self, cost: int) -> None:
        self.cost += cost
        self.budget.spend(cost)

    # Reading

    def frame(self, step: int) -> Frame | None:
        """Return the frame of `step`, None for step 0."""
        if not step:
            return None
        changed = {name: self.view(name, step) for name in self.columns.changed(step)}
        return self.steps.frame(step, changed)

    def frames(self, after: int = 0) -> Iterator[Frame]:
        """Yield the frames after the step `after`, faster than `frame` returns each."""
        for step, changed in enumerate(self.columns.changes(after), after + 1):
            yield self.steps.frame(step, changed)

    def at(self, step: int) -> "Moment":
        """Return the state after `step`.

        Raises:
            IndexError: the step is not recorded.
        """
        if not 0 <= step <= len(self):
            raise IndexError(f"step {step} is not recorded (1 to {len(self)} are)")
        return Moment(self, step)

    def values(self, step: int) -> dict[str, TensorView]:
        """Return the names that have a value after `step`, in the order of first appearance, and
        the values."""
        views = ((name, column.view(column.index(step))) for name, column in self.columns.items())
        return {name: view for name, view in views if view is not None}

    def view(self, name: str, step: int) -> TensorView | None:
        """Return the value of `name` after `step`, None if it has none."""
        column = self.columns.get(name)
        return column.view(column.index(step)) if column else None

    def changed_at(self, name: str, step: int) -> int:
        """Return the last step up to `step` that changed `name`, 0 if none did."""
        column = self.columns.get(name)
        index = column.index(step) if column else -1
        return column.steps[index] if column and index >= 0 else 0

    def next_change(self, name: str, step: int) -> int | None:
        """Return the first recorded step after `step` that changed `name`."""
        column = self.columns.get(name)
        index = column.index(step) + 1 if column else 0
        return column.steps[index] if column and index < len(column) else None

    def last_set_outside_loops(self, names: Collection[str], step: int) -> int:
        """Return the last step up to `step` that changed one of these names outside of loops.

        Return 0 if none did, or if no loop began by `step`.
        """
        if not 0 < self.iterations.first <= step:
            return 0
        outside = reversed(self.iterations.outside(step))
        return next((at for at in outside for n in names if self.changed_at(n, at) == at), 0)

    def incomplete(self, step: int) -> list[str]:
        """Return the names whose value at `step` has no content. A replay to `step` restores it."""
        return [
            name
            for name, column in self.columns.items()
            if (large := column.large(column.index(step))) and not large.view.is_complete
        ]

    def losses(self, step: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return the steps up to `step` that computed a loss, and the losses."""
        end = bisect_right(self._loss_steps, step)
        return self._loss_steps[:end], self._loss_values[:end]

    def output(self, step: int) -> list[tuple[int, bytes]]:
        """Return the output by the end of `step`: (1 for stdout or 2 for stderr, bytes)."""
        is_last = step >= len(self)  # with the output of a step that is still running
        return self.output_log.pieces if is_last else self.output_log.until(step)

    def past(self, step: int) -> Past:
        """Return what a run that records only from `step` on has to know of the steps before."""
        outside: dict[str, bool] = {}
        for at in self.iterations.outside(step):
            for name in self.columns.changed(at):
                column = self.columns[name]
                outside[name] = column.requires_grad(column.index(at))
        return Past(self.steps.root(step), self.steps.loss(step), outside)


class Moment:
    """The state after one step, which the panels draw.

    Moments are compared by identity, so that a reactive's test for changes costs nothing.
    """

    def __init__(self, timeline: Timeline, step: int) -> None:
        self.timeline = timeline
        self.step = step
        self.frame = timeline.frame(step)

    @cached_property
    def values(self) -> Mapping[str, TensorView]:
        """The values of all names, in the order of first appearance."""
        return self.timeline.values(self.step)

    @property
    def changed(self) -> Mapping[str, TensorView | None]:
        """The values that this step changed."""
        return self.frame.changed if self.frame else {}

    def view(self, name: str) -> TensorView | None:
        return self.timeline.view(name, self.step)

    def before(self, name: str) -> TensorView | None:
        """The value of `name` before this step."""
        return self.timeline.view(name, self.step - 1)
