"""Find a script's comments: after code, on their own line, or in a block above a statement."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tutor.script.cells import MARK
from tutor.script.knobs import PARAM
from tutor.script.lines import lines_of
from tutor.script.markup import ANSWER, ASK, CHOICE

CODING = re.compile(r"#.*?coding[:=]\s*[-\w.]+")
"""The comment in which a file declares its encoding (PEP 263)."""

Block = list[tuple[int, str]]
"""Comments on consecutive lines, each with its line number."""


class Comments:
    """The comments of a script by line number, found by Python's tokenizer."""

    def __init__(self, source: str) -> None:
        self.lines = lines_of(source)
        self.trailing: dict[int, str] = {}
        """Comments after code on the same line."""
        self.alone: dict[int, str] = {}
        """Comments on a line of their own."""
        self.margin: dict[int, str] = {}
        """Those of `alone` in the first column, where cells and metadata are marked."""
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            line, column = token.start
            if token.type != tokenize.COMMENT:
                continue
            if self.lines[line - 1][:column].strip():
                self.trailing[line] = token.string
                continue
            self.alone[line] = token.string
            if column == 0:
                self.margin[line] = token.string


def first_line(statement: ast.stmt) -> int:
    """Return the line on which a statement begins; for a decorated one that of the decorator."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(part.lineno for part in decorators)])


def blocks(statements: list[ast.stmt], comments: Comments, reserved: set[int]) -> dict[int, Block]:
    """Return the comments directly above each statement, by the statement's first line.

    Args:
        reserved: Lines that belong to no block: metadata and prose.
    """
    free = {
        line: comment
        for line, comment in comments.alone.items()
        if line not in reserved
        and not (line in comments.margin and MARK.fullmatch(comment))
        and not (line <= 2 and (comment.startswith("#!") or CODING.match(comment)))
    }
    found: dict[int, Block] = {}
    for node in statements:
        above = first_line(node) - 1
        block: Block = []
        while above in free:
            block.insert(0, (above, free[above]))
            above -= 1
        if block:
            found[first_line(node)] = block
    return dict(sorted(found.items()))


def prose_of(block: Block) -> Block:
    """Return the block without its questions and `@param` lines."""
    questions = {line for question in _questions(block) for line, _ in question}
    return [(line, text) for line, text in block if not PARAM.match(text) and line not in questions]


def questions_of(block: Block) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the first and last line of each question, and its text with its lines joined."""
    for question in _questions(block):
        (line, first), *below = question
        match = ASK.match(first)
        assert match is not None
        yield (line, question[-1][0]), match[1] + "".join(text.lstrip("#") for _, text in below)


def _questions(block: Block) -> Iterator[Block]:
    """Yield the lines of each question: the question, its answer, further choices."""
    question: Block = []
    for line, text in block:
        if ASK.match(text):
            if question:
                yield question
            question = [(line, text)]
        elif question and (CHOICE if len(question) > 1 else ANSWER).match(text):
            question.append((line, text))
        elif question:
            yield question
            question = []
    if question:
        yield question
