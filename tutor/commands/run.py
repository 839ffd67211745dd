"""Runs without a screen: `tutor run`, for tables, CI and scripts."""

import contextlib
import math
import signal
import sys
import threading
from collections.abc import Iterator
from time import monotonic
from typing import IO

import msgspec

from tutor.commands.run_output import JsonReport, TextReport
from tutor.engine.client import Engine
from tutor.engine.run import Run
from tutor.history.recording.reader import find
from tutor.history.recording.tree import MAIN
from tutor.history.recording.writer import writing
from tutor.schema.errors import BadRequest
from tutor.schema.frame import Frame
from tutor.script.lesson import Lesson, LessonError
from tutor.session.launch import prepare
from tutor.session.request import Request
from tutor.wire.messages import FOREVER, Ended, Event, Launch, Printed, Waited

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
        asks_device = lesson.metadata.is_lesson and request.device is None
        return prepare(lesson, path, request, self.detected() if asks_device else None, exact)

    def events(
        self, launch: Launch, stop: int = FOREVER, patience: float | None = None
    ) -> Iterator[Event]:
        """Run to the end, or until step `stop` is recorded. Ctrl+C interrupts the script.

        Raises:
            TimeoutError: it took longer than `patience` seconds.
        """
        until = monotonic() + patience if patience is not None else math.inf
        news = threading.Event()
        run = self.engine.launch(launch, news.set)
        run.go(stop)
        try:
            with _interrupts(run):
                while True:
                    if not news.wait(min(until - monotonic(), threading.TIMEOUT_MAX)):
                        raise TimeoutError
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
    lesson: Lesson,
    path: str,
    request: Request,
    stop: int,
    as_json: bool,
    operations: bool,
    stdout: IO[bytes],
    save: str | None = None,
) -> int:
    """Run a script and print what it did.

    Args:
        lesson: The script.
        path: Its path as the learner typed it.
        stop: The last step to run.
        as_json: One JSON object a step rather than a table.
        operations: With it, what went on inside each step.
        stdout: Where it goes. The script's stderr and its traceback go to this process's stderr.
        save: Where the recording goes.

    Returns:
        The exit status.
    """
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(writing(save)) if save is not None else None
        headless = stack.enter_context(Headless())
        launch = headless.launch_of(lesson, path, request, exact=as_json)
        if operations:
            launch = msgspec.structs.replace(launch, operations=0)
        if writer is not None:
            writer.begin(MAIN, launch)
        report = _report(launch, as_json, stdout)
        ended = Ended("finished")
        for event in headless.events(launch, stop):
            if writer is not None:
                writer.take(event)
            if isinstance(event, Ended):
                ended = event
            else:
                report.take(event)
        report.close(ended)
        if writer is not None and ended.outcome == "refused":
            # Nothing ran: what was recorded before is worth more.
            raise BadRequest(ended.message)
    for edit in request.edits:
        if ended.outcome != "refused" and edit.step > report.steps:
            told = f"--edit {edit.step}:{edit.target}: the run has only {report.steps} steps"
            raise BadRequest(told)
    return _told(report, ended)


def replay(target: str, show: tuple[str, ...], stop: int, as_json: bool, stdout: IO[bytes]) -> int:
    """Print what a recorded run did, as it was printed when it ran.

    Args:
        target: `FILE` or `FILE@BRANCH`.
        show: Of the expressions that were shown then; none: all of them.
        stop: The last step to print.

    Returns:
        The exit status of the run.

    Raises:
        BadRequest: there is no such recording, or it does not know an expression.
    """
    reader, number = find(target)
    launch = reader.runs[number].launch
    known = launch.show
    for expression in show:
        if expression not in known:
            has = ", ".join(known) or "none"
            raise BadRequest(f"--show {expression}: {target} was not saved with it (it has {has})")
    places = [known.index(expression) for expression in show or known]
    report = _report(msgspec.structs.replace(launch, show=show or known), as_json, stdout)
    ended = Ended("finished")
    for event in reader.events(number):
        if isinstance(event, Ended):
            ended = event
        elif isinstance(event, Frame | Printed) and event.step > stop:
            break
        elif isinstance(event, Frame):
            shown = tuple(event.shown[place] for place in places)
            report.take(msgspec.structs.replace(event, shown=shown))
        else:
            report.take(event)
    report.close(ended)
    return _told(report, ended)


def _report(launch: Launch, as_json: bool, stdout: IO[bytes]) -> JsonReport | TextReport:
    return JsonReport(launch, stdout) if as_json else TextReport(launch, stdout)


def _told(report: JsonReport | TextReport, ended: Ended) -> int:
    """The exit status, what went wrong having been told on stderr."""
    for expression, reason in report.unknown.items():
        print(f"tutor: --show {expression} never had a value: {reason}", file=sys.stderr)
    if ended.outcome != "finished" or ended.message:
        told = f"tutor: {ended.message}" if ended.outcome == "refused" else ended.message
        print(ended.traceback or f"{told}\n", end="", file=sys.stderr)
    return EXIT[ended.outcome]


def tell_unreadable(error: LessonError, stdout: IO[bytes]) -> None:
    """The one object of a run that could not begin."""
    JsonReport(Launch(str(error.path), ""), stdout).close(Ended("refused", str(error)))
