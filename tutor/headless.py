"""Runs without a screen: `tutor run`, for tables, CI and scripts."""

import contextlib
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any

from tutor.engine.client import Engine
from tutor.engine.protocol import FOREVER, Ended, Event, Launch, Printed, Started, Waited
from tutor.engine.run import Run
from tutor.frame import GRAD, Frame, TensorView
from tutor.launching import prepare
from tutor.lesson import Lesson, LessonError
from tutor.request import BadRequest, Request
from tutor.table import Table
from tutor.values import jsonable, plain

EXIT = {"finished": 0, "raised": 1, "died": 1, "refused": 2, "interrupted": 130}
"""Exit status by the outcome of a run."""


class Headless:
    """An engine for callers that wait for it. A context manager: it is closed at the end."""

    def __init__(self) -> None:
        self.engine = Engine()
        self._news = threading.Event()
        self.engine.on_change = self._news.set

    def __enter__(self) -> "Headless":
        self.engine.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.engine.close()

    def detected(self) -> str | None:
        """The accelerator that works here, as soon as it is known.

        Raises:
            BadRequest: no run can start, with the reason.
        """
        while self.engine.device is None:
            if self.engine.failure is not None:
                raise BadRequest(self.engine.failure)
            self._news.wait()
            self._news.clear()
        return self.engine.detected

    def launch_of(self, lesson: Lesson, path: str, request: Request, exact: bool) -> Launch:
        """The launch of `lesson`, on the detected device where that is its choice."""
        asks_device = lesson.is_lesson and request.device is None
        return prepare(lesson, path, request, self.detected() if asks_device else None, exact)

    def events(self, launch: Launch, stop: int = FOREVER) -> Iterator[Event]:
        """Run to the end, or until step `stop` is recorded. Ctrl+C interrupts the script."""
        news = threading.Event()
        run = self.engine.launch(launch, news.set)
        run.go(stop)
        try:
            with _interrupts(run):
                while True:
                    news.wait()
                    news.clear()
                    for event in run.take():
                        yield event
                        if isinstance(event, Ended) or (
                            isinstance(event, Waited) and event.step >= stop
                        ):
                            return
        finally:
            run.close()


@contextlib.contextmanager
def _interrupts(run: Run) -> Iterator[None]:
    """Let Ctrl+C interrupt the script rather than this process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: run.interrupt())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run(
    lesson: Lesson, path: str, request: Request, stop: int, as_json: bool, stdout: IO[bytes]
) -> int:
    """Run a script and print what it did.

    Args:
        lesson: The script.
        path: Its path as the learner typed it.
        stop: The last step to run.
        as_json: One JSON object a step rather than a table.
        stdout: Where it goes. The script's stderr and its traceback go to this process's stderr.

    Returns:
        The exit status.
    """
    with Headless() as headless:
        launch = headless.launch_of(lesson, path, request, exact=as_json)
        report: _Json | _Text = _Json(launch, stdout) if as_json else _Text(launch, stdout)
        ended = Ended("finished")
        for event in headless.events(launch, stop):
            if isinstance(event, Ended):
                ended = event
            else:
                report.take(event)
        report.close(ended)
    for edit in request.edits:
        if ended.outcome != "refused" and edit.step > report.steps:
            told = f"--edit {edit.step}:{edit.target}: the run has only {report.steps} steps"
            raise BadRequest(told)
    for expression, reason in report.unknown.items():
        print(f"tutor: --show {expression} never had a value: {reason}", file=sys.stderr)
    if ended.outcome != "finished" or ended.message:
        print(ended.traceback or f"{ended.message}\n", end="", file=sys.stderr)
    return EXIT[ended.outcome]


def tell_unreadable(error: LessonError, stdout: IO[bytes]) -> None:
    """The one object of a run that could not begin."""
    _Json(Launch(str(error.path), ""), stdout).close(Ended("refused", str(error)))


class _Report:
    """What both reports count."""

    def __init__(self, launch: Launch, stdout: IO[bytes]) -> None:
        self.steps = 0
        self.unknown = dict.fromkeys(launch.show, "the script ran no statement")
        """The shown expressions that have had no value so far, and why."""
        self._launch = launch
        self._stdout = stdout

    def _count(self, frame: Frame) -> None:
        self.steps = frame.step
        if self.unknown:
            reasons = dict(frame.problems)
            for expression in list(self.unknown):
                if expression in reasons:
                    self.unknown[expression] = reasons[expression]
                else:
                    del self.unknown[expression]


class _Json(_Report):
    """One object a line and a step, and one at the end."""

    def __init__(self, launch: Launch, stdout: IO[bytes]) -> None:
        super().__init__(launch, stdout)
        self._device = launch.device or "cpu"
        self._out = b""
        self._now: dict[str, TensorView] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._device = event.environment["device"]
        elif isinstance(event, Printed):
            self._out += _to_stdout(event)
        elif isinstance(event, Frame):
            self._count(event)
            self._line(
                step=event.step,
                line=event.line,
                iteration=event.iteration,
                phase=event.phase,
                loss=event.loss,
                changed=self._changed(event),
                show=dict(zip(self._launch.show, event.shown, strict=True)),
                out=self._out.decode(errors="replace"),
            )
            self._out = b""

    def close(self, ended: Ended) -> None:
        error = ended.message if ended.outcome != "finished" else None
        if self._out:
            # The process died in the midst of a statement, which had written something.
            self.steps += 1
            out, nothing = self._out.decode(errors="replace"), dict.fromkeys(self._launch.show)
            self._line(
                step=self.steps,
                line=ended.line,
                iteration=None,
                phase="other",
                loss=None,
                changed={},
                show=nothing,
                out=out,
            )
        self._line(done=True, steps=self.steps, device=self._device, error=error)
        self._stdout.flush()

    def _changed(self, frame: Frame) -> dict[str, Any]:
        """A name is there when its value or its gradient changed."""
        found: dict[str, Any] = {}
        for name, view in frame.changed.items():
            before = self._now.pop(name, None)
            if view is not None:
                self._now[name] = view
            if before is not None and view is not None and _is_same_value(before, view):
                continue
            owner = name.removesuffix(GRAD)
            if owner != name and owner in self._now and owner not in found:
                found[owner] = plain(self._now[owner])
            found[name] = plain(view)
        return found

    def _line(self, **fields: Any) -> None:
        self._stdout.write(json.dumps(jsonable(fields), ensure_ascii=False).encode() + b"\n")
        self._stdout.flush()


class _Text(_Report):
    """A table, and after it all that the script printed."""

    def __init__(self, launch: Launch, stdout: IO[bytes]) -> None:
        super().__init__(launch, stdout)
        self._table = Table(launch.show)
        # A script may print far more than memory holds.
        self._printed = tempfile.TemporaryFile()

    def take(self, event: Event) -> None:
        if isinstance(event, Printed):
            self._printed.write(_to_stdout(event))
        elif isinstance(event, Frame):
            self._count(event)
            self._table.append(event)

    def close(self, ended: Ended) -> None:
        table = self._table.text().encode()
        self._stdout.write(table)
        self._printed.seek(0)
        for position, part in enumerate(iter(lambda: self._printed.read(65536), b"")):
            if position == 0 and table:
                self._stdout.write(b"\n")
            self._stdout.write(part)
        self._stdout.flush()


def _to_stdout(event: Printed) -> bytes:
    """What went to stdout; what went to stderr is passed on to ours."""
    for stream, text in event.output:
        if stream == 2:
            sys.stderr.buffer.write(text)
            sys.stderr.flush()
    return b"".join(text for stream, text in event.output if stream == 1)


def _is_same_value(one: TensorView, other: TensorView) -> bool:
    """Whether only the circumstances of a value changed, such as `requires_grad`."""
    return (one.shape, one.dtype, one.data, one.summary) == (
        other.shape,
        other.dtype,
        other.data,
        other.summary,
    )
