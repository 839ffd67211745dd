"""A learner's condition over the script's values, `loss < 0.1`, and the first step where it holds.

What is compared with more than one element holds if it holds for all of them: `w > 0` says that
every element is positive, and `any(w > 0)` that some are. Where a name has no value, or something
cannot be computed, the condition does not hold.
"""

import ast
import difflib
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tutor.history.column import Column
from tutor.history.series import chunk, stacked
from tutor.history.timeline import Timeline
from tutor.insight.predicate import COMPARISONS, ConditionError, Unknowable, compiled, parse, truth
from tutor.insight.slices import SLICE, advance
from tutor.schema import values
from tutor.schema.frame import TensorView

__all__ = ["Condition", "ConditionError", "Search"]

_STEPS = 4096
"""So many steps are searched before the changes of the next ones are gathered."""

_CONSTANTS = {"inf": math.inf, "nan": math.nan, "pi": math.pi}
_OF_THE_STEP = ("step", "iteration", "line")


class _Absent(Exception):
    """A name has no value."""


class Condition:
    """What the learner wrote. Names mean the script's values; else `loss` is the run's loss, and
    `step`, `iteration` and `line` are those of the step.

    Raises:
        ConditionError: the text is no condition.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        node, self.names = parse(text)
        self._term = compiled(node)
        self.plain = _plain(node)
        """(operator, number) of `name < number`: many steps of it can be looked at at once."""

    def unknown(self, source: str) -> str:
        """A name that a script never mentions, "" if it mentions all."""
        mentioned = {*re.findall(r"\w+", source), "loss", "step", "iteration"}
        return next((name for name in self.names if name.split(".")[0] not in mentioned), "")

    def holds(self, timeline: Timeline, step: int) -> bool:
        """Whether it holds after a step."""
        return Search(self, timeline, step, step).looks_true(step)

    def search(self, timeline: Timeline, first: int, last: int) -> "Search":
        """A search for the first step where it holds, among these."""
        return Search(self, timeline, first, last)

    def compute(self, of: Callable[[int], Any]) -> bool:
        """Whether it holds, given what answers the value of a name by its number."""
        return truth(self._term(of))


class Search:
    """Looks only at steps that changed something the condition speaks of, a slice at a time."""

    def __init__(self, condition: Condition, timeline: Timeline, first: int, last: int) -> None:
        self.condition = condition
        self.found: int | None = None
        """The first step where the condition holds, as soon as it is known."""
        self._timeline = timeline
        self._first, self.last = max(first, 1), last
        self._columns = [timeline.columns.get(name) for name in condition.names]
        steps, losses = timeline.losses(last) if None in self._columns else ((), ())
        self._loss_steps: Sequence[int] = steps
        self._losses: Sequence[float] = losses
        self._cached: list[tuple[int, Any]] = [(-1, None)] * len(self._columns)
        self._error = ""
        self._work = self._search()

    def advance(self, seconds: float = SLICE) -> bool:
        """Search for about `seconds`. Return True if steps remain to be searched."""
        with np.errstate(all="ignore"):
            return advance(self._work, seconds)

    @property
    def problem(self) -> str:
        """Why nothing was found, if it is because of how the condition is written."""
        names = list(self._timeline.columns)
        for name, column in zip(self.condition.names, self._columns, strict=True):
            if column is None and not self._is_known(name):
                near = difflib.get_close_matches(name, names, 3) or names[:6]
                there = f"; there are {', '.join(near)}" if near else ""
                return f"no value is called {name}{there}{', …' if len(names) > len(near) else ''}"
        return self._error

    def looks_true(self, step: int) -> bool:
        """Whether the condition holds after a step; why it cannot be told is noted."""
        try:
            with np.errstate(all="ignore"):
                return self.condition.compute(lambda number: self._value(number, step))
        except _Absent:
            return False
        except (ArithmeticError, IndexError, TypeError, ValueError, Unknowable) as error:
            self._error = self._error or f"it cannot be told at step {step}: {error}"
            return False

    # The value of a name

    def _is_known(self, name: str) -> bool:
        is_loss = name == "loss" and len(self._loss_steps) > 0
        return name in _CONSTANTS or name in _OF_THE_STEP or is_loss

    def _value(self, number: int, step: int) -> Any:
        column = self._columns[number]
        if column is None:
            return self._other(self.condition.names[number], step)
        index = column.index(step)
        at, value = self._cached[number]
        if at != index:
            view = column.view(index)
            if view is not None and not view.is_complete:
                raise Unknowable(f"what {self.condition.names[number]} was is not kept")
            value = _content(view)
            self._cached[number] = (index, value)
        if value is None:
            raise _Absent
        return value

    def _other(self, name: str, step: int) -> Any:
        """A name that the script does not have."""
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name == "loss" and (place := bisect_right(self._loss_steps, step)):
            return self._losses[place - 1]
        if name == "step":
            return step
        value = getattr(self._timeline.steps.place(step), name) if name in _OF_THE_STEP else None
        if value is None:
            raise _Absent
        return value

    # Searching

    def _search(self) -> Iterator[None]:
        """Search in small pieces until `found` is set or no step is left."""
        if self.last >= self._first and self.looks_true(self._first):
            self.found = self._first
            return
        yield
        plain, column = self.condition.plain, self._columns[0] if self._columns else None
        if plain is not None and column is not None:
            yield from self._search_column(column, *plain)
            return
        for first in range(self._first, self.last + 1, _STEPS):
            for step in self._steps(first, min(first + _STEPS - 1, self.last)):
                if self.looks_true(step):
                    self.found = step
                    return
                yield

    def _steps(self, first: int, last: int) -> list[int]:
        """Those of some steps at which the condition may begin to hold."""
        changes = []
        for name, column in zip(self.condition.names, self._columns, strict=True):
            if column is None and name in _OF_THE_STEP:
                return list(range(first, last + 1))
            steps = column.steps if column is not None else self._loss_steps
            changes.append(np.array(steps[bisect_left(steps, first) : bisect_right(steps, last)]))
        return sorted({step for these in changes for step in these.tolist()})

    def _search_column(
        self, column: Column, compare: Callable[[Any, Any], Any], bound: float
    ) -> Iterator[None]:
        """Compare the changes of one value with a number, many at a time."""
        start, end = column.index(self._first) + 1, column.index(self.last) + 1
        while start < end:
            views = chunk(column, start, end)
            is_so = np.zeros(len(views), bool)
            for which, elements in stacked(views):
                is_so[which] = compare(elements, bound).reshape(len(which), -1).all(axis=1)
            if is_so.any():
                self.found = column.steps[start + int(is_so.argmax())]
                return
            for at, view in enumerate(views):
                if not self._error and view is not None and view.data is None:
                    self.looks_true(column.steps[start + at])  # notes why it cannot be told
            start += len(views)
            yield


def _plain(node: ast.expr) -> tuple[Callable[[Any, Any], Any], float] | None:
    match node:
        case ast.Compare(
            left=ast.Name(),
            ops=[op],
            comparators=[ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value)) as bound],
        ):
            pass
        case ast.Compare(left=ast.Name(), ops=[op], comparators=[ast.Constant(value) as bound]):
            pass
        case _:
            return None
    # A whole number beyond 64 bits fits into no array.
    if isinstance(value, int | float) and abs(value) < 2**63:
        return COMPARISONS[type(op)], -value if isinstance(bound, ast.UnaryOp) else value
    return None


def _content(view: TensorView | None) -> Any:
    """A value to compute with: a number, an array, or the view of what was not kept element by
    element; None where there is none."""
    if view is None:
        return None
    if view.stored == "text":
        return values.number(view)
    elements = values.array(view)
    # Taken out of its array a single element is faster, and of the same type.
    return view if elements is None else elements[()]
