"""`tutor diff`: find the first step at which two recordings differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from tutor.history.difference import Difference, Tolerance, difference, is_known
from tutor.history.recording.reader import Step, find
from tutor.schema.errors import BadRequest
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import Ended

_LISTED = 6
"""The text lists at most this many values."""

Values = dict[str, TensorView | None]


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison."""

    is_same: bool
    summary: str
    """One line, without the values."""
    step: int | None = None
    """The first step of the first recording that differs."""
    other_step: int | None = None
    line: int | None = None
    iteration: int | None = None
    differences: tuple[Difference, ...] = ()
    skipped: int = 0
    """How many values could not be compared: one of the recordings has not kept their content."""

    def text(self) -> str:
        """Return a one-line summary, plus a second line if some values could not be compared."""
        listed = "; ".join(map(str, self.differences[:_LISTED]))
        more = len(self.differences) - _LISTED
        line = self.summary + (f": {listed}" if listed else "") + (f"; {more} more" * (more > 0))
        if self.skipped:
            line += f"\nnot compared, for their content was not kept: {self.skipped} values"
        return line

    def fields(self) -> dict[str, Any]:
        """Return the keys of the JSON object."""
        return {
            "same": self.is_same,
            "told": self.summary,
            "step": self.step,
            "other_step": self.other_step,
            "line": self.line,
            "iteration": self.iteration,
            "values": {one.name: one.fields() for one in self.differences},
            "skipped": self.skipped,
        }


def compare(one: str, other: str, rtol: float = 0.0, atol: float = 0.0) -> Verdict:
    """Find the first step at which two recordings differ.

    Runs of the same script are compared step by step. Runs of two scripts are compared at the end
    of each iteration, by the names that both have.

    Args:
        one: `FILE` or `FILE@BRANCH`.
        other: The same.
        rtol: Relative to `other`; elements may differ by `rtol * |other| + atol`.

    Raises:
        BadRequest: one is no recording, or the two have no name in common.
    """
    sides = _Side(one), _Side(other)
    tolerance = Tolerance(rtol, atol)
    if sides[0].source == sides[1].source:
        return _by_steps(*sides, tolerance)
    return _by_iterations(*sides, tolerance)


class _Side:
    """One of the two recorded runs."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._reader, self._number = find(target)
        self.source = self._reader.runs[self._number].launch.source

    def steps(self) -> Iterator[Step]:
        return self._reader.steps(self._number)

    def end(self) -> str:
        """Return how the run ended, as a verb and the message; "waits" if it did not end."""
        events = self._reader.events(self._number)
        ended = next((event for event in events if isinstance(event, Ended)), None)
        if ended is None:
            return "waits"
        return ended.outcome + (f" ({ended.message})" if ended.message else "")

    def moments(self) -> Iterator[tuple[Frame, Values, float | None]]:
        """Yield the last step of each iteration, the values after it, and the loss.

        A script without a loop has one moment, its last step.
        """
        now: Values = {}
        last: Frame | None = None
        has_loop = False
        for frame, edited in self.steps():
            here = (frame.loop, frame.iteration)
            if last is not None and last.loop and (last.loop, last.iteration) != here:
                has_loop = True
                yield last, now, last.loss
            now |= frame.changed | edited
            last = frame
        if last is not None and (last.loop or not has_loop):
            yield last, now, last.loss


def _by_steps(one: _Side, other: _Side, tolerance: Tolerance) -> Verdict:
    left, right = Values(), Values()
    count = skipped = 0
    for first, second in zip_longest(one.steps(), other.steps()):
        if first is None or second is None:
            longer, shorter = (one, other) if second is None else (other, one)
            summary = f"they agree up to step {count}, where {shorter.target} {shorter.end()}"
            step = count + 1
            summary += f"; {longer.target} goes on to line {(first or second).frame.line}"
            return Verdict(False, summary, step, step, skipped=skipped)
        frame, against = first.frame, second.frame
        if frame.line != against.line:
            summary = f"they part at step {frame.step}: one runs line {frame.line}, "
            summary += f"the other line {against.line}"
            place = (frame.step, against.step, frame.line, frame.iteration)
            return Verdict(False, summary, *place, skipped=skipped)
        for is_edit in (False, True):
            changes = [step.edited if is_edit else step.frame.changed for step in (first, second)]
            left |= changes[0]
            right |= changes[1]
            names = list(changes[0] | changes[1])
            found, unknown = _differing(names, left, right, tolerance, False)
            if not is_edit and not found:
                found = _losses(frame.loss, against.loss, tolerance)
            skipped += unknown
            if found:
                summary = f"they part at step {frame.step} ({_place(frame)})"
                summary += ", where one was edited" * is_edit
                place = (frame.step, against.step, frame.line, frame.iteration)
                return Verdict(False, summary, *place, tuple(found), skipped)
        count += 1
    ends = one.end(), other.end()
    if ends[0].partition(" ")[0] != ends[1].partition(" ")[0]:
        summary = f"they agree up to step {count}; then one {ends[0]}, the other {ends[1]}"
        return Verdict(False, summary, skipped=skipped)
    return Verdict(True, f"they are the same at every step, {count} in all", skipped=skipped)


def _by_iterations(one: _Side, other: _Side, tolerance: Tolerance) -> Verdict:
    compared: dict[str, None] = {}
    count = skipped = 0
    for first, second in zip_longest(one.moments(), other.moments()):
        if first is None or second is None:
            _require_common(compared, one, other)
            longer, shorter = (one, other) if second is None else (other, one)
            summary = f"they agree in every iteration of {shorter.target}, {count} in all"
            return Verdict(False, f"{summary}; {longer.target} goes on", skipped=skipped)
        (frame, left, loss), (against, right, other_loss) = first, second
        names = [name for name in left if left[name] and right.get(name)]
        found, unknown = _differing(names, left, right, tolerance, True)
        if "loss" not in names and loss is not None and other_loss is not None:
            names.append("loss")
            found += _losses(loss, other_loss, tolerance)
        compared |= dict.fromkeys(names)
        skipped += unknown
        if found:
            summary = f"they part in {_passed(frame)} (steps {frame.step} | {against.step})"
            place = (frame.step, against.step, frame.line, frame.iteration)
            return Verdict(False, summary, *place, tuple(found), skipped)
        count += 1
    _require_common(compared, one, other)
    summary = f"they are the same in {', '.join(compared)} after every iteration, {count} in all"
    return Verdict(True, summary, skipped=skipped)


def _differing(
    names: list[str],
    left: Mapping[str, TensorView | None],
    right: Mapping[str, TensorView | None],
    tolerance: Tolerance,
    as_numbers: bool,
) -> tuple[list[Difference], int]:
    """Return the values that differ, and how many could not be compared."""
    pairs = [(name, left.get(name), right.get(name)) for name in names]
    known = [pair for pair in pairs if is_known(*pair[1:])]
    found = [difference(*pair, tolerance, as_numbers) for pair in known]
    return [one for one in found if one is not None], len(pairs) - len(known)


def _losses(one: float | None, other: float | None, tolerance: Tolerance) -> list[Difference]:
    if one is None or other is None or tolerance.same(np.array(one), np.array(other)):
        return []
    left, right = (
        TensorView("number", (), "float", "cpu", False, "text", repr(loss).encode())
        for loss in (one, other)
    )
    return [Difference("loss", left, right, str(one), str(other))]


def _require_common(compared: Mapping[str, None], one: _Side, other: _Side) -> None:
    if not compared:
        problem = f"{one.target} and {other.target} are of two scripts, and have no name in common"
        raise BadRequest(f"{problem}: there is nothing to compare")


def _place(frame: Frame) -> str:
    within = "" if frame.iteration is None else f", iteration {frame.iteration}"
    return f"line {frame.line}{within}"


def _passed(frame: Frame) -> str:
    return "the end" if frame.iteration is None else f"iteration {frame.iteration}"
