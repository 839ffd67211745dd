"""The recorded steps without their values: packed, one entry for each step."""

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import msgspec

from tutor.schema.frame import Frame, Phase, TensorView

SIZE = 56
"""Bytes that a step takes, approximately."""

OUTSIDE = -1
"""The iteration of a step that is in no loop."""

_HAS_LOSS, _IS_NEW_LOSS, _RAN_BACKWARD = 1, 2, 4
"""Bits in the flags of a step."""

_Extra = tuple[tuple[str | None, ...], tuple[object, ...], tuple[tuple[str, str], ...], str]
"""The slots, shown values, problems and caught exception of a step."""

_extras = msgspec.msgpack.Decoder(_Extra)
_encode = msgspec.msgpack.Encoder().encode


class Place(NamedTuple):
    """The place of a step in the script, and its phase."""

    line: int
    loop: int
    """The line of the outermost loop around it, 0 outside of loops."""
    iteration: int | None
    phase: Phase


class Steps:
    """All recorded steps. They count from 1."""

    def __init__(self) -> None:
        self.lines, self.loops = array("I"), array("I")
        self.iterations = array("i")
        """The iteration of each step, or `OUTSIDE`."""
        self._first_runs: dict[int, int] = {}
        """The step at which each line first ran."""
        self._phases, self._flags, self._losses = bytearray(), bytearray(), array("d")
        self._phase_names: list[Phase] = []
        # Only for steps that have them:
        self._extra_steps, self._extra_ends, self._extra = array("I"), array("Q"), bytearray()
        self._root_steps: array[int] = array("I")
        self._roots: list[str] = []
        """The steps that called `backward()` on another name than the last such step, and the
        names."""
        self.raising = array("I")
        """The steps at which the script caught an exception."""

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def size(self) -> int:
        """Approximate bytes."""
        return SIZE * len(self) + len(self._extra)

    def until(self, step: int) -> "Steps":
        """Return a copy up to `step`."""
        copy = Steps()
        copy.lines, copy.loops = self.lines[:step], self.loops[:step]
        copy.iterations, copy._losses = self.iterations[:step], self._losses[:step]
        firsts = self._first_runs.items()
        copy._first_runs = {line: first for line, first in firsts if first <= step}
        copy._phases, copy._flags = self._phases[:step], self._flags[:step]
        copy._phase_names = [*self._phase_names]
        extras = bisect_right(self._extra_steps, step)
        copy._extra_steps, copy._extra_ends = self._extra_steps[:extras], self._extra_ends[:extras]
        copy._extra = self._extra[: copy._extra_ends[-1] if extras else 0]
        roots = bisect_right(self._root_steps, step)
        copy._root_steps, copy._roots = self._root_steps[:roots], self._roots[:roots]
        copy.raising = self.raising[: bisect_right(self.raising, step)]
        return copy

    def append(self, frame: Frame) -> int:
        """Add the next step.

        Returns:
            The bytes that it takes, approximately.
        """
        self.lines.append(frame.line)
        self._first_runs.setdefault(frame.line, len(self))
        self.loops.append(frame.loop)
        self.iterations.append(OUTSIDE if frame.iteration is None else frame.iteration)
        if frame.phase not in self._phase_names:
            self._phase_names.append(frame.phase)
        self._phases.append(self._phase_names.index(frame.phase))
        self._losses.append(frame.loss if frame.loss is not None else 0.0)
        flags = _HAS_LOSS * (frame.loss is not None) + _IS_NEW_LOSS * frame.is_new_loss
        self._flags.append(flags + _RAN_BACKWARD * bool(frame.root))
        if frame.root and (not self._roots or self._roots[-1] != frame.root):
            self._root_steps.append(len(self))
            self._roots.append(frame.root)
        if frame.raised:
            self.raising.append(len(self))
        if not (frame.slots or frame.shown or frame.problems or frame.raised):
            return SIZE
        extra = _encode((frame.slots, frame.shown, frame.problems, frame.raised))
        self._extra += extra
        self._extra_steps.append(len(self))
        self._extra_ends.append(len(self._extra))
        return SIZE + len(extra)

    def place(self, step: int) -> Place:
        """Return the place of a step in the script, and its phase."""
        iteration = self.iterations[step - 1]
        return Place(
            self.lines[step - 1],
            self.loops[step - 1],
            None if iteration == OUTSIDE else iteration,
            self._phase_names[self._phases[step - 1]],
        )

    def has_run(self, line: int, step: int) -> bool:
        """Return True if the statement on `line` ran by the end of `step`."""
        return self.first_run(line, step) > 0

    def first_run(self, line: int, step: int) -> int:
        """Return the first step up to `step` on `line`, 0 if there is none."""
        first = self._first_runs.get(line, 0)
        return first if first <= step else 0

    def ran(self, step: int) -> set[int]:
        """Return the lines that had run by the end of `step`."""
        return {line for line, first in self._first_runs.items() if first <= step}

    def loss(self, step: int) -> float | None:
        """Return the loss after a step."""
        has_one = step > 0 and self._flags[step - 1] & _HAS_LOSS
        return self._losses[step - 1] if has_one else None

    def root(self, step: int) -> str:
        """Return the name that `backward()` was last called on by the end of `step`, or ""."""
        index = bisect_right(self._root_steps, step) - 1
        return self._roots[index] if index >= 0 else ""

    def raised(self, step: int) -> str:
        """Return the exception that the script caught at a step, or ""."""
        return self._extra_of(step)[3]

    def frame(self, step: int, changed: dict[str, TensorView | None] | None = None) -> Frame:
        """Return the frame of a step, with these changes."""
        line, loop, iteration, phase = self.place(step)
        flags = self._flags[step - 1]
        slots, shown, problems, raised = self._extra_of(step)
        root = self.root(step) if flags & _RAN_BACKWARD else ""
        is_new = bool(flags & _IS_NEW_LOSS)
        loss = self.loss(step)
        return Frame(
            step, line, loop, iteration, phase, loss, is_new, changed or {}, slots, shown, problems,
            root=root, raised=raised,
        )  # fmt: skip

    def _extra_of(self, step: int) -> _Extra:
        index = bisect_left(self._extra_steps, step)
        if index == len(self._extra_steps) or self._extra_steps[index] != step:
            return (), (), (), ""
        start = self._extra_ends[index - 1] if index else 0
        found: _Extra = _extras.decode(self._extra[start : self._extra_ends[index]])
        return found
