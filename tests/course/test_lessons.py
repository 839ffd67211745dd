"""What the course promises of every lesson, read from the files alone."""

import ast
import re

import pytest

from tutor.course.catalog import Entry, find
from tutor.script.lesson import Lesson, read

COURSE = find()

SYSTEMS = {
    *(f"A{n}" for n in range(1, 6)),
    *(f"B{n}" for n in range(1, 6)),
    *(f"C{n}" for n in range(1, 21)),
    *(f"D{n}" for n in range(1, 8)),
    *(f"E{n}" for n in range(1, 6)),
}
"""All that the five notes compute, as the table of the course calls it."""

CLINICS = {f"P{n}" for n in range(1, 19)}
"""The mistakes of the clinic."""

LONGEST = 65
"""Lines of code."""


@pytest.fixture(params=COURSE, ids=lambda entry: entry.id)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    entry: Entry = request.param
    return read(entry.path)


def test_no_system_of_the_notes_is_missing():
    covered = {system for entry in COURSE for system in read(entry.path).metadata.covers}
    assert covered == SYSTEMS | CLINICS


def test_chapters_promise_something_and_come_in_order():
    chapters = list(dict.fromkeys((entry.chapter, entry.promise) for entry in COURSE))
    assert [title for title, _ in chapters] == [
        "Tensors", "Slopes by hand", "Autograd", "Modules and networks", "Optimisers", "Clinic",
    ]  # fmt: skip
    assert all(promise for _, promise in chapters)


def test_it_fits_on_a_slide(lesson):
    # A table of data is no code to read.
    code = re.sub(r'= """\n.*?"""', '= ""', lesson.source, flags=re.DOTALL)
    lines = {line for node in ast.walk(ast.parse(code)) if hasattr(node, "lineno")
             for line in (node.lineno, node.end_lineno)}  # fmt: skip
    assert len(lines) <= LONGEST


def test_no_note_stands_above_what_is_no_step(lesson):
    heads = ast.For | ast.While | ast.If | ast.With | ast.Try
    lines = [node.lineno for node in ast.walk(ast.parse(lesson.source)) if isinstance(node, heads)]
    assert [line for line in lines if lesson.note_at(line) and not _in_function(lesson, line)] == []


def _in_function(lesson: Lesson, line: int) -> bool:
    functions = (n for n in ast.walk(ast.parse(lesson.source)) if isinstance(n, ast.FunctionDef))
    return any(one.lineno < line <= (one.end_lineno or 0) for one in functions)


def test_it_asks_two_to_four_times(lesson):
    assert 2 <= len(lesson.asks) <= 4


def test_it_has_a_knob(lesson):
    assert lesson.knobs


def test_it_says_what_comes_before(lesson):
    first = lesson.slug == COURSE[0].id
    assert bool(lesson.metadata.after) != first


def test_it_ends_with_something_to_try(lesson):
    last = lesson.cells[-1]
    assert last.kind == "markdown"
    assert last.text.startswith("## Try it")
    assert any(re.search(rf"\b{knob.name}\b", last.text) for knob in lesson.knobs)


def test_every_figure_has_a_source(lesson):
    assert lesson.metadata.expects
    assert all(expect.source for expect in lesson.metadata.expects)


def test_it_asks_nothing_of_yesterdays_torch(lesson):
    code = ast.unparse(ast.parse(lesson.source))
    assert not re.search(r"\bVariable\b|size_average", code)
    subject = lesson.slug == "data_edit"
    assert subject or not re.search(r"(?<!utils)\.data\b", code)
