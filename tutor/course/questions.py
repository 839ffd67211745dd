"""What a script asks its reader: the run tells the answers, and nobody is to see them before."""

from collections.abc import Collection

from tutor.schema.frame import Frame
from tutor.schema.tolerance import is_choice
from tutor.script.lesson import Lesson

_HIDDEN = "…"
"""Stands for what would give an answer away."""


def answers(lesson: Lesson, frame: Frame) -> list[str]:
    """The questions about a statement that has run, each with its right answer."""
    asks = [ask for ask in lesson.asks if ask.line == frame.line]
    note = lesson.note_at(frame.line)
    # Behind the values that the note shows.
    told = frame.slots[len(note.slots) if note else 0 :]
    found = []
    for ask, answer in zip(asks, told, strict=False):
        if answer is not None:
            right = next((one for one in ask.choices if is_choice(answer, one)), answer)
            found.append(f"{ask.question}  = {right}")
    return found


def veiled(lesson: Lesson, ran: Collection[int]) -> dict[int, str]:
    """What stands for lines that would give an answer away where these lines have run: of the other
    questions the expressions are hidden, and the notes between them and their statements."""
    lines = lesson.source.split("\n")
    to_come = [ask for ask in lesson.asks if ask.line not in ran]
    shown: dict[int, str] = {}
    for ask in to_come:
        for number in range(ask.place[1] + 1, ask.line):
            indent, mark, _ = lines[number - 1].partition("#")
            shown[number] = f"{indent}{mark} {_HIDDEN}"
    for ask in to_come:
        first, last = ask.place
        is_open = True
        for number in range(first, last + 1):
            # What comes between one question and the statement may be another one.
            shown.pop(number, None)
            question, arrow, answer = lines[number - 1].partition("->")
            if arrow and is_open:
                is_open = False
                _, bar, choices = answer.partition(" | ")
                shown[number] = f"{question}-> {_HIDDEN}{bar}{choices}"
    return shown
