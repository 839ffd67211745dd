"""The trajectory of values through a run, which a plot draws over a curve or a map."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.history.series import Array
from tutor.history.timeline import Timeline
from tutor.schema import target, values
from tutor.schema.frame import TensorView

MOST = 300
"""Most changes of a value in a trajectory; of more, evenly spaced ones and the last."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The path of some values through one run, drawn over a curve or a map."""

    mark: str
    """The run's mark, one character; "" for the run that is shown."""
    name: str
    """The run's name."""
    coordinates: Sequence[Array]
    """An array for each value; the last element is the current position."""


def coordinates(timeline: Timeline, places: Sequence[str], step: int) -> list[Array]:
    """Return the values of some names after each step that changed one of them, up to `step`.

    A trajectory starts at the last statement outside of loops that set one of the values. Where
    several values change one after the other, it has one point for each iteration.

    Args:
        places: Names as the tensors pane shows them, with subscripts: `w[0, 1]`.

    Returns:
        An array for each name, all of one length. NaN where a value is not known or is not one
        number.
    """
    split = [_split(place) for place in places]
    columns = [timeline.columns.get(name) for name, _ in split]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or not known:
        return [np.zeros(0) for _ in columns]
    # A value that a statement outside of loops sets is an initial value, not a step of training.
    born = max((column.steps[0] for column in known if len(column)), default=1)
    start = max(born, timeline.last_set_outside_loops([name for name, _ in split], step))
    steps = sorted({at for column in known for at in _sampled(column.steps, start, step)})
    ends = _sampled(timeline.iterations.ends, start, step)
    if ends and len({_part(column.steps, start, step).tobytes() for column in known}) > 1:
        # The values change at different steps: a point between them would mix two iterations.
        steps = sorted({start, *ends, *steps[-1:]})
    return [
        np.array([_number(column.view(column.index(at)), key) for at in steps])
        for column, (_, key) in zip(known, split, strict=True)
    ]


def _part(steps: "array[int]", start: int, end: int) -> "array[int]":
    return steps[bisect_left(steps, start) : bisect_right(steps, end)]


def _sampled(steps: Sequence[int], start: int, end: int) -> list[int]:
    """Return at most `MOST` of the steps from `start` to `end`, and the last of them."""
    first, last = bisect_left(steps, start), bisect_right(steps, end)
    stride = max(1, -(-(last - first) // MOST))
    return [*steps[first:last:stride], *steps[max(first, last - 1) : last]]


def _split(place: str) -> tuple[str, Any]:
    """Return the name and its subscript, None without one."""
    name, bracket, _ = place.partition("[")
    return name, target.parse_subscript(place[len(name) :]) if bracket else None


def _number(view: TensorView | None, key: Any) -> float:
    elements = values.array(view) if view is not None else None
    if elements is None:
        return float("nan")
    try:
        chosen = np.asarray(elements[key] if key is not None else elements)
    except IndexError:
        return float("nan")
    return float(np.real(chosen.reshape(-1)[0])) if chosen.size == 1 else float("nan")
