"""Parse the comments above a statement: notes with slots for live values, and questions."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ASK = re.compile(r"#\s*@ask\b\s*(.*)")
ANSWER = re.compile(r"#\s*->")
"""The line of a long question on which its answer begins."""
CHOICE = re.compile(r"#\s*\|")
"""A further line of choices."""


class Mistake(Exception):
    """A line that breaks a rule: where, what is wrong, and what to do about it."""

    def __init__(self, line: int, problem: str, cure: str) -> None:
        super().__init__(line, problem, cure)
        self.line = line
        self.problem = problem
        self.cure = cure


def is_expression(text: str) -> bool:
    """Return True if this text is a Python expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Parsing alone would let `yield` and `await` pass.
            compile(text.strip(), "<expression>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


@dataclass(frozen=True)
class Slot:
    """A live value in a note: a place where the note shows a value of the running script."""

    expression: str
    format: str
    """A format specification as in an f-string; "" for the default."""
    line: int
    """The line of the comment that holds it."""
    raw: str
    """The slot as written, with its braces. The note shows it while there is no value."""


@dataclass(frozen=True)
class Note:
    """The prose of the comment block above a statement."""

    line: int
    """The first line of the statement, not of the comment."""
    parts: tuple[str | Slot, ...]
    """Text and slots in order; an empty line separates paragraphs."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Slot))

    def text(self, values: Sequence[str] | None) -> str:
        """Return the prose with the values in its slots, in order; slots without one stay raw."""
        given = iter(values or ())
        return "".join(
            part if isinstance(part, str) else next(given, part.raw) for part in self.parts
        )


def parse_note(line: int, comments: Iterable[tuple[int, str]], strict: bool) -> Note | None:
    """Return the note in a comment block, or None if the block has no words.

    Lines are joined into paragraphs; list items and indented lines stay on their own line.

    Args:
        line: The first line of the statement.
        comments: (line, comment) pairs.
        strict: Whether an open brace that begins no slot is an error, as in lessons.

    Raises:
        Mistake: a brace begins no slot, and `strict` is set.
    """
    parts: list[str | Slot] = []
    joint = ""
    for comment_line, comment in comments:
        words = re.sub(r"^#+ ?", "", comment).rstrip()
        # A line of dashes separates paragraphs, as an empty line does.
        if re.fullmatch(r"[-=*#~_ ]*", words):
            joint = "\n\n" if parts else ""
            continue
        indented = words.startswith("    ")
        if joint in (" ", "\n") and (indented or words.startswith("- ")):
            joint = "\n"
        parts.append(joint)
        parts.extend(_split(words if indented else words.strip(), comment_line, strict))
        joint = "\n" if indented else " "
    return Note(line, tuple(_merge(parts))) if parts else None


def _merge(parts: Iterable[str | Slot]) -> Iterator[str | Slot]:
    """Yield the parts with adjacent texts joined."""
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


def _split(text: str, line: int, strict: bool) -> Iterator[str | Slot]:
    """Yield the text and the slots of one comment line."""
    at = 0
    for brace in re.finditer(r"\{\{|\}\}|\{", text):
        if brace.start() < at:
            continue
        yield text[at : brace.start()]
        at = brace.end()
        if brace[0] != "{":
            yield brace[0][0]
        elif slot := _parse_slot(text, brace.start(), line):
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


def _parse_slot(text: str, start: int, line: int) -> Slot | None:
    """Return the shortest valid slot that begins at `start`, or None."""
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
    # `{3}` or `{"a": 1}` in a comment is a set or a dict that the comment is about.
    return is_expression(expression) and any(
        isinstance(node, ast.Name) for node in ast.walk(ast.parse(expression, mode="eval"))
    )


@dataclass(frozen=True)
class Ask:
    """A question to the learner before a statement runs; the run gives the right answer."""

    line: int
    """The first line of the statement below the question."""
    question: str
    expression: str
    """Its value after the statement is the right answer."""
    choices: tuple[str, ...]
    """The answers to choose from; empty if the learner types the answer."""
    place: tuple[int, int]
    """The first and the last line of the question's comment."""


def parse_ask(line: int, words: str, place: tuple[int, int]) -> Ask:
    """Return the question in `question -> expression | choice | choice`.

    Raises:
        Mistake: the text has another form.
    """
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
