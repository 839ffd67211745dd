"""Answers of questions are masked until their statement has run, then shown."""

from pathlib import Path

import pytest

from tutor.course.questions import answers, masked_lines
from tutor.schema.frame import Frame
from tutor.script.lesson import Lesson, parse

SCRIPT = """\
# %% Code
# Before.
# @ask How many? -> len(w) | 1 | 2
# It is {len(w)}.
w = [1, 2]
for i in range(2):
    # @ask A question that is too long to stand in one line
    #   -> w[i] > 1
    #   | True | False
    # Because of {w[i]} -> the sum.
    # And more.
    # @ask Typed? -> i
    w[i] += 1
"""


@pytest.fixture
def lesson() -> Lesson:
    return parse(SCRIPT, Path("script.py"))


def frame(line: int, *slots: str | None) -> Frame:
    return Frame(1, line, -1, None, "other", None, False, {}, slots=slots)


def test_answers_and_their_notes_are_masked_before_the_statement_has_run(lesson: Lesson) -> None:
    assert masked_lines(lesson, ()) == {
        3: "# @ask How many? -> … | 1 | 2",
        4: "# …",
        8: "    #   -> …",
        10: "    # …",
        11: "    # …",
        12: "    # @ask Typed? -> …",
    }


def test_a_question_is_shown_unmasked_once_its_statement_has_run(lesson: Lesson) -> None:
    assert masked_lines(lesson, {5, 13}) == {}
    assert masked_lines(lesson, {5}).keys() == {8, 10, 11, 12}


def test_an_answer_is_shown_as_its_question_and_the_right_choice(lesson: Lesson) -> None:
    assert answers(lesson, frame(5, "2", "2.0")) == ["How many?  = 2"]
    assert answers(lesson, frame(5, "2", "3")) == ["How many?  = 3"]
    long = "A question that is too long to stand in one line  = True"
    assert answers(lesson, frame(13, "2", "True", "0")) == [long, "Typed?  = 0"]


def test_a_question_without_a_recorded_answer_is_left_out(lesson: Lesson) -> None:
    assert answers(lesson, frame(13, "2", None, "0")) == ["Typed?  = 0"]
    assert answers(lesson, frame(5)) == answers(lesson, frame(5, "2")) == []
    assert answers(lesson, frame(6)) == []
