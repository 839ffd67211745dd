"""The reviewer that speaks: runs lessons and tells every claim in them that does not hold."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tutor.commands.run import Headless
from tutor.course import links
from tutor.course.catalog import find, neighbours
from tutor.course.review import Finding, Review, leaves
from tutor.insight.pairing import Beside
from tutor.insight.plots import COARSE, sample_of
from tutor.script.lesson import Lesson, LessonError, read
from tutor.session.request import Request
from tutor.wire.messages import Ended

PATIENCE = 60.0
"""Seconds that a lesson may take."""


def check(paths: Sequence[Path], device: str | None = None) -> Iterator[str]:
    """Check these lessons, or all of the course: a line for each claim that does not hold.

    Raises:
        BadRequest: no run can start, with the reason.
    """
    course = find()
    with Headless() as headless:
        for path in paths or [entry.path for entry in course]:
            try:
                lesson = read(path)
            except LessonError as error:
                yield str(error)
                continue
            reviewer = Reviewer(headless, lesson, device, neighbours(path))
            for line, problem in reviewer.findings():
                yield f"{path}:{line}: {problem}"
    if not paths:
        # A broken file has been told above; what remains is between files, such as a name twice.
        yield from (entry.error for entry in course if entry.error and _reads(entry.path))


def _reads(path: Path) -> bool:
    try:
        read(path)
    except LessonError:
        return False
    return True


class Reviewer:
    """Reviews one lesson: reads it, runs it, and holds it against its twin."""

    def __init__(
        self, headless: Headless, lesson: Lesson, device: str | None, course: dict[str, Path]
    ) -> None:
        self._headless = headless
        self._lesson = lesson
        self._device = device
        self._course = course
        self.review = Review(lesson)
        """What its run told."""

    def findings(self) -> Iterator[Finding]:
        """Line and problem of each claim that does not hold."""
        lesson = self._lesson
        if lesson.metadata.is_lesson:
            yield from links.untitled(lesson)
            yield from links.dead_links(lesson, self._course)
        review = self.review
        try:
            yield from self._run(lesson, review, bool(lesson.metadata.twin))
        except TimeoutError:
            told = f"it takes longer than {PATIENCE:g} s; make it smaller"
            yield lesson.metadata.first or 1, told
            return
        yield from review.findings()
        if lesson.metadata.twin in self._course:
            try:
                yield from self._twin_findings(review)
            except TimeoutError:
                told = f"the twin takes longer than {PATIENCE:g} s; make it smaller"
                yield lesson.metadata.lines["twin"], told

    def _run(self, lesson: Lesson, review: Review, exact: bool) -> Iterator[Finding]:
        """Run a lesson where it can do no harm; what it leaves behind is a finding.

        Args:
            exact: See `Launch.exact`.
        """
        show = tuple(expect.of for expect in lesson.metadata.expects)
        request = Request(self._device, show=show)
        path = str(lesson.path.absolute())
        launch = self._headless.launch_of(lesson, path, request, exact)
        beside = lesson.path.absolute().parent.resolve()
        before = set(beside.iterdir())
        with tempfile.TemporaryDirectory(prefix="tutor-check-") as folder:
            samples = tuple(sample_of(plot, *COARSE) for plot in lesson.metadata.plots)
            launch = msgspec.structs.replace(launch, samples=samples, guard=folder)
            for event in self._headless.events(launch, lesson.metadata.steps + 1, PATIENCE):
                review.take(event)
                if isinstance(event, Ended) and event.outcome == "interrupted":
                    raise KeyboardInterrupt
        # What another process wrote beside the lesson, of which the run cannot know.
        for left in sorted(set(beside.iterdir()) - before):
            if left.name != "__pycache__" and str(left) not in review.left_behind:
                yield lesson.metadata.first or 1, leaves(str(left))

    def _twin_findings(self, review: Review) -> Iterator[Finding]:
        metadata = self._lesson.metadata
        try:
            twin = read(self._course[metadata.twin])
        except LessonError as error:
            yield metadata.lines["twin"], f"the twin cannot be read: {error}"
            return
        other = Review(twin)
        # What the twin leaves behind is told where the twin is checked.
        list(self._run(twin, other, True))
        if other.ended is None or other.ended.outcome != "finished":
            told = f"the twin {metadata.twin} does not come to its end"
            yield metadata.lines["twin"], f"{told}; check it too, and mend it"
            return
        ours, theirs = review.timeline, other.timeline
        for name in sorted({name for _, name in metadata.compare}):
            if name not in theirs.columns:
                told = f"`compare` names {name} of {metadata.twin}, which never has a value there"
                yield metadata.lines["compare"], f"{told}; name one that has"
                return
        if any(name not in ours.columns for name, _ in metadata.compare):
            return  # which was told already
        beside = Beside(ours, theirs, metadata.compare)
        count = beside.passes(len(ours))
        # Without loops there is only the end to look at.
        steps = dict(enumerate(ours.passes.ends[:count], 1)) or {0: len(ours)}
        for number, (one, two) in enumerate(metadata.compare):
            for passes, step in steps.items():
                pair = beside.compared(step)[number]
                if not beside.agrees(pair):
                    told = f"{one} and {two} of {metadata.twin} differ by {pair.difference:.3g}"
                    when = f"after {passes} pass{'es' * (passes > 1)}" if passes else "at the end"
                    cure = "correct one of the two, or `compare`"
                    yield metadata.lines["compare"], f"{told} {when}; {cure}"
                    break
