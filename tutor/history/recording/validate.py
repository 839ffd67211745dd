"""Whether the messages of a recording follow one another as a run's do.

Whoever reads a recording need check nothing more: no message can break what draws it, and what they
take in memory is a small multiple of the file.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tutor.history.column import SMALL
from tutor.history.recording.file import Damage
from tutor.history.recording.messages import Began, Completion, Message
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
"""Names that have a value, in all runs together."""

_EDITS = 10_000

_TOLD = 40
"""Characters of a branch's name that are told."""

_SOURCE = 2**24
"""Characters of a script."""

_COPIED = 2**30
"""Bytes that the pasts of all branches may take together, about: each run has its own copy."""

_STEP, _NAME = 64, 640
"""Bytes of a step or of a change, and of a name, in a timeline, about."""


@dataclass
class _Run:
    """What is known of a run so far."""

    began: Began
    lines: int
    """Of its script."""
    steps: int
    first: int
    """The step that it was forked after."""
    costs: "array[int]" = field(default_factory=lambda: array("Q"))
    """What its own steps take in memory, up to each."""
    before: int = 0
    """What the steps before those take."""
    printed: int = 0
    digested: int = 0
    edited: int = 0
    is_started: bool = False
    is_over: bool = False

    def cost(self, step: int) -> int:
        own = step - self.first
        return self.before + (self.costs[own - 1] if own > 0 else 0)


class Check:
    """Takes every message of a recording in order.

    Raises:
        Damage: from `take`: the message cannot come here.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._names: set[str] = set()
        self._slots: Mapping[int, tuple[tuple[str, str], ...]] = {}
        self._copied = 0
        self.is_complete = False

    @property
    def place(self) -> str:
        """How far it is sound."""
        if not self._runs or not self._runs[-1].steps:
            return "at its beginning"
        run = self._runs[-1]
        branch = f" of {run.began.name[:_TOLD]}" if len(self._runs) > 1 else ""
        return f"after step {run.steps}{branch}"

    def counts(self, shown: int) -> tuple[int, int, int]:
        """Runs, their steps, each counted once, and the last step of run number `shown`."""
        own = sum(len(run.costs) for run in self._runs)
        return len(self._runs), own, self._runs[shown].steps

    def take(self, message: Message) -> None:
        if self.is_complete:
            raise Damage("something after the end")
        if isinstance(message, Began):
            self._begin(message)
            return
        if isinstance(message, Completion):
            self._complete(message)
            return
        if not self._runs or self._runs[-1].is_over:
            raise Damage("something outside of any run")
        run = self._runs[-1]
        if isinstance(message, Frame):
            self._take_frame(run, message)
        elif isinstance(message, Printed):
            self._take_output(run, message)
        elif isinstance(message, Completed):
            _want(0 < message.step <= run.steps, "the content of a step that is not there")
            self._check_views(message.views)
        elif isinstance(message, Edited):
            _want(run.edited < message.step == run.steps, "an edit out of order")
            run.edited = message.step
            self._check_views(message.changed)
        elif isinstance(message, Digested):
            _want(run.digested < message.step == run.steps, "a digest out of order")
            run.digested = message.step
        elif isinstance(message, Started):
            _want(not run.is_started and run.steps == run.first, "a start out of order")
            run.is_started = True
            _check_environment(message.environment)
        elif isinstance(message, Ended):
            _check_end(message, run.lines)
            run.is_over = True
        else:
            _check_waited(message, run)
            run.is_over = True

    def _begin(self, began: Began) -> None:
        _want(len(self._runs) < _RUNS, "too many runs")
        check_name(began.name)
        names = [run.began.name for run in self._runs]
        _want(began.name not in names, "two runs of one name")
        launch = began.launch
        lines = _check_launch(launch)
        before = 0
        if began.parent is None:
            _want(not began.step, "a fork of nothing")
        else:
            _want(began.parent < len(self._runs), "a fork of a run that is not there")
            parent = self._runs[began.parent]
            _want(began.step <= parent.steps, "a fork at a step that is not there")
            same = parent.began.launch
            is_same = (launch.source, launch.show) == (same.source, same.show)
            _want(is_same, "a fork of another script")
            before = parent.cost(began.step)
            self._copied += before + _NAME * len(self._names)
            _want(self._copied <= _COPIED, "more branches than memory holds")
        if began.doubt is not None:
            check_text(began.doubt.reason)
        self._slots = launch.slots
        self._runs.append(_Run(began, lines, began.step, began.step, before=before))

    def _complete(self, end: Completion) -> None:
        _want(end.shown < len(self._runs), "a look at a run that is not there")
        runs, steps, last = self.counts(end.shown)
        _want((end.runs, end.steps) == (runs, steps), "steps that are missing")
        _want(end.cursor <= last, "a look at a step that is not there")
        self.is_complete = True

    def _take_frame(self, run: _Run, frame: Frame) -> None:
        if frame.step != run.steps + 1:
            raise Damage(f"step {frame.step} after step {run.steps}")
        if max(frame.line, frame.loop) > run.lines:
            raise Damage(f"line {max(frame.line, frame.loop)} of {run.lines}")
        _want((frame.iteration is None) == (frame.loop == 0), "an iteration outside of a loop")
        if frame.slots:
            wanted = len(self._slots.get(frame.line, ()))
            _want(len(frame.slots) == wanted, "values of a note that is not there")
            for slot in frame.slots:
                check_text(slot or "")
        _want(len(frame.shown) == len(run.began.launch.show), "values that were not asked for")
        if frame.shown:
            check_plain(frame.shown)
        for expression, reason in frame.problems:
            check_text(expression)
            check_text(reason)
        if frame.root:
            check_name(frame.root)
        check_text(frame.raised)
        _want(frame.inside is None, "operations, which no recording has")
        small = self._check_views(frame.changed)
        total = run.costs[-1] if run.costs else 0
        run.costs.append(total + _STEP * (1 + len(frame.changed)) + small)
        run.steps = frame.step

    def _check_views(self, views: Mapping[str, TensorView | None]) -> int:
        """Bytes of content that each branch has a copy of."""
        small = 0
        for name, view in views.items():
            if name not in self._names:
                check_name(name)
                _want(len(self._names) < _NAMES, "too many names")
                self._names.add(name)
            if view is not None:
                check_view(view)
                if view.data is not None and len(view.data) <= SMALL:
                    small += len(view.data)
        return small

    @staticmethod
    def _take_output(run: _Run, printed: Printed) -> None:
        _want(run.printed <= printed.step <= run.steps + 1, "output out of order")
        _want(printed.step > run.first, "output out of order")
        run.printed = printed.step


def _want(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Damage(otherwise)


def _check_launch(launch: Launch) -> int:
    """How many lines its script has."""
    _want(len(launch.source) <= _SOURCE, "a script without end")
    lines = launch.source.count("\n") + 1
    for name in (launch.path, launch.device or "", launch.loss or ""):
        check_name(name, 4096)
    _want(0 <= launch.seed < 2**64, "a seed that there is none of")
    for line, value in launch.knobs.items():
        _want(0 < line <= lines, "a knob on no line")
        check_plain(value, bytes)
    _want(len(launch.edits) <= _EDITS, "too many edits")
    for edit in launch.edits:
        _check_edit(edit)
    for line, slots in launch.slots.items():
        _want(0 < line <= lines, "a note on no line")
        _check_texts(text for slot in slots for text in slot)
    _check_texts(launch.show)
    return lines


def _check_edit(edit: Edit) -> None:
    _want(edit.step > 0, "an edit at no step")
    check_name(edit.target)
    check_text(edit.statement)
    check_plain(edit.value, bytes)


def _check_texts(texts: Iterable[str]) -> None:
    for text in texts:
        check_text(text)


def _check_environment(environment: Mapping[str, str]) -> None:
    _want(len(environment) <= 100 and "device" in environment, "no environment of a run")
    for key, value in environment.items():
        check_name(key)
        check_name(value)


def _check_end(ended: Ended, lines: int) -> None:
    _want(0 <= ended.line <= lines, f"an end in line {ended.line} of {lines}")
    check_text(ended.message)
    check_text(ended.traceback)
    _want(ended.inside is None, "operations, which no recording has")


def _check_waited(waited: Waited, run: _Run) -> None:
    _want(waited.step == run.steps, "a wait out of order")
    _want(0 <= waited.line <= run.lines, f"a wait in line {waited.line} of {run.lines}")
