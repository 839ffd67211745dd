"""What a script asks its reader: the run tells the answers, and nobody is to see them before."""

from collections.abc import Collection

from tutor.agreement import is_choice
from tutor.frame import Frame
from tutor.lesson import Lesson

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


def veiled(lesson: Lesson, ran: Collection[int]) -> str:
    """The script as it may be seen where these lines have run: of the other questions the
    expressions are hidden, and the notes between them and their statements."""
    lines = lesson.source.split("\n")
    to_come = [ask for ask in lesson.asks if ask.line not in ran]
    for ask in to_come:
        _, last = ask.place
        for at in range(last, ask.line - 1):
            indent, mark, _ = lines[at].partition("#")
            lines[at] = f"{indent}{mark} {_HIDDEN}"
    source = lesson.source.split("\n")
    for ask in to_come:
        # After the notes: what one question hides may be the next one.
        first, last = ask.place
        lines[first - 1 : last] = source[first - 1 : last]
        for at in range(first - 1, last):
            question, arrow, answer = lines[at].partition("->")
            if arrow:
                _, bar, choices = answer.partition(" | ")
                lines[at] = f"{question}-> {_HIDDEN}{bar}{choices}"
                break
    return "\n".join(lines)
