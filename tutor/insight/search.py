"""Find the first step where a learner's condition over the script's values holds: `loss < 0.1`.

A comparison of several elements holds if it holds for all of them: `w > 0` means that every element
is positive, `any(w > 0)` that some are. Where a name has no value, or the condition cannot be
computed, it does not hold.
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
from tutor.insight.predicate import (
    COMPARISONS,
    ConditionError,
    NotKnown,
    compile_term,
    is_true,
    parse,
)
from tutor.insight.time_slices import SLICE, advance
from tutor.schema import values
from tutor.schema.frame import TensorView

__all__ = ["Condition", "ConditionError", "Search"]

_STEPS = 4096
"""Steps whose changes are collected at a time."""

_CONSTANTS = {"inf": math.inf, "nan": math.nan, "pi": math.pi}
_OF_THE_STEP = ("step", "iteration", "line")


class _NoValue(Exception):
    """A name has no value at a step."""


class Condition:
    """A parsed condition. Names mean the script's values. If the script has no value of that name,
    `loss` is the run's loss, and `step`, `iteration` and `line` are those of the step.

    Raises:
        ConditionError: the text is not a condition.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        node, self.names = parse(text)
        self._term = compile_term(node)
        self.single_comparison = _single_comparison(node)
        """(operator, number) of `name < number`, which can be searched for many steps at once."""

    def unknown_name(self, source: str) -> str:
        """Return a name that the script never mentions; "" if it mentions all."""
        mentioned = {*re.findall(r"\w+", source), "loss", "step", "iteration"}
        return next((name for name in self.names if name.split(".")[0] not in mentioned), "")

    def holds(self, timeline: Timeline, step: int) -> bool:
        """Return True if the condition holds after a step."""
        return Search(self, timeline, step, step).holds_at(step)

    def search(self, timeline: Timeline, first: int, last: int) -> "Search":
        """Return a search for the first step from `first` to `last` where the condition holds."""
        return Search(self, timeline, first, last)

    def compute(self, of: Callable[[int], Any]) -> bool:
        """Return True if the condition holds; `of` returns the value of a name by its number."""
        return is_true(self._term(of))


class Search:
    """A search that checks only the steps which changed a value of the condition."""

    def __init__(self, condition: Condition, timeline: Timeline, first: int, last: int) -> None:
        self.condition = condition
        self.found: int | None = None
        """The first step where the condition holds, once it was found."""
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
        """Why nothing was found, if the condition is the reason; "" otherwise."""
        names = list(self._timeline.columns)
        for name, column in zip(self.condition.names, self._columns, strict=True):
            if column is None and not self._is_known(name):
                near = difflib.get_close_matches(name, names, 3) or names[:6]
                there = f"; there are {', '.join(near)}" if near else ""
                return f"no value is called {name}{there}{', …' if len(names) > len(near) else ''}"
        return self._error

    def holds_at(self, step: int) -> bool:
        """Return True if the condition holds after a step. Keep the first error for `problem`."""
        try:
            with np.errstate(all="ignore"):
                return self.condition.compute(lambda number: self._value(number, step))
        except _NoValue:
            return False
        except (ArithmeticError, IndexError, TypeError, ValueError, NotKnown) as error:
            self._error = self._error or f"it cannot be computed at step {step}: {error}"
            return False

    # The value of a name

    def _is_known(self, name: str) -> bool:
        is_loss = name == "loss" and len(self._loss_steps) > 0
        return name in _CONSTANTS or name in _OF_THE_STEP or is_loss

    def _value(self, number: int, step: int) -> Any:
        column = self._columns[number]
        if column is None:
            return self._special_value(self.condition.names[number], step)
        index = column.index(step)
        at, value = self._cached[number]
        if at != index:
            view = column.view(index)
            if view is not None and not view.is_complete:
                raise NotKnown(f"the value of {self.condition.names[number]} was not kept")
            value = _decoded(view)
            self._cached[number] = (index, value)
        if value is None:
            raise _NoValue
        return value

    def _special_value(self, name: str, step: int) -> Any:
        """Return the value of a constant, the loss, or a property of the step."""
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name == "loss" and (place := bisect_right(self._loss_steps, step)):
            return self._losses[place - 1]
        if name == "step":
            return step
        value = getattr(self._timeline.steps.place(step), name) if name in _OF_THE_STEP else None
        if value is None:
            raise _NoValue
        return value

    # Searching

    def _search(self) -> Iterator[None]:
        """Search in small pieces until `found` is set or no step is left."""
        if self.last >= self._first and self.holds_at(self._first):
            self.found = self._first
            return
        yield
        comparison = self.condition.single_comparison
        column = self._columns[0] if self._columns else None
        if comparison is not None and column is not None:
            yield from self._search_column(column, *comparison)
            return
        for first in range(self._first, self.last + 1, _STEPS):
            for step in self._steps(first, min(first + _STEPS - 1, self.last)):
                if self.holds_at(step):
                    self.found = step
                    return
                yield

    def _steps(self, first: int, last: int) -> list[int]:
        """Return the steps from `first` to `last` where the condition can begin to hold."""
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
            holds = np.zeros(len(views), bool)
            for which, elements in stacked(views):
                holds[which] = compare(elements, bound).reshape(len(which), -1).all(axis=1)
            if holds.any():
                self.found = column.steps[start + int(holds.argmax())]
                return
            for at, view in enumerate(views):
                if not self._error and view is not None and view.data is None:
                    self.holds_at(column.steps[start + at])  # keeps the error
            start += len(views)
            yield


def _single_comparison(node: ast.expr) -> tuple[Callable[[Any, Any], Any], float] | None:
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
    # An integer beyond 64 bits does not fit into an array.
    if isinstance(value, int | float) and abs(value) < 2**63:
        return COMPARISONS[type(op)], -value if isinstance(bound, ast.UnaryOp) else value
    return None


def _decoded(view: TensorView | None) -> Any:
    """Return a value to compute with: a number, an array, or the view if only a summary was kept;
    None if there is no value."""
    if view is None:
        return None
    if view.stored == "text":
        return values.number(view)
    elements = values.array(view)
    # A single element without its array is faster, and has the same type.
    return view if elements is None else elements[()]
