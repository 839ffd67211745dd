"""Validate the messages of a recording, each alone and in its order.

The readers of a recording need no further checks. Validated messages cannot break code that draws
them, and take only a small multiple of the file's size in memory.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tutor.history.column import SMALL
from tutor.history.recording.file import Damage
from tutor.history.recording.messages import Footer, Message, RunHeader
from tutor.history.recording.views import check_name, check_plain, check_text, check_view
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import (
    Completed,
    Digested,
    Edit,
    Edited,
    Ended,
    Launch,
    Printed,
    Started,
    Waited,
)

_RUNS = 1000

_NAMES = 2**16
"""The most distinct names of values in all runs together."""

_EDITS = 10_000

_QUOTED = 40
"""The most characters of a branch's name in an error."""

_SOURCE = 2**24
"""The most characters of a script."""

_COPIED, _COPIED_PER_BYTE = 2**25, 64
"""The most bytes for the copies of earlier steps in all branches, approximately: for any file, and
for each byte of the file so far."""

_STEP, _NAME = 64, 640
"""Approximate bytes in a timeline: of a step or a change, and of a name."""


@dataclass
class _Run:
    """The state of a run so far."""

    header: RunHeader
    lines: int
    """The number of lines in its script."""
    steps: int
    first: int
    """The step after which it was forked."""
    costs: "array[int]" = field(default_factory=lambda: array("Q"))
    """The memory of its own steps up to each step, cumulated."""
    inherited: int = 0
    """The memory of the steps before the fork."""
    printed: int = 0
    digested: int = 0
    edited: int = 0
    is_started: bool = False
    is_over: bool = False

    def cost(self, step: int) -> int:
        """Return the memory of all steps up to `step`."""
        own = step - self.first
        return self.inherited + (self.costs[own - 1] if own > 0 else 0)


class Validator:
    """Validates the messages of a recording in order."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._names: set[str] = set()
        self._slots: Mapping[int, tuple[tuple[str, str], ...]] = {}
        self._size = 0
        self._copied = 0
        self.is_complete = False

    @property
    def place(self) -> str:
        """How far the recording is valid."""
        if not self._runs or not self._runs[-1].steps:
            return "at its beginning"
        run = self._runs[-1]
        branch = f" of {run.header.name[:_QUOTED]}" if len(self._runs) > 1 else ""
        return f"after step {run.steps}{branch}"

    def counts(self, shown: int) -> tuple[int, int, int]:
        """Return the number of runs, the number of their own steps, and the last step of one run.

        Args:
            shown: The number of that run.
        """
        own = sum(len(run.costs) for run in self._runs)
        return len(self._runs), own, self._runs[shown].steps

    def validate(self, message: Message, size: int) -> None:
        """Refuse a message that is invalid or cannot come next.

        Args:
            size: Its bytes in the file.

        Raises:
            Damage: the message is refused.
        """
        self._size += size
        if self.is_complete:
            raise Damage("something after the end")
        if isinstance(message, RunHeader):
            self._begin(message)
            return
        if isinstance(message, Footer):
            self._validate_footer(message)
            return
        if not self._runs or self._runs[-1].is_over:
            raise Damage("something outside of any run")
        run = self._runs[-1]
        if isinstance(message, Frame):
            self._validate_frame(run, message)
        elif isinstance(message, Printed):
            self._validate_output(run, message)
        elif isinstance(message, Completed):
            _require(0 < message.step <= run.steps, "the content of a step that is not there")
            self._validate_views(message.views)
        elif isinstance(message, Edited):
            _require(run.edited < message.step == run.steps, "an edit out of order")
            run.edited = message.step
            self._validate_views(message.changed)
        elif isinstance(message, Digested):
            _require(run.digested < message.step == run.steps, "a digest out of order")
            run.digested = message.step
        elif isinstance(message, Started):
            _require(not run.is_started and run.steps == run.first, "a start out of order")
            run.is_started = True
            _check_environment(message.environment)
        elif isinstance(message, Ended):
            _check_end(message, run.lines)
            run.is_over = True
        else:
            _check_waited(message, run)
            run.is_over = True

    def _begin(self, header: RunHeader) -> None:
        _require(len(self._runs) < _RUNS, "too many runs")
        check_name(header.name)
        names = [run.header.name for run in self._runs]
        _require(header.name not in names, "two runs of one name")
        launch = header.launch
        lines = _check_launch(launch)
        inherited = 0
        if header.parent is None:
            _require(not header.step, "a fork of nothing")
        else:
            _require(header.parent < len(self._runs), "a fork of a run that is not there")
            parent = self._runs[header.parent]
            _require(header.step <= parent.steps, "a fork at a step that is not there")
            same = parent.header.launch
            is_same = (launch.source, launch.show) == (same.source, same.show)
            _require(is_same, "a fork of another script")
            inherited = parent.cost(header.step)
            self._copied += inherited + _NAME * len(self._names)
            most = _COPIED + _COPIED_PER_BYTE * self._size
            _require(self._copied <= most, "more branches than its size allows")
        check_name(header.folder, 4096)
        if header.divergence is not None:
            check_text(header.divergence.reason)
        self._slots = launch.slots
        self._runs.append(_Run(header, lines, header.step, header.step, inherited=inherited))

    def _validate_footer(self, footer: Footer) -> None:
        _require(footer.shown < len(self._runs), "a look at a run that is not there")
        runs, steps, last = self.counts(footer.shown)
        _require((footer.runs, footer.steps) == (runs, steps), "steps that are missing")
        _require(footer.cursor <= last, "a look at a step that is not there")
        self.is_complete = True

    def _validate_frame(self, run: _Run, frame: Frame) -> None:
        if frame.step != run.steps + 1:
            raise Damage(f"step {frame.step} after step {run.steps}")
        if max(frame.line, frame.loop) > run.lines:
            raise Damage(f"line {max(frame.line, frame.loop)} of {run.lines}")
        _require((frame.iteration is None) == (frame.loop == 0), "an iteration outside of a loop")
        if frame.slots:
            wanted = len(self._slots.get(frame.line, ()))
            _require(len(frame.slots) == wanted, "values of a note that is not there")
            for slot in frame.slots:
                check_text(slot or "")
        _require(len(frame.shown) == len(run.header.launch.show), "values that were not asked for")
        if frame.shown:
            check_plain(frame.shown)
        for expression, reason in frame.problems:
            check_text(expression)
            check_text(reason)
        if frame.root:
            check_name(frame.root)
        check_text(frame.raised)
        _require(frame.inside is None, "operations, which no recording has")
        small = self._validate_views(frame.changed)
        total = run.costs[-1] if run.costs else 0
        run.costs.append(total + _STEP * (1 + len(frame.changed)) + small)
        run.steps = frame.step

    def _validate_views(self, views: Mapping[str, TensorView | None]) -> int:
        """Validate views by name.

        Returns:
            The bytes of content that each branch copies.
        """
        small = 0
        for name, view in views.items():
            if name not in self._names:
                check_name(name)
                _require(len(self._names) < _NAMES, "too many names")
                self._names.add(name)
            if view is not None:
                check_view(view)
                if view.data is not None and len(view.data) <= SMALL:
                    small += len(view.data)
        return small

    @staticmethod
    def _validate_output(run: _Run, printed: Printed) -> None:
        _require(run.printed <= printed.step <= run.steps + 1, "output out of order")
        _require(printed.step > run.first, "output out of order")
        run.printed = printed.step


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise Damage(problem)


def _check_launch(launch: Launch) -> int:
    """Validate a launch and return the number of lines in its script."""
    _require(len(launch.source) <= _SOURCE, "a script that is too long")
    lines = launch.source.count("\n") + 1
    for name in (launch.path, launch.device or "", launch.loss or ""):
        check_name(name, 4096)
    _require(0 <= launch.seed < 2**64, "a seed out of range")
    for line, value in launch.knobs.items():
        _require(0 < line <= lines, "a knob on no line")
        check_plain(value, bytes)
    _require(len(launch.edits) <= _EDITS, "too many edits")
    for edit in launch.edits:
        _check_edit(edit)
    for line, slots in launch.slots.items():
        _require(0 < line <= lines, "a note on no line")
        _check_texts(text for slot in slots for text in slot)
    _check_texts(launch.show)
    return lines


def _check_edit(edit: Edit) -> None:
    _require(edit.step > 0, "an edit at no step")
    check_name(edit.target)
    check_text(edit.statement)
    check_plain(edit.value, bytes)


def _check_texts(texts: Iterable[str]) -> None:
    for text in texts:
        check_text(text)


def _check_environment(environment: Mapping[str, str]) -> None:
    _require(len(environment) <= 100 and "device" in environment, "no environment of a run")
    for key, value in environment.items():
        check_name(key)
        check_name(value)


def _check_end(ended: Ended, lines: int) -> None:
    _require(0 <= ended.line <= lines, f"an end in line {ended.line} of {lines}")
    check_text(ended.message)
    check_text(ended.traceback)
    _require(ended.inside is None, "operations, which no recording has")


def _check_waited(waited: Waited, run: _Run) -> None:
    _require(waited.step == run.steps, "a wait out of order")
    _require(0 <= waited.line <= run.lines, f"a wait in line {waited.line} of {run.lines}")
