"""Judge a run against the claims of its lesson: figures, slots, questions, errors and names."""

from collections.abc import Iterator
from typing import Any

from tutor.course.finding import Finding, counted
from tutor.course.lesson_run import LessonRun
from tutor.course.review_plots import plot_findings
from tutor.schema.tolerance import is_choice, is_close
from tutor.script.declarations import Expect
from tutor.script.lesson import Lesson

_QUOTED = 90
"""Characters of a value that a finding quotes."""


def review(lesson: Lesson, run: LessonRun) -> list[Finding]:
    """Return a finding for each claim of the lesson that its run does not bear out."""
    return [
        *_left_findings(lesson, run),
        *_end_findings(lesson, run),
        *_trespass_findings(lesson, run),
        *_value_findings(lesson, run),
        *_name_findings(lesson, run),
        *_error_findings(lesson, run),
        *_expect_findings(lesson, run),
        *(plot_findings(lesson, run) if run.has_finished else ()),
    ]


def _left_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    for name in run.left:
        yield _left_behind(lesson, lesson.metadata.first or 1, name)


def _left_behind(lesson: Lesson, line: int, name: str) -> Finding:
    cure = "remove it, or write to io.BytesIO or a temporary file"
    return Finding(lesson.path, line, f"it leaves {name} behind", cure)


def _end_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    limit, ended = lesson.metadata.steps, run.ended
    if ended is None or len(run.timeline) > limit:
        problem = f"it runs more than {limit:,} statements"
        cure = "shorten it, or write steps = in [tool.tutor]"
        yield Finding(lesson.path, lesson.metadata.first or 1, problem, cure)
    if ended is not None and ended.outcome != "finished":
        cure = "the lesson must run to its end"
        if "AssertionError" in ended.message:
            cure = "the assert does not hold; correct the claim or the code"
        yield Finding(lesson.path, ended.line, ended.message.split(": ", 1)[-1], cure)


def _trespass_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    for one in run.trespasses:
        line = one.line or lesson.metadata.first or 1
        if one.kind == "network":
            problem = f"it tries to reach {one.what} over the network"
            yield Finding(lesson.path, line, problem, "let it run without a network")
        else:
            yield _left_behind(lesson, line, one.what)


def _value_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    """Check that slots and answers had a value, and that each answer is one of its choices."""
    failed, found = _values(lesson, run)
    ran = set(run.timeline.steps.lines)
    cure = "name a value that is there then"
    for line, slots in lesson.slots().items():
        for slot in slots:
            if line not in ran:
                problem = f"the slot {slot.raw} is never filled: line {line} is no step of this run"
                move = "move the note to one that runs outside functions"
                yield Finding(lesson.path, slot.line, problem, move)
            elif reason := failed.get((line, slot.expression, slot.format)):
                problem = f"the slot {slot.raw} has no value after line {line} ({reason})"
                yield Finding(lesson.path, slot.line, problem, cure)
    for ask in lesson.asks:
        place = ask.line, ask.expression, ""
        if ask.line not in ran:
            problem = "the @ask is never asked: the statement below it did not run"
            yield Finding(lesson.path, ask.line, problem, "put it above one that runs")
        elif reason := failed.get(place):
            problem = f"the @ask's answer {ask.expression} has no value here ({reason})"
            yield Finding(lesson.path, ask.line, problem, cure)
        elif ask.choices:
            answer = found.get(place, "")
            if not any(is_choice(answer, choice) for choice in ask.choices):
                choices = " | ".join(ask.choices)
                problem = f"the @ask's answer is {_quoted(answer)}, which is none of its choices"
                yield Finding(lesson.path, ask.line, f"{problem} ({choices})", "add it to them")


_Evaluated = tuple[int, str, str]
"""The line of a statement, an expression that is evaluated after it, and its format."""


def _values(lesson: Lesson, run: LessonRun) -> tuple[dict[_Evaluated, str], dict[_Evaluated, str]]:
    """Return the first reason why a slot or answer had no value, and its first value."""
    failed: dict[_Evaluated, str] = {}
    found: dict[_Evaluated, str] = {}
    evaluated = lesson.evaluated()
    for step, line in enumerate(run.timeline.steps.lines, 1):
        if line not in evaluated:
            continue
        frame = run.timeline.steps.frame(step)
        reasons = dict(frame.problems)
        for (expression, form), value in zip(evaluated[line], frame.slots, strict=False):
            if value is None:
                reason = reasons.get(expression, "it has no value")
                failed.setdefault((line, expression, form), reason)
            else:
                found.setdefault((line, expression, form), value)
    return failed, found


def _name_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    """Check that every name in the metadata had a value at some step."""
    metadata, known = lesson.metadata, run.timeline.columns
    named = {name for name, _ in metadata.compare}
    named |= {name for pair in metadata.closed_forms for name in pair}
    used = [("`compare`", name, metadata.lines["compare"]) for name in sorted(named)]
    if metadata.loss is not None:
        used.append(("`loss`", metadata.loss, metadata.lines["loss"]))
    for plot in metadata.plots:
        used += [("plot: `at`", place, plot.line) for place in plot.at]
    for key, name, line in used:
        if name.partition("[")[0] not in known:
            problem = f"{key} names {name}, which never has a value"
            yield Finding(lesson.path, line, problem, "name one that has")


def _error_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    """Check that the script caught the errors which it declares, and no others."""
    raised = {
        (frame.line, frame.raised): lesson.cell_at(frame.line)
        for frame in map(run.timeline.steps.frame, run.timeline.steps.raising)
    }
    titles = [cell.title for cell in lesson.cells if cell.kind == "code"]
    expected: set[tuple[int, str]] = set()
    failing: set[str] = set()
    for raises in lesson.metadata.raises:
        if raises.cell not in titles:
            problem = f"raises: no cell is called {raises.cell!r}"
            yield Finding(lesson.path, raises.line, problem, "give the title of one")
            continue
        here = [error for error, cell in raised.items() if cell and cell.title == raises.cell]
        matching = [error for error in here if error[1].startswith(raises.error)]
        expected.update(matching)
        if not matching:
            instead = f"it raised {_quoted(here[0][1])}" if here else "none did"
            problem = (
                f"raises: no statement of {raises.cell!r} raised {_quoted(raises.error)}: {instead}"
            )
            yield Finding(lesson.path, raises.line, problem, "correct `error` or the code")
            failing.add(raises.cell)
    if not lesson.metadata.is_lesson:
        return
    for (line, error), cell in raised.items():
        # A cell whose declared error did not come has its finding already.
        if (line, error) not in expected and not (cell and cell.title in failing):
            problem = (
                f"the statement raised {_quoted(error)}, which no [[tool.tutor.raises]] expects"
            )
            yield Finding(lesson.path, line, problem, "declare it there")


def _expect_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    for index, expect in enumerate(lesson.metadata.expects):
        if run.device.startswith(expect.device):
            yield from _figure_findings(lesson, run, index, expect)


def _figure_findings(
    lesson: Lesson, run: LessonRun, index: int, expect: Expect
) -> Iterator[Finding]:
    timeline = run.timeline
    when, step, count = "at the end", len(timeline), timeline.iterations.count(len(timeline))
    if expect.at is not None:
        when = f"after {counted(expect.at, 'iteration')}"
        step = timeline.iterations.end(expect.at) if expect.at <= count else 0
    if not step:
        problem = f"{expect.of} has no value {when}: the run has {counted(count, 'iteration')}"
        yield Finding(lesson.path, expect.line, problem, "correct `at`")
        return
    frame = timeline.steps.frame(step)
    found = frame.shown[index]
    if reason := dict(frame.problems).get(expect.of):
        problem = f"{expect.of} has no value {when} ({reason})"
        yield Finding(lesson.path, expect.line, problem, "correct `of` or `at`")
    elif not is_close(found, expect.value, expect.rtol, expect.atol):
        problem = f"{expect.of} {when} is {_quoted(found)}, not {_quoted(expect.value)}"
        cure = "correct the figure in `is` or the code that makes it"
        yield Finding(lesson.path, expect.line, problem, cure)


def _quoted(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
