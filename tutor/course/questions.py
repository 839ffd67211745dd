"""The questions of a script: hide their answers until they are asked, then show them.

The right answer comes from the run.
"""

from collections.abc import Collection

from tutor.schema.frame import Frame
from tutor.schema.tolerance import is_choice
from tutor.script.lesson import Lesson
from tutor.script.lines import lines_of

_HIDDEN = "…"
"""Replaces text that would give an answer away."""


def answers(lesson: Lesson, frame: Frame) -> list[str]:
    """Return the questions about the statement of a frame, each with its right answer."""
    asks = [ask for ask in lesson.asks if ask.line == frame.line]
    note = lesson.note_at(frame.line)
    # The answers follow the values that the note shows, see `Lesson.evaluated`.
    values = frame.slots[len(note.slots) if note else 0 :]
    found = []
    for ask, answer in zip(asks, values, strict=False):
        if answer is not None:
            right = next((one for one in ask.choices if is_choice(answer, one)), answer)
            found.append(f"{ask.question}  = {right}")
    return found


def masked_lines(lesson: Lesson, ran: Collection[int]) -> dict[int, str]:
    """Return the lines of the source that would give an answer away, with the answers masked.

    A question is masked until its statement has run: its expression, and the note between it and
    the statement.

    Args:
        ran: The first lines of the statements that have run.
    """
    lines = lines_of(lesson.source)
    hidden = [ask for ask in lesson.asks if ask.line not in ran]
    shown: dict[int, str] = {}
    for ask in hidden:
        for number in range(ask.place[1] + 1, ask.line):
            indent, mark, _ = lines[number - 1].partition("#")
            shown[number] = f"{indent}{mark} {_HIDDEN}"
    for ask in hidden:
        first, last = ask.place
        is_open = True
        for number in range(first, last + 1):
            # The first loop took this for a note if it comes after another question.
            shown.pop(number, None)
            question, arrow, answer = lines[number - 1].partition("->")
            if arrow and is_open:
                is_open = False
                _, bar, choices = answer.partition(" | ")
                shown[number] = f"{question}-> {_HIDDEN}{bar}{choices}"
    return shown
