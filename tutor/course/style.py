"""Check the form of a lesson by its text alone: title, length, notes, questions, knobs, sources."""

import ast
import re
from collections.abc import Iterator

from tutor.course.finding import Finding, counted
from tutor.script.cells import heading
from tutor.script.lesson import Lesson

LONGEST = 60
"""Lines of code that a lesson may have."""

FEWEST, MOST = 2, 4
"""Questions that a lesson asks."""

_Head = ast.For | ast.While | ast.If | ast.With | ast.Match | ast.Try | ast.TryStar
"""A compound statement: it records no step, so its note would never be shown."""


def review_style(lesson: Lesson) -> list[Finding]:
    """Return a finding for each rule of form that the lesson breaks."""
    tree = ast.parse(lesson.source)
    return [
        *_title_findings(lesson),
        *_length_findings(lesson, tree),
        *_note_findings(lesson, tree),
        *_question_findings(lesson),
        *_knob_findings(lesson),
        *_ending_findings(lesson),
        *_source_findings(lesson),
        *_outdated_findings(lesson, tree),
    ]


def _title_findings(lesson: Lesson) -> Iterator[Finding]:
    first = next((cell for cell in lesson.cells if cell.kind == "markdown"), None)
    if first is None or not heading([first]):
        cure = "begin with a `# %% [markdown]` cell and `# # A title`"
        yield Finding(lesson.path, 1, "the lesson has no title", cure)
    elif not lesson.summary:
        problem = "nothing says what the lesson teaches"
        yield Finding(lesson.path, first.first, problem, "write a sentence below its title")


def _length_findings(lesson: Lesson, tree: ast.Module) -> Iterator[Finding]:
    # Only lines on which something begins or ends: a table in a text is not code to read.
    ends = [getattr(node, end, 0) for node in ast.walk(tree) for end in ("lineno", "end_lineno")]
    lines = sorted({*ends} - {0})
    if len(lines) > LONGEST:
        problem = f"it has {len(lines)} lines of code, more than {LONGEST}"
        yield Finding(lesson.path, lines[LONGEST], problem, "shorten it, or make two lessons of it")


def _note_findings(lesson: Lesson, tree: ast.Module) -> Iterator[Finding]:
    for head in _heads(tree):
        if lesson.note_at(head.lineno):
            problem = f"the note above `{_keyword(head)}` is never shown: this is no step"
            yield Finding(lesson.path, head.lineno, problem, "move it above a statement inside")


def _heads(node: ast.AST) -> Iterator[_Head]:
    """Yield the compound statements outside functions; no note inside a function is shown."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Head):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _heads(child)


def _keyword(head: _Head) -> str:
    return type(head).__name__.removesuffix("Star").lower()


def _question_findings(lesson: Lesson) -> Iterator[Finding]:
    count = len(lesson.asks)
    if not FEWEST <= count <= MOST:
        line = lesson.asks[MOST].place[0] if count > MOST else 1
        problem = f"it asks {counted(count, 'question')}"
        cure = f"ask {FEWEST} to {MOST}, where intuition fails"
        yield Finding(lesson.path, line, problem, cure)


def _knob_findings(lesson: Lesson) -> Iterator[Finding]:
    if not lesson.knobs:
        cure = "put `# @param` behind the assignment of a number that changes the story"
        yield Finding(lesson.path, 1, "it has no knob to turn", cure)


def _ending_findings(lesson: Lesson) -> Iterator[Finding]:
    last, knobs = lesson.cells[-1], "|".join(knob.name for knob in lesson.knobs)
    if last.kind != "markdown" or not last.text.startswith("## Try it"):
        problem = "it does not end with something to try"
        cure = "end with a `# %% [markdown]` cell that begins with `# ## Try it`"
        yield Finding(lesson.path, last.first, problem, cure)
    elif knobs and not re.search(rf"\b({knobs})\b", last.text):
        problem = "the cell `## Try it` names no knob"
        yield Finding(lesson.path, last.first, problem, "say which one to turn, and how far")


def _source_findings(lesson: Lesson) -> Iterator[Finding]:
    if not lesson.metadata.expects:
        cure = "write [[tool.tutor.expect]] with of, is and source"
        yield Finding(lesson.path, lesson.metadata.first, "no figure is checked", cure)
    for expect in lesson.metadata.expects:
        if not expect.source:
            problem = f"the figure of {expect.of} has no source"
            yield Finding(lesson.path, expect.line, problem, "say in `source` where it comes from")


def _outdated_findings(lesson: Lesson, tree: ast.Module) -> Iterator[Finding]:
    """Check that the code uses today's torch; `.data` is allowed in a lesson about it."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id="Variable")
                | ast.alias(name="Variable")
                | ast.Attribute(attr="Variable")
            ):
                problem, cure = "`Variable` is no longer needed", "use the tensor itself"
            case ast.keyword(arg="size_average"):
                problem, cure = "`size_average` is outdated", 'write reduction = "mean" or "sum"'
            case ast.Attribute(attr="data", value=value) if ".data" not in lesson.summary:
                if ast.unparse(value).endswith("utils"):
                    continue
                problem = "`.data` hides an edit from autograd"
                cure = "use torch.no_grad() or detach()"
            case _:
                continue
        yield Finding(lesson.path, node.lineno, problem, cure)
