"""Divide a script into code cells and prose cells at its `# %%` marks."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

MARK = re.compile(r"#\s*%%(?:\s+(.*))?")
PROSE = re.compile(r"\s*\[(?:markdown|md)\]\s*")

SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[\u3002\uff01\uff1f])")
"""Chinese and Japanese sentences are not followed by a space."""


@dataclass(frozen=True)
class Cell:
    """A part of the script from one `# %%` mark to the next."""

    kind: Literal["code", "markdown"]
    title: str
    first: int
    """Its first line: the mark, if it has one."""
    last: int
    text: str
    """The prose of a markdown cell; "" for code."""


def split_cells(
    lines: Sequence[str],
    comments: Mapping[int, str],
    statements: Collection[int],
    metadata: Collection[int],
) -> Iterator[Cell]:
    """Yield the cells of a script.

    Args:
        lines: All lines of the script.
        comments: Line number -> comment, of the comments that begin in the first column.
        statements: The numbers of the lines in which statements begin.
        metadata: The numbers of the lines that belong to no cell.
    """

    def trim(first: int, last: int) -> int:
        """Return the last line of the range that is neither empty nor metadata."""
        while last > first and (not lines[last - 1].strip() or last in metadata):
            last -= 1
        return last

    titles = {line: match for line in comments if (match := MARK.fullmatch(comments[line]))}
    marks = sorted(titles)
    if not marks:
        yield Cell("code", "", 1, trim(1, len(lines)), "")
    elif any(line < marks[0] for line in statements):
        yield Cell("code", "", 1, trim(1, marks[0] - 1), "")
    for mark, following in pairwise([*marks, len(lines) + 1]):
        title = titles[mark][1] or ""
        if not PROSE.search(title):
            yield Cell("code", title.strip(), mark, trim(mark, following - 1), "")
            continue
        # Prose ends where code begins, even without a mark.
        code = min((line for line in statements if mark < line < following), default=following)
        last = trim(mark, code - 1)
        prose = [re.sub("^# ?", "", comments.get(n, "")) for n in range(mark + 1, last + 1)]
        title = PROSE.sub(" ", title).strip()
        yield Cell("markdown", title, mark, last, "\n".join(prose).strip("\n"))
        if code < following:
            yield Cell("code", "", code, trim(code, following - 1), "")


def heading(cells: Sequence[Cell]) -> str:
    """Return the first heading of the prose as plain text, or ""."""
    for cell in cells:
        if found := re.search(r"(?m)^#+[ \t]+(.*)$", cell.text):
            return _plain(found[1])
    return ""


def first_sentence(cells: Sequence[Cell]) -> str:
    """Return the first sentence of the first prose cell as plain text, or ""."""
    text = next((cell.text for cell in cells if cell.kind == "markdown"), "")
    body = re.sub(r"(?m)^#+[ \t].*$", "\n", text)
    paragraphs = (_plain(paragraph) for paragraph in re.split(r"\n\s*\n", body))
    return SENTENCE_END.split(next(filter(None, paragraphs), ""))[0]


def _plain(markdown: str) -> str:
    """Return Markdown as one line of plain text; code spans keep their asterisks."""
    words = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", " ".join(markdown.split()))
    spans = words.split("`")
    for i in range(0, len(spans), 2):
        spans[i] = re.sub(r"(\*{1,3})(\S(?:.*?\S)?)\1", r"\2", spans[i])
    return "".join(spans)
