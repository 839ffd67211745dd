"""The source pane: the script, its line numbers, the current statement and the changed values."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, clean, ruled, strip

NEXT, DONE, AGAIN, ERROR, MORE, MADE = "►", "✓", "↻", "✗", "┆", "◆"
"""The marks of a line: its statement runs next; has just run; has just run and runs next again;
raised; continues from the line above; made the current operation."""

_KINDS = (
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Name.Function, "function"),
    (Name.Class, "function"),
    (Name.Decorator, "function"),
    (Name.Builtin, "builtin"),
    (Operator, "operator"),
)
_CELL = re.compile(r"#\s*%%(?:\s*\[(?:markdown|md)\])?(.*)")


@dataclass(eq=False)
class _Script:
    """A parsed script, and the strips that its lines were last drawn as."""

    lines: list[list[tuple[str, str]]]
    """For each line its texts with their kind, a key of `Palette.syntax`."""
    ends: dict[int, int]
    """First line of a statement -> its last line, without the body of a compound statement."""
    cells: dict[int, str]
    """Line that begins a cell -> the title of the cell."""
    metadata: range
    loops: list[tuple[int, int]]
    """The first and the last line of each loop, outer loops first."""
    drawn: dict[int, tuple[object, Strip]] = field(default_factory=dict)


def draw_source(
    source: str,
    width: int,
    palette: Palette,
    *,
    done: int = 0,
    next: int = 0,
    values: Mapping[int, str] | None = None,
    error: int = 0,
    ran: Collection[int] = frozenset(),
    made: int = 0,
    masked: Mapping[int, str] | None = None,
) -> list[Strip]:
    """Return a strip for each line of `source`.

    A line that has not changed since the last call with this source is the same strip object, so
    that a panel can compare by identity which rows to refresh.

    Args:
        done: The first line of the statement just run, 0 for none; likewise `next` and `error`.
        values: By line: text to write at its end.
        ran: Lines whose statements have run; their numbers stand out.
        made: The line that made the current operation inside a statement.
        masked: By line: the comment to show in place of the script's own.
    """
    script = _read(source)
    marks = _marks(script, done, next, error)
    digits = len(str(len(script.lines)))
    strips = []
    for number in range(1, len(script.lines) + 1):
        mark, state = marks.get(number, (" ", ""))
        if number == made:
            mark, state = MADE, state or "done"
        value = (values or {}).get(number, "")
        mask = (masked or {}).get(number)
        key = (width, palette, mark, state, value, number in ran, mask)
        last = script.drawn.get(number)
        if last is None or last[0] != key:
            over = {"next": palette.next, "done": palette.current, "error": palette.error}
            gutter: list[Styled] = [
                (f"{mark} ", {"next": palette.accent}.get(state, palette.changed)),
                (f"{number:>{digits}} ", palette.text if number in ran else palette.muted),
            ]
            code = _code(script, number, width - digits - 3, palette)
            if mask is not None:
                code = [(mask.expandtabs(4), palette.syntax["comment"])]
            drawn = _drawn([*gutter, *code], value, width, palette, over.get(state))
            last = script.drawn[number] = (key, drawn)
        strips.append(last[1])
    return strips


def loop_around(source: str, line: int) -> tuple[int, int]:
    """Return the first and last line of the outermost loop around a line, else (0, 0)."""
    loops = _read(source).loops
    return next((loop for loop in loops if loop[0] <= line <= loop[1]), (0, 0))


def _marks(script: _Script, done: int, next: int, error: int) -> dict[int, tuple[str, str]]:
    """Return the mark and state of each line; an error overrides next, and next overrides done."""
    marks: dict[int, tuple[str, str]] = {}
    for first, state, glyph in (
        (done, "done", DONE),
        (next, "next", AGAIN if next == done else NEXT),
        (error, "error", ERROR),
    ):
        for number in range(first, script.ends.get(first, first) + 1) if first else ():
            marks[number] = (glyph if number == first else MORE, state)
    return marks


def _code(script: _Script, number: int, width: int, palette: Palette) -> list[Styled]:
    if (title := script.cells.get(number)) is not None:
        return ruled(title, width, palette.syntax["heading"], palette.border)
    return [
        (text, palette.muted if number in script.metadata else palette.syntax[kind])
        for text, kind in script.lines[number - 1]
    ]


def _drawn(
    parts: list[Styled], value: str, width: int, palette: Palette, over: Style | None
) -> Strip:
    """Draw a row with a value at its right end; code is cut for the value, at most to half."""
    if over:
        parts = [(text, style + over) for text, style in parts]
    pad = palette.text + over if over else palette.text
    if not value:
        return strip(parts, width, pad)
    size = sum(cell_len(text) for text, _ in parts)
    value = "  " + value
    room = max(0, min(cell_len(clean(value)), max(width - size, width // 2)))
    end = strip([(value, palette.changed + over if over else palette.changed)], room, pad)
    return Strip([*strip(parts, width - room, pad), *end], max(0, width))


@lru_cache(maxsize=8)
def _read(source: str) -> _Script:
    lines: list[list[tuple[str, str]]] = [[]]
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        kind = _kind(token)
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append([])
            if part:
                lines[-1].append((part, kind))
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    plain = ["".join(text for text, _ in line) for line in lines]
    cells = {
        number: found[1].strip()
        for number, text in enumerate(plain, 1)
        if (found := _CELL.fullmatch(text))
    }
    expanded = [_expanded(line) for line in lines]
    return _Script(expanded, dict(_ends(source)), cells, _block(plain), _loops(source))


@lru_cache(maxsize=128)
def _kind(token: object) -> str:
    return next((kind for parent, kind in _KINDS if token in parent), "name")


def _expanded(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Replace the tabs of a line by spaces."""
    column, expanded = 0, []
    for text, kind in pieces:
        spaced = (" " * column + text).expandtabs(4)[column:] if "\t" in text else text
        column += len(spaced)
        expanded.append((spaced, kind))
    return expanded


def _ends(source: str) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of each statement, without the body of a compound one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body: list[ast.stmt] = getattr(node, "body", [])
        if not body:
            yield node.lineno, node.end_lineno or node.lineno
            continue
        # Only the header of a compound statement runs as a step.
        inside = {
            id(child)
            for key in ("body", "orelse", "finalbody", "handlers", "cases")
            for child in getattr(node, key, [])
        }
        header = [child for child in ast.iter_child_nodes(node) if id(child) not in inside]
        # Nodes such as a `with` item have no line; the expressions in them do.
        parts = (part for child in header for part in ast.walk(child))
        ends = (getattr(part, "end_lineno", 0) or 0 for part in parts)
        yield node.lineno, max([node.lineno, *ends])


def _loops(source: str) -> list[tuple[int, int]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    # `ast.walk` yields outer nodes before inner ones.
    found = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]
    return [(node.lineno, node.end_lineno or node.lineno) for node in found]


def _block(lines: list[str]) -> range:
    """Return the lines of the PEP 723 metadata block, none if there is no block."""
    starts = [n for n, text in enumerate(lines, 1) if re.fullmatch(r"# /// [\w-]+", text)]
    if not starts:
        return range(0)
    ends = [n for n, text in enumerate(lines, 1) if n > starts[0] and text.rstrip() == "# ///"]
    return range(starts[0], (ends[0] if ends else len(lines)) + 1)
