"""The PEP 723 block of a script: what a lesson says that is not code."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar

from tutor.script.declarations import Expect, Plot, Raises, read_expect, read_plot, read_raises
from tutor.script.markup import Mistake

OPEN = re.compile(r"# /// script\s*")
CLOSE = re.compile(r"# ///\s*")

_Read = TypeVar("_Read")

KEYS = (
    "loss", "after", "covers", "twin", "compare", "steps", "expect", "raises", "plot",
)  # fmt: skip
"""What `[tool.tutor]` may hold."""

STEPS = 10_000
"""Statements that a lesson may run, unless it asks for more: a learner has to walk them."""


@dataclass(frozen=True)
class Metadata:
    """The block, read."""

    first: int = 0
    last: int = -1
    """The lines of the block in the file; none of them where the script has no block."""
    dependencies: tuple[str, ...] = ()
    loss: str | None = None
    after: tuple[str, ...] = ()
    """The lessons to have done before."""
    covers: tuple[str, ...] = ()
    """The systems of the notes that it teaches, as the table of the course calls them."""
    twin: str = ""
    """The lesson that is shown beside it; "" for none."""
    compare: tuple[tuple[str, str], ...] = ()
    """Pairs of names whose values should agree, such as a gradient and its closed form; where
    there is a twin, the second is the twin's."""
    steps: int = STEPS
    """More than so many it may not run."""
    expects: tuple[Expect, ...] = ()
    raises: tuple[Raises, ...] = ()
    plots: tuple[Plot, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each key of `[tool.tutor]` stands in the file."""
    is_lesson: bool = False
    """Whether it carries a `[tool.tutor]` table."""

    @property
    def closed_forms(self) -> tuple[tuple[str, str], ...]:
        """Pairs of the script's own names that should agree."""
        return () if self.twin else self.compare


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
        steps = table.get("steps", STEPS)
        if type(steps) is not int or steps < 1:
            raise self.mistake("steps", "is no number of steps", "write steps = 20_000")
        twin = table.get("twin", "")
        if not (isinstance(twin, str) and (not twin or twin.isidentifier())):
            raise self.mistake("twin", "is no lesson's name", 'write twin = "by_hand"')
        return Metadata(
            first=self.first,
            last=self.last,
            dependencies=tuple(dependencies),
            loss=loss,
            after=self.names(table, "after", 'write after = ["descend"]'),
            covers=self.names(table, "covers", 'write covers = ["A3", "C8"]'),
            twin=twin,
            compare=tuple((one, other) for one, other in compare),
            steps=steps,
            expects=self.tables(table, "expect", read_expect),
            raises=self.tables(table, "raises", read_raises),
            plots=self.tables(table, "plot", read_plot),
            lines={key: self.line_of(key) for key in table},
            is_lesson=True,
        )

    def names(self, table: dict[str, Any], key: str, cure: str) -> tuple[str, ...]:
        found = table.get(key, [])
        if not (_is_list_of_text(found) and all(name.isidentifier() for name in found)):
            raise self.mistake(key, "is no list of names", cure)
        return tuple(found)

    def tables(
        self, table: dict[str, Any], key: str, read: Callable[[object, int], _Read]
    ) -> tuple[_Read, ...]:
        """What each table of an array says."""
        entries = table.get(key, [])
        if not isinstance(entries, list):
            raise self.mistake(key, "is no list of tables", f"write [[tool.tutor.{key}]]")
        head = re.compile(rf"\s*\[\[\s*tool\s*\.\s*tutor\s*\.\s*{key}\s*\]\]")
        lines = [self.first + 1 + i for i, line in enumerate(self.lines) if head.match(line)]
        if len(lines) != len(entries):
            lines = [self.line_of(key)] * len(entries)
        return tuple(read(entry, line) for entry, line in zip(entries, lines, strict=True))

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
