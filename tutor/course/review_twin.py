"""Compare the runs of a lesson and of its twin."""

from tutor.course.finding import Finding, counted
from tutor.course.lesson_run import LessonRun
from tutor.insight.pairing import TwinComparison
from tutor.script.lesson import Lesson


def review_twin(lesson: Lesson, run: LessonRun, twin: LessonRun) -> list[Finding]:
    """Return a finding for each pair of `compare` whose values differ, at the first difference."""
    metadata = lesson.metadata
    line = metadata.lines["compare"] if metadata.compare else metadata.lines["twin"]
    if not twin.has_finished:
        problem = f"the twin {metadata.twin} does not run to its end"
        return [
            Finding(lesson.path, metadata.lines["twin"], problem, "check it too, and correct it")
        ]
    for name in sorted({name for _, name in metadata.compare}):
        if name not in twin.timeline.columns:
            problem = f"`compare` names {name} of {metadata.twin}, which never has a value there"
            return [Finding(lesson.path, line, problem, "name one that has")]
    if any(name not in run.timeline.columns for name, _ in metadata.compare):
        return []  # `review` has the finding
    pairing = TwinComparison(run.timeline, twin.timeline, metadata.compare)
    count = pairing.iterations(len(run.timeline))
    # Without loops only the ends are compared.
    steps = dict(enumerate(run.timeline.iterations.ends[:count], 1)) or {0: len(run.timeline)}
    findings = []
    for number, (ours, theirs) in enumerate(metadata.compare):
        for iterations, step in steps.items():
            pair = pairing.compared(step)[number]
            if not pairing.agrees(pair):
                when = f"after {counted(iterations, 'iteration')}" if iterations else "at the end"
                problem = f"{ours} and {theirs} of {metadata.twin} differ by {pair.difference:.3g}"
                cure = "correct one of the two, or `compare`"
                findings.append(Finding(lesson.path, line, f"{problem} {when}", cure))
                break
    return findings
