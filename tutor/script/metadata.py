"""Read the PEP 723 block of a script: what a lesson declares outside of its code."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from tokenize import TokenError
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from tutor.script.comments import Comments
from tutor.script.convert import convert
from tutor.script.declarations import Expect, Plot, Raises
from tutor.script.markup import Mistake

OPEN = re.compile(r"# /// script\s*")
CLOSE = re.compile(r"# ///\s*")

STEPS = 10_000
"""The most statements that a lesson may run by default, since a learner steps through them."""

Name = Annotated[str, Meta(pattern=r"\A[^\W\d]\w*\Z")]

ValueName = Annotated[str, Meta(pattern=r"\A[^\W\d]\w*(\.[^\W\d]\w*)*\Z")]
"""The name of a value: `loss`, `model.linear.weight`."""

_Tables = list[dict[str, Any]]

_Declaration = TypeVar("_Declaration", Expect, Raises, Plot)


class _Script(Struct):
    """The whole block. Other tools read the rest of it."""

    dependencies: Annotated[
        tuple[str, ...], Meta(description='list names of packages: dependencies = ["torch"]')
    ] = ()
    tool: Annotated[dict[str, Any], Meta(description="write [tool.tutor]")] = {}


class _Tools(Struct):
    """The `[tool]` table. Other tools read the rest of it."""

    tutor: Annotated[
        dict[str, Any] | None, Meta(description="write [tool.tutor] and its keys below")
    ] = None


class _Keys(Struct, frozen=True, kw_only=True):
    """The keys of `[tool.tutor]` that hold names and numbers."""

    loss: Annotated[ValueName | None, Meta(description='name one value: loss = "loss"')] = None
    after: Annotated[
        tuple[Name, ...], Meta(description='list names of lessons: after = ["descend"]')
    ] = ()
    """The lessons to do before this one."""
    covers: Annotated[
        tuple[Name, ...], Meta(description='list names of systems: covers = ["A3", "C8"]')
    ] = ()
    """The systems of the notes that it teaches, named as in the table of the course."""
    twin: Annotated[Name, Meta(description='name one lesson: twin = "by_hand"')] = ""
    """The lesson that is shown next to this one; "" for none."""
    compare: Annotated[
        tuple[tuple[ValueName, ValueName], ...],
        Meta(description='list pairs of names: compare = [["w.grad", "by_hand"]]'),
    ] = ()
    """Pairs of names whose values should agree, such as a gradient and its closed form. The second
    name is the twin's if there is a twin."""
    steps: Annotated[int, Meta(ge=1, description="give a number of steps, such as 20_000")] = STEPS
    """The most statements that it may run."""


class _Tutor(_Keys, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[tool.tutor]` table."""

    expect: Annotated[_Tables, Meta(description="write [[tool.tutor.expect]] and keys below")] = []
    raises: Annotated[_Tables, Meta(description="write [[tool.tutor.raises]] and keys below")] = []
    plot: Annotated[_Tables, Meta(description="write [[tool.tutor.plot]] and keys below")] = []


class Metadata(_Keys, frozen=True, kw_only=True):
    """What the block says."""

    first: int = 0
    last: int = -1
    """The first and the last line of the block in the file; an empty range if there is no block."""
    dependencies: tuple[str, ...] = ()
    expects: tuple[Expect, ...] = ()
    raises: tuple[Raises, ...] = ()
    plots: tuple[Plot, ...] = ()
    lines: Mapping[str, int] = {}
    """Key of `[tool.tutor]` -> its line in the file."""
    is_lesson: bool = False
    """Whether there is a `[tool.tutor]` table."""

    @property
    def closed_forms(self) -> tuple[tuple[str, str], ...]:
        """Pairs of names in this script whose values should agree."""
        return () if self.twin else self.compare


def read_metadata(comments: Mapping[int, str]) -> Metadata:
    """Return what the `# /// script` block says.

    Args:
        comments: Line number -> comment, of the comments in the first column.

    Raises:
        Mistake: the block is open, is no TOML, or breaks a rule.
    """
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
    # PEP 723: the last closing line in consecutive comments ends the block.
    last = closing[-1]
    if len(opening) > 1:
        raise Mistake(opening[1], "a second `# /// script` block", f"keep the one in line {first}")
    return _Block(first, last, [comments[line] for line in range(first + 1, last)]).read()


def is_lesson(source: str) -> bool:
    """Return True if the text of a script has a valid `[tool.tutor]` table."""
    try:
        return read_metadata(Comments(source).margin).is_lesson
    except (Mistake, SyntaxError, TokenError):
        return False


class _Block:
    """The lines between the marks, and the line in the file of each key."""

    def __init__(self, first: int, last: int, comments: list[str]) -> None:
        self.first = first
        self.last = last
        self.lines = [comment[2:] for comment in comments]

    def read(self) -> Metadata:
        block = convert(self._toml(), _Script, self.line_of)
        tutor = convert(block.tool, _Tools, self.line_of).tutor
        if tutor is None:
            return Metadata(first=self.first, last=self.last, dependencies=block.dependencies)
        table = convert(tutor, _Tutor, self.line_of)
        return Metadata(
            **{key: getattr(table, key) for key in _Keys.__struct_fields__},
            first=self.first,
            last=self.last,
            dependencies=block.dependencies,
            expects=self._read_tables("expect", table.expect, Expect),
            raises=self._read_tables("raises", table.raises, Raises),
            plots=self._read_tables("plot", table.plot, Plot),
            lines={key: self.line_of(key) for key in tutor},
            is_lesson=True,
        )

    def _toml(self) -> dict[str, Any]:
        try:
            return tomllib.loads("\n".join([*self.lines, ""]))
        except tomllib.TOMLDecodeError as error:
            where = re.search(r" \(at line (\d+), .*\)", str(error))
            line = self.first + int(where[1]) if where else self.last
            problem = re.sub(r" \(at .*\)", "", str(error))
            raise Mistake(line, f"the metadata is no TOML: {problem}", "correct it") from None

    def _read_tables(
        self, key: str, tables: Sequence[dict[str, Any]], kind: type[_Declaration]
    ) -> tuple[_Declaration, ...]:
        """Return what each table of an array declares, with the line where the table begins."""
        head = re.compile(rf"\s*\[\[\s*tool\s*\.\s*tutor\s*\.\s*{key}\s*\]\]")
        lines = [self.first + 1 + i for i, line in enumerate(self.lines) if head.match(line)]
        if len(lines) != len(tables):
            lines = [self.line_of(key)] * len(tables)

        def read(table: dict[str, Any], line: int) -> _Declaration:
            return replace(convert(table, kind, lambda _: line, f"{key}: "), line=line)

        return tuple(map(read, tables, lines))

    def line_of(self, key: str) -> int:
        """Return the line in the file where a key stands; the first line if it is not found."""
        for number, line in enumerate(self.lines, self.first + 1):
            if re.match(rf"\s*(\[.*[\s.])?['\"]?{re.escape(key)}['\"]?\s*[].=]", line):
                return number
        return self.first
