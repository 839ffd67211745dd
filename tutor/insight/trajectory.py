"""The way that values took through a run: what a plot draws over a curve or a map."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

from tutor.history.timeline import Timeline
from tutor.schema import target, values
from tutor.schema.frame import TensorView

Array = np.ndarray[Any, Any]

MOST = 300
"""So many changes of a value are drawn; of more, evenly chosen ones, and the last."""


class Walk:
    """Where the values of some names were, one coordinate each, after each step that moved one,
    since they were last set outside of loops.

    Args:
        places: The names as the tensors pane has them, with subscripts: `w[0, 1]`.
    """

    def __init__(self, timeline: Timeline, places: Sequence[str]) -> None:
        self._timeline = timeline
        self._places = [_split(place) for place in places]

    def until(self, step: int) -> list[Array]:
        """The coordinates up to `step`: an array for each name, all of one length. NaN where a
        value is not known or not one number."""
        columns = [self._timeline.columns.get(name) for name, _ in self._places]
        known = [column for column in columns if column is not None]
        if len(known) < len(columns) or not known:
            return [np.zeros(0) for _ in columns]
        # From where each of them has a value; and a walk begins anew where a statement outside of
        # loops sets a value: what a layer was born with is no place that was walked from.
        born = max((column.steps[0] for column in known if len(column)), default=1)
        names = [name for name, _ in self._places]
        start = max(born, self._timeline.set_outside(names, step))
        steps = sorted({at for column in known for at in _sampled(column.steps, start, step)})
        ends = _sampled(self._timeline.passes.ends, start, step)
        if ends and len({_part(column.steps, start, step).tobytes() for column in known}) > 1:
            # They are moved one after the other: halfway between is no place that was meant.
            steps = sorted({start, *ends, *steps[-1:]})
        return [
            np.array([_number(column.view(column.index(at)), key) for at in steps])
            for column, (_, key) in zip(known, self._places, strict=True)
        ]


def _part(steps: "array[int]", start: int, end: int) -> "array[int]":
    return steps[bisect_left(steps, start) : bisect_right(steps, end)]


def _sampled(steps: Sequence[int], start: int, end: int) -> list[int]:
    """At most `MOST` of the steps from `start` to `end`, and the last of them."""
    first, last = bisect_left(steps, start), bisect_right(steps, end)
    stride = max(1, -(-(last - first) // MOST))
    return [*steps[first:last:stride], *steps[max(first, last - 1) : last]]


def _split(place: str) -> tuple[str, Any]:
    """The name, and what stands in its brackets; None without any."""
    name, bracket, _ = place.partition("[")
    return name, target.subscript(place[len(name) :]) if bracket else None


def _number(view: TensorView | None, key: Any) -> float:
    elements = values.array(view) if view is not None else None
    if elements is None:
        return float("nan")
    try:
        chosen = np.asarray(elements[key] if key is not None else elements)
    except IndexError:
        return float("nan")
    return float(np.real(chosen.reshape(-1)[0])) if chosen.size == 1 else float("nan")
