"""Check lessons: read a file, prepare its launch, run it, judge the run by the lesson's claims."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tutor.commands.headless import HeadlessEngine
from tutor.course.catalog import find, name_taken, neighbours
from tutor.course.finding import Finding
from tutor.course.lesson_run import LessonRun
from tutor.course.links import review_links
from tutor.course.review import review
from tutor.course.review_twin import review_twin
from tutor.course.style import review_style
from tutor.insight.plots import COARSE, sample_of
from tutor.script.lesson import Lesson, LessonError, read
from tutor.session.request import Request
from tutor.wire.messages import Ended, Job

PATIENCE = 60.0
"""Seconds that a lesson may take."""


@dataclass(frozen=True)
class Checked:
    """What checking one file came to."""

    findings: list[Finding]
    run: LessonRun | None = None
    """None if the file could not be read, or took too long."""


def check(paths: Sequence[Path], device: str | None = None) -> Iterator[Finding]:
    """Check these files, or the whole course for none, and yield the findings of each in turn.

    Raises:
        BadRequest: no run can start, with the reason.
    """
    with HeadlessEngine() as headless:
        for path in paths or [entry.path for entry in find()]:
            yield from check_file(headless, path, device).findings


def check_file(headless: HeadlessEngine, path: Path, device: str | None = None) -> Checked:
    """Read, run and judge one file. The rules of form are for lessons only."""
    try:
        lesson = read(path)
    except LessonError as error:
        return Checked([Finding.of(error)])
    course, findings = neighbours(path), list[Finding]()
    if taken := name_taken(path):
        findings.append(Finding.of(taken))
    if lesson.metadata.is_lesson:
        findings += [*review_style(lesson), *review_links(lesson, course)]
    try:
        run = _run(headless, lesson, device, exact=bool(lesson.metadata.twin))
    except TimeoutError:
        problem, cure = f"it takes longer than {PATIENCE:g} s", "make it smaller"
        findings.append(Finding(path, lesson.metadata.first or 1, problem, cure))
        return Checked(findings)
    findings += review(lesson, run)
    if lesson.metadata.twin in course:
        findings += _twin_findings(headless, lesson, run, course, device)
    return Checked(findings, run)


def _twin_findings(
    headless: HeadlessEngine,
    lesson: Lesson,
    run: LessonRun,
    course: Mapping[str, Path],
    device: str | None,
) -> list[Finding]:
    """Run the twin of a lesson as well, and compare the two runs."""
    line = lesson.metadata.lines["twin"]
    try:
        twin = read(course[lesson.metadata.twin])
        twin_run = _run(headless, twin, device, exact=True)
    except LessonError as error:
        problem = f"the twin cannot be read: {error.path}:{error.line}: {error.problem}"
        return [Finding(lesson.path, line, problem, error.cure)]
    except TimeoutError:
        problem = f"the twin takes longer than {PATIENCE:g} s"
        return [Finding(lesson.path, line, problem, "make it smaller")]
    return review_twin(lesson, run, twin_run)


def _prepare(headless: HeadlessEngine, lesson: Lesson, device: str | None, exact: bool) -> Job:
    """Return a job that also evaluates the lesson's figures and plots.

    Args:
        exact: See `Launch.exact`.
    """
    request = Request(device, show=tuple(expect.of for expect in lesson.metadata.expects))
    launch = headless.launch_of(lesson, str(lesson.path.absolute()), request, exact)
    samples = tuple(sample_of(plot, *COARSE) for plot in lesson.metadata.plots)
    return Job(launch, samples=samples)


def _run(headless: HeadlessEngine, lesson: Lesson, device: str | None, exact: bool) -> LessonRun:
    """Run a lesson in an empty folder, without a network, and collect its events.

    Raises:
        TimeoutError: it took longer than `PATIENCE`.
        KeyboardInterrupt: the user interrupted it.
    """
    job, run = _prepare(headless, lesson, device, exact), LessonRun()
    folder = lesson.path.absolute().parent.resolve()
    before = set(folder.iterdir())
    with tempfile.TemporaryDirectory(prefix="tutor-check-") as empty:
        job = msgspec.structs.replace(job, guard=empty)
        for event in headless.events(job, lesson.metadata.steps + 1, PATIENCE):
            run.take(event)
            if isinstance(event, Ended) and event.outcome == "interrupted":
                raise KeyboardInterrupt
    # The worker reports what the script itself wrote, but not what a process of its wrote.
    reported = {one.what for one in run.trespasses if one.kind == "file"}
    new = [path for path in sorted(set(folder.iterdir()) - before) if path.name != "__pycache__"]
    run.left += [str(path) for path in new if str(path) not in reported]
    return run
