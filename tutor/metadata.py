"""The PEP 723 block of a script: what a lesson says that is not code."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from tutor.markup import Mistake, is_expression

OPEN = re.compile(r"# /// script\s*")
CLOSE = re.compile(r"# ///\s*")

KEYS = ("loss", "compare", "expect")
"""What `[tool.tutor]` may hold."""

EXPECT_KEYS = ("at", "of", "is", "rtol", "atol", "source")


@dataclass(frozen=True)
class Expect:
    """A figure that the run must reproduce."""

    at: int | None
    """After this many passes of the outermost loop, 0 just before the first; None: at the end."""
    of: str
    """The expression to look at, over the script's names."""
    value: object
    rtol: float = 1e-5
    atol: float = 5e-7
    source: str = ""
    """Where the figure comes from, in words."""
    line: int = 0
    """The line of its table in the file."""


@dataclass(frozen=True)
class Metadata:
    """The block, read."""

    first: int = 0
    last: int = -1
    """The lines of the block in the file; none of them where the script has no block."""
    dependencies: tuple[str, ...] = ()
    loss: str | None = None
    compare: tuple[tuple[str, str], ...] = ()
    """Pairs of names whose values should agree, such as a gradient and its closed form."""
    compare_line: int = 0
    """Where they stand in the file."""
    expects: tuple[Expect, ...] = ()
    is_lesson: bool = False
    """Whether it carries a `[tool.tutor]` table."""


def read_metadata(comments: Mapping[int, str]) -> Metadata:
    """The `# /// script` block among these comments, each alone on its line."""
    opening = [line for line in sorted(comments) if OPEN.fullmatch(comments[line])]
    if not opening:
        return Metadata()
    first = opening[0]
    end = first
    while end + 1 in comments:
        end += 1
    closing = [line for line in range(first + 1, end + 1) if CLOSE.fullmatch(comments[line])]
    if not closing:
        raise Mistake(first, "the `# /// script` block is never closed", "end it with # ///")
    # As PEP 723 has it: the last closing line of the run of comments ends the block.
    last = closing[-1]
    if len(opening) > 1:
        raise Mistake(opening[1], "a second `# /// script` block", f"keep the one in line {first}")
    return _Block(first, last, [comments[line] for line in range(first + 1, last)]).read()


class _Block:
    """The lines between the marks, and the way from a key in them to its line in the file."""

    def __init__(self, first: int, last: int, comments: list[str]) -> None:
        self.first = first
        self.last = last
        self.lines = [comment[2:] for comment in comments]

    def read(self) -> Metadata:
        try:
            data = tomllib.loads("\n".join([*self.lines, ""]))
        except tomllib.TOMLDecodeError as error:
            where = re.search(r" \(at line (\d+), .*\)", str(error))
            line = self.first + int(where[1]) if where else self.last
            problem = re.sub(r" \(at .*\)", "", str(error))
            raise Mistake(line, f"the metadata is no TOML: {problem}", "correct it") from None
        dependencies = data.get("dependencies", [])
        if not _is_list_of_text(dependencies):
            raise self.mistake("dependencies", "is no list of names", 'write ["torch"]')
        tool = data.get("tool", {})
        table = tool.get("tutor") if isinstance(tool, dict) else None
        if table is None:
            return Metadata(self.first, self.last, tuple(dependencies))
        if not isinstance(table, dict):
            raise self.mistake("tutor", "is no table", "write [tool.tutor] and its keys below")
        for key in table:
            if key not in KEYS:
                raise self.mistake(key, "is unknown", f"[tool.tutor] knows {', '.join(KEYS)}")
        loss = table.get("loss")
        if loss is not None and not (isinstance(loss, str) and _is_name(loss)):
            raise self.mistake("loss", "is no name", 'write loss = "loss"')
        compare = table.get("compare", [])
        if not (isinstance(compare, list) and all(map(_is_pair, compare))):
            cure = 'write compare = [["w.grad", "by_hand"]]'
            raise self.mistake("compare", "is no list of pairs of names", cure)
        entries = table.get("expect", [])
        if not isinstance(entries, list):
            raise self.mistake("expect", "is no list of tables", "write [[tool.tutor.expect]]")
        expects = tuple(
            self.expect(entry, line)
            for entry, line in zip(entries, self.expect_lines(len(entries)), strict=True)
        )
        pairs = tuple((one, other) for one, other in compare)
        return Metadata(
            self.first,
            self.last,
            tuple(dependencies),
            loss,
            pairs,
            self.line_of("compare"),
            expects,
            True,
        )

    def expect(self, entry: object, line: int) -> Expect:
        def wrong(problem: str, cure: str) -> Mistake:
            return Mistake(line, f"expect: {problem}", cure)

        if not isinstance(entry, dict):
            raise wrong("is no table", "write [[tool.tutor.expect]] and its keys below")
        for key in entry:
            if key not in EXPECT_KEYS:
                raise wrong(f"`{key}` is unknown", f"expect knows {', '.join(EXPECT_KEYS)}")
        for key in ("of", "is"):
            if key not in entry:
                raise wrong(f"`{key}` is missing", 'write of = "w.item()" and is = 2.0')
        of, at = entry["of"], entry.get("at")
        if not isinstance(of, str) or not is_expression(of):
            raise wrong(f"`of` is {of!r}, no expression", 'write of = "w.item()"')
        if at is not None and (type(at) is not int or at < 0):
            raise wrong(f"`at` is {at!r}", "give the number of finished passes, or leave it out")
        for key in ("rtol", "atol"):
            if type(entry.get(key, 0.0)) not in (int, float) or not entry.get(key, 0.0) >= 0:
                raise wrong(f"`{key}` is {entry[key]!r}", "give a number that is not negative")
        if not isinstance(entry.get("source", ""), str):
            raise wrong("`source` is no text", "say in quotes where the figure comes from")
        extra = {key: entry[key] for key in ("rtol", "atol", "source") if key in entry}
        return Expect(at, of, entry["is"], **extra, line=line)

    def expect_lines(self, count: int) -> list[int]:
        head = re.compile(r"\s*\[\[\s*tool\s*\.\s*tutor\s*\.\s*expect\s*\]\]")
        found = [self.first + 1 + i for i, line in enumerate(self.lines) if head.match(line)]
        return found if len(found) == count else [self.line_of("expect")] * count

    def line_of(self, key: str) -> int:
        for number, line in enumerate(self.lines, self.first + 1):
            if re.match(rf"\s*(\[.*[\s.])?['\"]?{re.escape(key)}['\"]?\s*[].=]", line):
                return number
        return self.first

    def mistake(self, key: str, problem: str, cure: str) -> Mistake:
        return Mistake(self.line_of(key), f"`{key}` {problem}", cure)


def _is_list_of_text(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_pair(value: object) -> bool:
    return _is_list_of_text(value) and len(value) == 2 and all(map(_is_name, value))


def _is_name(text: str) -> bool:
    """Whether it is a name as values have them: `loss`, `model.linear.weight`."""
    return all(part.isidentifier() for part in text.split("."))
