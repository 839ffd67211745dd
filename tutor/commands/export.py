"""`tutor export --csv`: write the numbers of a recording as CSV."""

import csv
from collections.abc import Iterator
from typing import Any

from tutor.history.recording.exported import exported
from tutor.history.recording.reader import Reader, find
from tutor.schema.frame import TensorView
from tutor.schema.values import array

_PLACE = ("step", "line", "iteration", "phase", "loss")


def csv_file(target: str, output: str | None) -> None:
    """Write a row for each step: where it was, and every value of one element as it was then.

    Args:
        target: `FILE` or `FILE@BRANCH`.
        output: A path; None for stdout.

    Raises:
        RecordingError: there is no such recording, or the output cannot be written.
    """
    reader, number = find(target)
    rows = _rows(reader, number)
    with exported(output) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _rows(reader: Reader, number: int) -> Iterator[list[Any]]:
    """Yield the heading, then a row for each step."""
    names: dict[str, Any] = {}
    for step in reader.steps(number):
        for changed in (step.frame.changed, step.edited):
            names.update((name, "") for name, view in changed.items() if view and _is_one(view))
    yield [*_PLACE, *(f"script.{name}" if name in _PLACE else name for name in names)]
    now = names
    for frame, edited in reader.steps(number):
        for name, view in (frame.changed | edited).items():
            if name in now:
                now[name] = _element(view) if view and _is_one(view) else ""
        iteration = "" if frame.iteration is None else frame.iteration
        loss = "" if frame.loss is None else frame.loss
        yield [frame.step, frame.line, iteration, frame.phase, loss, *now.values()]


def _is_one(view: TensorView) -> bool:
    return view.count == 1


def _element(view: TensorView) -> Any:
    """Return the only element; "" if the recording does not hold it."""
    elements = array(view)
    return "" if elements is None else elements.item()
