"""What a lesson declares in its metadata besides its names: figures, expected errors, plots.

Each is read from a table of `[tool.tutor]`; a mistake in one is told at the table's own line.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tutor.schema import target
from tutor.script.markup import Mistake, is_expression

EXPECT_KEYS = ("at", "of", "is", "rtol", "atol", "device", "source")
RAISES_KEYS = ("cell", "error", "source")
_PLACE = re.compile(r"[\w.]+(\[[^\[\]]*\])?")
"""A value as the tensors pane names it, and an element of it."""

PLOT_KEYS = ("title", "points", "lines", "of", "over", "at", "level", "log", "bars")


@dataclass(frozen=True)
class Expect:
    """A figure that the run must reproduce."""

    at: int | None
    """After this many passes of outermost loops, all counted, 0 just before the first; None: at the
    end."""
    of: str
    """The expression to look at, over the script's names."""
    value: object
    rtol: float = 1e-5
    atol: float = 5e-7
    device: str = ""
    """The only kind of device that can give it, such as cpu; "" if all can."""
    source: str = ""
    """Where the figure comes from, in words."""
    line: int = 0
    """The line of its table in the file."""


@dataclass(frozen=True)
class Raises:
    """An exception that a statement of a cell must raise, and the script catch."""

    cell: str
    """The cell's title."""
    error: str
    """What Python's own words for it begin with: `RuntimeError: Trying to backward through`."""
    source: str = ""
    line: int = 0
    """The line of its table in the file."""


@dataclass(frozen=True)
class Plot:
    """A picture of the script's values: expressions over its names, evaluated beside the run."""

    title: str
    points: tuple[str, ...] = ()
    """Expressions of the points' x, y and, where there is a third, the class that colours them."""
    lines: tuple[tuple[str, ...], ...] = ()
    """Expressions of each line's x and y, and its label where it has one."""
    of: str = ""
    """An expression of the varied names: a curve over one of them, a map over two."""
    over: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The names that the plot varies, and the lowest and the highest value of each."""
    at: tuple[str, ...] = ()
    """The values of the run that stand where the varied names vary: the ball, the path walked."""
    level: float | None = None
    """Where a map is divided in two: its boundary is drawn."""
    log: bool = False
    """Whether heights, or a map's colours, are told by their logarithm."""
    bars: str = ""
    """An expression of a dictionary: a bar for each of its numbers."""
    line: int = 0
    """The line of its table in the file."""

    @property
    def expressions(self) -> tuple[str, ...]:
        """All that is to be evaluated, besides `of`."""
        lines = [expression for one in self.lines for expression in one[:2]]
        return (*self.points, *lines, *([self.bars] if self.bars else ()))


class Table:
    """One table of a kind, and the way to complain about it.

    Raises:
        Mistake: it is no table, or holds an unknown key.
    """

    def __init__(self, kind: str, entry: object, line: int, keys: tuple[str, ...]) -> None:
        self.kind = kind
        self.line = line
        if not isinstance(entry, dict):
            raise self.wrong("is no table", f"write [[tool.tutor.{kind}]] and its keys below")
        self.entry = entry
        for key in entry:
            if key not in keys:
                raise self.wrong(f"`{key}` is unknown", f"{kind} knows {', '.join(keys)}")

    def wrong(self, problem: str, cure: str) -> Mistake:
        return Mistake(self.line, f"{self.kind}: {problem}", cure)

    def text(self, key: str, cure: str, *, default: str | None = "") -> str:
        """The text of a key; one without a default must be there and not be empty."""
        if default is None and key not in self.entry:
            raise self.wrong(f"`{key}` is missing", cure)
        found = self.entry.get(key, default)
        if not isinstance(found, str) or (default is None and not found.strip()):
            raise self.wrong(f"`{key}` is no text", cure)
        return found

    def expression(self, found: object, key: str, cure: str) -> str:
        if not isinstance(found, str) or not is_expression(found):
            raise self.wrong(f"`{key}` is {found!r}, no expression", cure)
        return found

    def number(self, found: Any, key: str) -> float:
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        if not (is_number and math.isfinite(found)):
            raise self.wrong(f"`{key}` is {found!r}", "give a number")
        return float(found)

    def list_of(self, key: str, sizes: tuple[int, ...], cure: str) -> list[object]:
        found = self.entry.get(key, [])
        if not isinstance(found, list) or len(found) not in sizes:
            raise self.wrong(f"`{key}` is {found!r}", cure)
        return found


def read_expect(entry: object, line: int) -> Expect:
    """A figure from its table."""
    table = Table("expect", entry, line, EXPECT_KEYS)
    given = table.entry
    for key in ("of", "is"):
        if key not in given:
            raise table.wrong(f"`{key}` is missing", 'write of = "w.item()" and is = 2.0')
    of, at = table.expression(given["of"], "of", 'write of = "w.item()"'), given.get("at")
    if at is not None and (type(at) is not int or at < 0):
        raise table.wrong(f"`at` is {at!r}", "give the number of finished passes, or leave it out")
    for key in ("rtol", "atol"):
        if type(given.get(key, 0.0)) not in (int, float) or not given.get(key, 0.0) >= 0:
            raise table.wrong(f"`{key}` is {given[key]!r}", "give a number that is not negative")
    table.text("source", "say in quotes where the figure comes from")
    table.text("device", 'write device = "cpu" where only the CPU gives this figure')
    optional = ("rtol", "atol", "device", "source")
    extra = {key: given[key] for key in optional if key in given}
    return Expect(at, of, given["is"], **extra, line=line)


def read_raises(entry: object, line: int) -> Raises:
    """An expected error from its table."""
    table = Table("raises", entry, line, RAISES_KEYS)
    cell = table.text("cell", "give the title of the cell that it is raised in", default=None)
    error = table.text("error", 'write error = "RuntimeError: how it begins"', default=None)
    return Raises(cell, error, table.text("source", "say in quotes where it comes from"), line)


def read_plot(entry: object, line: int) -> Plot:
    """A plot from its table."""
    table = Table("plot", entry, line, PLOT_KEYS)
    given = table.entry
    title = table.text("title", "say in quotes what the plot shows", default=None)
    cure = 'write points = ["x", "y"], or ["x", "y", "class"]'
    points = [
        table.expression(one, "points", cure) for one in table.list_of("points", (0, 2, 3), cure)
    ]
    lines = _lines(table)
    over, at = _over(table), _at(table)
    of = table.text("of", cure := 'write of = "((w * x - y) ** 2).mean()"')
    if of:
        table.expression(of, "of", cure)
    bars = table.text("bars", cure := "write bars = \"{'first': w1.grad.norm()}\"")
    if bars:
        table.expression(bars, "bars", cure)
    if bool(of) != bool(over):
        cure = "`of` is drawn over the one or two names of `over`: over = { w = [-1, 5] }"
        raise table.wrong("`of` and `over` go together", cure)
    if at and len(at) != len(over):
        cure = f"give one for each name of `over`, so {len(over)}"
        raise table.wrong(f"`at` names {len(at)} values", cure)
    if not (points or lines or of or bars):
        raise table.wrong("draws nothing", "give it points, lines, of and over, or bars")
    if bars and (points or lines or of):
        raise table.wrong("`bars` stand alone", "make a plot of its own for the rest")
    log = given.get("log", False)
    if not isinstance(log, bool):
        raise table.wrong(f"`log` is {log!r}", "write true or false")
    level = None if given.get("level") is None else table.number(given["level"], "level")
    if level is not None and len(over) != 2:
        raise table.wrong("`level` divides a map", "give `over` two names, or leave it out")
    return Plot(title, tuple(points), lines, of, over, at, level, log, bars, line)


def _lines(table: Table) -> tuple[tuple[str, ...], ...]:
    cure = 'write lines = [["x", "w * x"], ["x", "2 * x", "the truth"]]'
    found = table.entry.get("lines", [])
    if not isinstance(found, list):
        raise table.wrong(f"`lines` is {found!r}", cure)
    for one in found:
        if not (isinstance(one, list) and len(one) in (2, 3) and isinstance(one[-1], str)):
            raise table.wrong(f"`lines` has {one!r}", cure)
        for expression in one[:2]:
            table.expression(expression, "lines", cure)
    return tuple(tuple(one) for one in found)


def _over(table: Table) -> dict[str, tuple[float, float]]:
    cure = "write over = { w = [-1, 5] }, with one name or two"
    found = table.entry.get("over", {})
    if not isinstance(found, dict) or len(found) > 2:
        raise table.wrong(f"`over` is {found!r}", cure)
    read = {}
    for name, ends in found.items():
        if not (name.isidentifier() and isinstance(ends, list) and len(ends) == 2):
            raise table.wrong(f"`over` has {name} = {ends!r}", cure)
        low, high = (table.number(end, "over") for end in ends)
        if not low < high:
            raise table.wrong(f"`over` has {name} = {ends!r}", "begin with the smaller number")
        read[name] = (low, high)
    return read


def _at(table: Table) -> tuple[str, ...]:
    cure = 'name values as the tensors pane does: at = ["w[0]", "model.bias"]'
    found = table.list_of("at", (0, 1, 2), cure)
    for name in found:
        if not isinstance(name, str) or not _PLACE.fullmatch(name):
            raise table.wrong(f"`at` has {name!r}", cure)
        try:
            target.path(name)
        except ValueError:
            raise table.wrong(f"`at` has {name!r}", cure) from None
    return tuple(map(str, found))
