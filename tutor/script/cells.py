"""Percent cells: how `# %%` marks divide a script into code and prose."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

MARK = re.compile(r"#\s*%%(?:\s+(.*))?")
PROSE = re.compile(r"\s*\[(?:markdown|md)\]\s*")

SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[\u3002\uff01\uff1f])")
"""Chinese and Japanese sentences end without a space."""


@dataclass(frozen=True)
class Cell:
    """A part of the script between two `# %%` marks."""

    kind: Literal["code", "markdown"]
    title: str
    first: int
    """Its first line, the mark itself where there is one."""
    last: int
    text: str
    """The prose of a markdown cell, "" for code."""


def cells(
    lines: Sequence[str],
    comments: Mapping[int, str],
    statements: Collection[int],
    metadata: Collection[int],
) -> Iterator[Cell]:
    """The cells of a script.

    `comments` are those that begin in the first column, `statements` the lines where statements
    begin and `metadata` the lines that belong to no cell, all by line number.
    """

    def trimmed(first: int, last: int) -> int:
        while last > first and (not lines[last - 1].strip() or last in metadata):
            last -= 1
        return last

    titles = {line: match for line in comments if (match := MARK.fullmatch(comments[line]))}
    marks = sorted(titles)
    if not marks:
        yield Cell("code", "", 1, trimmed(1, len(lines)), "")
    elif any(line < marks[0] for line in statements):
        yield Cell("code", "", 1, trimmed(1, marks[0] - 1), "")
    for mark, following in pairwise([*marks, len(lines) + 1]):
        title = titles[mark][1] or ""
        if not PROSE.search(title):
            yield Cell("code", title.strip(), mark, trimmed(mark, following - 1), "")
            continue
        # Prose ends where code begins, whether that has a mark of its own or not.
        code = min((line for line in statements if mark < line < following), default=following)
        last = trimmed(mark, code - 1)
        prose = [re.sub("^# ?", "", comments.get(n, "")) for n in range(mark + 1, last + 1)]
        title = PROSE.sub(" ", title).strip()
        yield Cell("markdown", title, mark, last, "\n".join(prose).strip("\n"))
        if code < following:
            yield Cell("code", "", code, trimmed(code, following - 1), "")


def heading(cells: Sequence[Cell]) -> str:
    """The first heading in the prose, as plain text, "" where there is none."""
    for cell in cells:
        if found := re.search(r"(?m)^#+[ \t]+(.*)$", cell.text):
            return _plain(found[1])
    return ""


def first_sentence(cells: Sequence[Cell]) -> str:
    """The first sentence of the first prose cell, as plain text, "" where there is none."""
    text = next((cell.text for cell in cells if cell.kind == "markdown"), "")
    body = re.sub(r"(?m)^#+[ \t].*$", "\n", text)
    paragraphs = (_plain(paragraph) for paragraph in re.split(r"\n\s*\n", body))
    return SENTENCE_END.split(next(filter(None, paragraphs), ""))[0]


def _plain(markdown: str) -> str:
    """Markdown as plain text in one line; code spans keep their stars."""
    words = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", " ".join(markdown.split()))
    spans = words.split("`")
    for i in range(0, len(spans), 2):
        spans[i] = re.sub(r"(\*{1,3})(\S(?:.*?\S)?)\1", r"\2", spans[i])
    return "".join(spans)
