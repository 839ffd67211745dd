"""What a comment can say to a learner: notes with live slots, and questions.

The functions read comments that `script.lesson` has found above a statement, and raise `Mistake`
where these break their own rules.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ASK = re.compile(r"#\s*@ask\b\s*(.*)")
ANSWER = re.compile(r"#\s*->")
"""The second line of a question that is too long for one."""
CHOICE = re.compile(r"#\s*\|")
"""A further line of its choices."""


class Mistake(Exception):
    """A line that breaks the rules of a lesson: where, what is wrong, and what to do about it."""

    def __init__(self, line: int, problem: str, cure: str) -> None:
        super().__init__(line, problem, cure)
        self.line = line
        self.problem = problem
        self.cure = cure


def is_expression(text: str) -> bool:
    """Whether Python could evaluate this text."""
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


@dataclass(frozen=True)
class Slot:
    """A place in a note where a value of the running script is shown."""

    expression: str
    format: str
    """A format specification as in an f-string, "" for the default."""
    line: int
    """The line of the comment that holds it."""
    raw: str
    """The slot as written, braces included: shown until there is a value."""


@dataclass(frozen=True)
class Note:
    """The comment block above a statement, as prose."""

    line: int
    """The first line of the statement, not of the comment."""
    parts: tuple[str | Slot, ...]
    """Text and slots in reading order; paragraphs are parted by an empty line."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Slot))

    def text(self, values: Sequence[str] | None) -> str:
        """The prose with its slots filled in order, raw where a value is missing."""
        given = iter(values or ())
        return "".join(
            part if isinstance(part, str) else next(given, part.raw) for part in self.parts
        )


def note(line: int, comments: Iterable[tuple[int, str]], strict: bool) -> Note | None:
    """The note made of these (line, comment) pairs, or None where they hold no words.

    Lines flow into paragraphs; list items and indented lines keep their own line. A strict note
    is a lesson's: a brace in it that opens no slot is a mistake, elsewhere it is just a brace.
    """
    parts: list[str | Slot] = []
    joint = ""
    for comment_line, comment in comments:
        words = re.sub(r"^#+ ?", "", comment).rstrip()
        # A ruler of dashes parts paragraphs in people's scripts just as an empty line does.
        if re.fullmatch(r"[-=*#~_ ]*", words):
            joint = "\n\n" if parts else ""
            continue
        indented = words.startswith("    ")
        if joint in (" ", "\n") and (indented or words.startswith("- ")):
            joint = "\n"
        parts.append(joint)
        parts.extend(_slots(words if indented else words.strip(), comment_line, strict))
        joint = "\n" if indented else " "
    return Note(line, tuple(_merged(parts))) if parts else None


def _merged(parts: Iterable[str | Slot]) -> Iterator[str | Slot]:
    """The same parts with neighbouring texts made one."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text


def _slots(text: str, line: int, strict: bool) -> Iterator[str | Slot]:
    """The pieces of one comment line: text, and a slot for each `{expression:format}`."""
    at = 0
    for brace in re.finditer(r"\{\{|\}\}|\{", text):
        if brace.start() < at:
            continue
        yield text[at : brace.start()]
        at = brace.end()
        if brace[0] != "{":
            yield brace[0][0]
        elif slot := _slot(text, brace.start(), line):
            yield slot
            at = brace.start() + len(slot.raw)
        elif strict:
            raise Mistake(
                line,
                f"`{text[brace.start() :][:40]}` is no slot",
                "write {expression} or {expression:format} with a name in it, on one line; "
                "{{ and }} stand for braces",
            )
        else:
            yield "{"
    yield text[at:]


def _slot(text: str, start: int, line: int) -> Slot | None:
    """The slot that opens at `start`: the shortest that Python can read, else None."""
    for close in re.finditer(r"\}", text[start:]):
        raw = text[start : start + close.end()]
        body = raw[1:-1]
        colons = [colon.start() for colon in re.finditer(":", body)]
        for end in [len(body), *colons]:
            expression, form = body[:end].strip(), body[end + 1 :]
            if "{" not in form and _reads_a_name(expression):
                return Slot(expression, form, line, raw)
    return None


def _reads_a_name(expression: str) -> bool:
    # `{3}` or `{"a": 1}` in a comment is a set or a dict that somebody wrote about, not a value.
    return is_expression(expression) and any(
        isinstance(node, ast.Name) for node in ast.walk(ast.parse(expression, mode="eval"))
    )


@dataclass(frozen=True)
class Ask:
    """A question put before a statement runs; the run itself gives the answer."""

    line: int
    """The first line of the statement that the question stands above."""
    question: str
    expression: str
    """Its value after the statement is the right answer."""
    choices: tuple[str, ...]
    """What the learner may answer, empty where the answer is typed."""
    place: tuple[int, int]
    """The first and the last line of the comment that asks."""


def ask(line: int, words: str, place: tuple[int, int]) -> Ask:
    """The question in `question -> expression | choice | choice`; see `Ask`."""
    comment_line, _ = place
    question, arrow, answer = words.partition("->")
    expression, *choices = (part.strip() for part in re.split(r"\s\|\s", answer))
    cure = "write # @ask question -> expression, then | choice | choice if it has choices"
    if not arrow or not question.strip():
        raise Mistake(comment_line, "@ask wants a question, -> and an expression", cure)
    if not is_expression(expression):
        raise Mistake(comment_line, f"@ask: `{expression}` is no expression", cure)
    if re.search(r"\{[A-Za-z_][^{}]*\}", question):
        cure = "a question shows no values; say it in words"
        raise Mistake(comment_line, "@ask: its question has a {slot}", cure)
    if len(choices) == 1 or "" in choices:
        raise Mistake(comment_line, "@ask wants two choices or more, or none", cure)
    return Ask(line, question.strip(), expression, tuple(choices), place)
