"""`tutor audit`: compare the gradients of one backward pass with finite differences."""

import json
import sys
from collections.abc import Sequence
from typing import IO

from tutor.commands.headless import HeadlessEngine
from tutor.commands.run import EXIT
from tutor.history.record_events import record
from tutor.history.timeline import Timeline
from tutor.insight import audit
from tutor.schema.errors import BadRequest
from tutor.schema.frame import Audit
from tutor.schema.values import jsonable
from tutor.script.lesson import Lesson
from tutor.session.request import Request
from tutor.wire.messages import Audited, Ended, Job, Launch


def run(
    lesson: Lesson,
    path: str,
    request: Request,
    at: int | None,
    of: str | None,
    as_json: bool,
    stdout: IO[bytes],
) -> int:
    """Run a script, replay it to a backward pass, and print the audit of its gradients.

    Args:
        at: Audit the last backward pass up to this step; None: the first one.
        of: Audit this parameter only; None: every leaf whose gradient the pass changed.
        as_json: Print one JSON object for each parameter, and one at the end.

    Returns:
        The exit status: 0 if all gradients agree, 1 if one does not. If the script ended before
        any backward pass, the status of its run.

    Raises:
        BadRequest: the run cannot start, there is no such step or gradient, or it cannot be
            audited.
    """
    with HeadlessEngine() as headless:
        launch = headless.launch_of(lesson, path, request, exact=False)
        timeline, ended = _record(headless, launch, at)
        if ended.outcome not in ("finished", "raised", "interrupted", "died"):
            raise BadRequest(ended.message)
        step = _chosen(timeline, at, of, ended, path)
        if step is None:
            print(ended.traceback or f"{ended.message}\n", end="", file=sys.stderr)
            return EXIT[ended.outcome]
        names = (of,) if of else tuple(audit.changed_gradients(timeline, step))
        audits = _measure(headless, launch, timeline, names, step)
    checked = [audit.check(one, timeline, step, lesson.metadata.closed_forms) for one in audits]
    if of and checked[0].audit.problem:
        raise BadRequest(f"--of {of}: {checked[0].audit.problem}")
    if not checked:
        raise BadRequest(f"{path}: the backward pass of step {step} gave no leaf a gradient")
    if all(one.audit.problem for one in checked):
        problem = checked[0].audit.problem
        raise BadRequest(f"{path}: no gradient of step {step} can be audited: {problem}")
    _print(checked, timeline, step, as_json, stdout)
    return 0 if all(one.agrees for one in checked) else 1


def _record(headless: HeadlessEngine, launch: Launch, at: int | None) -> tuple[Timeline, Ended]:
    """Run the script, and return its recording and how it ended."""
    timeline, ended = Timeline(), Ended("finished")
    for event in headless.events(Job(launch)):
        record(timeline, event)
        if isinstance(event, Ended):
            ended = event
    if at is not None and at > len(timeline):
        raise BadRequest(f"--at {at}: the run has only {len(timeline)} steps")
    return timeline, ended


def _chosen(
    timeline: Timeline, at: int | None, of: str | None, ended: Ended, path: str
) -> int | None:
    """Return the step to audit; None if the script failed before its first backward pass."""
    steps = list(audit.backward_steps(timeline, of))
    if not steps:
        if ended.outcome != "finished":
            return None
        raise BadRequest(f"{path}: nothing to audit: no statement runs a backward pass")
    if at is None:
        return steps[0]
    passed = [step for step in steps if step <= at]
    if not passed:
        raise BadRequest(f"--at {at}: no backward pass up to there; the first is step {steps[0]}")
    return passed[-1]


def _measure(
    headless: HeadlessEngine, launch: Launch, timeline: Timeline, names: Sequence[str], step: int
) -> tuple[Audit, ...]:
    """Replay the run to `step`, where the worker takes the finite differences."""
    job = audit.audit_job(launch, timeline, names, step)
    for event in headless.events(job, step):
        if isinstance(event, Audited):
            return event.audits
    raise BadRequest(f"the replay to step {step} did not reach the same backward pass")


def _print(
    checked: Sequence[audit.Checked],
    timeline: Timeline,
    step: int,
    as_json: bool,
    stdout: IO[bytes],
) -> None:
    frame = timeline.frame(step)
    assert frame is not None
    lines = []
    if as_json:
        for one in checked:
            lines.append(
                json.dumps(jsonable({"step": step, "line": frame.line} | audit.as_json(one)))
            )
        agrees = all(one.agrees and not one.audit.problem for one in checked)
        lines.append(json.dumps({"done": True, "agrees": agrees}))
    else:
        count = f"{len(checked)} gradient" + "s" * (len(checked) != 1)
        lines.append(f"step {step}, line {frame.line}: {count}\n")
        lines += [audit.as_table(one) for one in checked]
    stdout.write("\n".join(lines).rstrip("\n").encode() + b"\n")
    stdout.flush()
