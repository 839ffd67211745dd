"""`tutor run`: run a script without a screen and print its steps, or print a recording."""

import contextlib
import sys
from dataclasses import replace
from typing import IO

import msgspec

from tutor.commands.headless import HeadlessEngine
from tutor.commands.recorded_output import RecordedOutput
from tutor.commands.run_output import JsonReport, TextReport
from tutor.history.recording.reader import find
from tutor.history.recording.tree import MAIN
from tutor.history.recording.writer import writing
from tutor.schema.errors import BadRequest
from tutor.schema.frame import Frame
from tutor.script.lesson import Lesson, LessonError
from tutor.session.request import Request, own_terminals
from tutor.wire.messages import BreakpointHit, Ended, Job, Launch, Printed

EXIT = {"finished": 0, "raised": 1, "died": 1, "refused": 2, "interrupted": 130}
"""Exit status by the outcome of a run, if the script gave itself none."""


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
        as_json: Print one JSON object for each step instead of a table.
        operations: Print the operations inside each step too; needs `as_json`.
        stdout: The script's stderr and its traceback go to this process's stderr instead.
        save: The file to save the recording in.

    Returns:
        The exit status.

    Raises:
        BadRequest: the run cannot start, or an edit comes after its last step.
    """
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(writing(save)) if save is not None else None
        headless = stack.enter_context(HeadlessEngine())
        request = replace(request, terminals=own_terminals())
        launch = headless.launch_of(lesson, path, request, exact=as_json)
        if writer is not None:
            writer.begin(MAIN, launch)
        report = JsonReport(launch, stdout, operations) if as_json else TextReport(launch, stdout)
        job = Job(launch, operations=0 if operations else None)
        ended = Ended("finished")
        passed: set[int] = set()
        for event in headless.events(job, stop):
            if isinstance(event, BreakpointHit) and event.line not in passed:
                passed.add(event.line)
                text = f"{path}:{event.line}: breakpoint() goes on here; on the screen it pauses"
                print(text, file=sys.stderr)
            if writer is not None:
                writer.take(event)
            if isinstance(event, Ended):
                ended = event
            else:
                report.take(event)
        report.close(ended)
        if writer is not None and ended.outcome == "refused":
            # Nothing ran: leave the writer before it replaces an earlier recording of this name.
            raise BadRequest(ended.message)
    for edit in request.edits:
        if ended.outcome != "refused" and edit.step > report.steps:
            problem = f"--edit {edit.step}:{edit.target}: the run has only {report.steps} steps"
            raise BadRequest(problem)
    status = _exit_status(report, ended)
    if ended.outcome == "interrupted" and headless.interrupted_by is not None:
        return 128 + headless.interrupted_by
    return status


def replay(target: str, show: tuple[str, ...], stop: int, as_json: bool, stdout: IO[bytes]) -> int:
    """Print a recorded run as `run` printed it; on a terminal its output is made printable.

    Args:
        target: `FILE` or `FILE@BRANCH`.
        show: Which of the expressions that the run was saved with to print; all of them for none.
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
    launch = msgspec.structs.replace(launch, show=show or known)
    report = JsonReport(launch, stdout) if as_json else TextReport(launch, stdout)
    output = RecordedOutput(as_json)
    ended = Ended("finished")
    for event in reader.events(number):
        if isinstance(event, Ended):
            ended = event
        elif isinstance(event, Frame | Printed) and event.step > stop:
            break
        elif isinstance(event, Frame):
            shown = tuple(event.shown[place] for place in places)
            report.take(msgspec.structs.replace(event, shown=shown))
        elif isinstance(event, Printed):
            report.take(output.shown(event))
        else:
            report.take(event)
    report.close(ended)
    return _exit_status(report, ended)


def _exit_status(report: JsonReport | TextReport, ended: Ended) -> int:
    """Print what went wrong on stderr, and return the exit status of the run."""
    for expression, reason in report.unknown.items():
        print(f"tutor: --show {expression} never had a value: {reason}", file=sys.stderr)
    if ended.outcome != "finished" or ended.message:
        message = f"tutor: {ended.message}" if ended.outcome == "refused" else ended.message
        print(ended.traceback or f"{message}\n", end="", file=sys.stderr)
    return EXIT[ended.outcome] if ended.status is None else ended.status


def print_unreadable(error: LessonError, stdout: IO[bytes]) -> None:
    """Print the only JSON object of a run that could not begin."""
    JsonReport(Launch(str(error.path), ""), stdout).close(Ended("refused", str(error)))
