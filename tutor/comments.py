"""Where a script's comments stand: behind code, alone, or in a block above a statement."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tutor.cells import MARK
from tutor.knob import PARAM
from tutor.markup import ANSWER, ASK

CODING = re.compile(r"#.*?coding[:=]\s*[-\w.]+")
"""The line in which a file names its encoding (PEP 263)."""

Block = list[tuple[int, str]]
"""Neighbouring comments, each with its line."""


class Comments:
    """A script's comments by line number, as Python's own tokenizer sees them."""

    def __init__(self, source: str) -> None:
        self.lines = source.split("\n")
        self.trailing: dict[int, str] = {}
        """Those behind code."""
        self.alone: dict[int, str] = {}
        """Those that have a line to themselves."""
        self.margin: dict[int, str] = {}
        """Of these, the ones in the first column, where cells and metadata are marked."""
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
    """The line on which a statement begins: a decorated function begins at its first decorator."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(part.lineno for part in decorators)])


def blocks(statements: list[ast.stmt], comments: Comments, reserved: set[int]) -> dict[int, Block]:
    """The comments directly above each statement, by the statement's first line."""
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


def words(block: Block) -> Block:
    """The block without its marks, which are not for reading."""
    questions = {line for line, _ in asked(block)}
    return [
        (line, text)
        for line, text in block
        if not PARAM.match(text)
        and not ASK.match(text)
        and not (line - 1 in questions and ANSWER.match(text))
    ]


def asked(block: Block) -> Iterator[tuple[int, str]]:
    """Its questions, each made one line with the answer that may stand in the line below."""
    for (line, comment), (_, below) in zip(block, [*block[1:], (0, "")], strict=True):
        if match := ASK.match(comment):
            yield line, match[1] + below.lstrip("#") if ANSWER.match(below) else match[1]
