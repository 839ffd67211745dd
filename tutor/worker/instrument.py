"""Compile a script with hook calls around each statement of its module-level code.

The hooks run in the script's own frame: `with torch.no_grad():` works as ever, tracebacks keep
their lines, and torch's own Python is not slowed down. Functions and classes have no hooks: a call
is one step. The names of the hooks are not identifiers, so no script can use them.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType

from tutor.script.comments import first_line

BEFORE = "<before>"
"""Called with the site of the statement that is about to run."""
AFTER = "<after>"
"""Called with the site of the statement that has just run."""
ENTER = "<enter>"
"""Called with the index of an outermost loop that is about to begin."""
PASS = "<pass>"
"""Called with the index of an outermost loop at the start of each iteration."""
WITHIN = "<within>"
"""Called with the site of a `with` statement inside a `try` after its head."""
CAUGHT = "<caught>"
"""Called in `except` and `finally` clauses before their first statement."""

HOOKS = (BEFORE, AFTER, ENTER, PASS, WITHIN, CAUGHT)

Span = tuple[tuple[int, int], tuple[int, int]]
"""Line and column of the first character, and of the one after the last."""

_Compound = ast.If | ast.For | ast.While | ast.With | ast.Match
"""Statements with a head that is executed; `try` has none."""


@dataclass(frozen=True)
class Site:
    """A statement's place in the script."""

    line: int
    """First line, decorators included."""
    loop: int
    """Index of the outermost loop around it in `Program.loops`, -1 outside."""
    spans: tuple[Span, ...]
    """The places of its text; of a compound statement only its head, of a `match` also the heads of
    its cases. The statements of a body have sites of their own."""


@dataclass(frozen=True)
class Program:
    """A script that is ready to run."""

    code: CodeType
    sites: list[Site]
    loops: list[int]
    """The first lines of the outermost loops."""

    def site_at(self, place: tuple[int, int]) -> int | None:
        """Return the index of the statement, or compound head, at a line and column."""
        for index, site in enumerate(self.sites):
            if any(start <= place < end for start, end in site.spans):
                return index
        return None


def instrument(source: str, path: str, knobs: Mapping[int, object] | None = None) -> Program:
    """Compile `source` with hooks, and with other values for the assignments on the knobs' lines.

    Raises:
        SyntaxError: as Python would raise it for the file.
        ValueError: there is no assignment on a knob's line.
    """
    tree = ast.parse(source, path)
    if knobs:
        _set_knobs(tree, dict(knobs))
    weaver = _Weaver()
    tree.body = weaver.module(tree.body)
    code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
    return Program(code, weaver.sites, weaver.loops)


class _Weaver:
    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.loops: list[int] = []
        self._loop = -1
        self._tries = 0
        """The number of enclosing `try` statements."""

    def module(self, body: list[ast.stmt]) -> list[ast.stmt]:
        # The docstring and `from __future__` must stay first to keep their meaning.
        head = 0
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            head = isinstance(body[0].value.value, str)
        futures = head
        while futures < len(body) and _is_future(body[futures]):
            futures += 1
        marks = [self._call(AFTER, self._site(s), s) for s in body[head:futures]]
        return [*body[:futures], *marks, *self._body(body[futures:])]

    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [woven for statement in body for woven in self._statement(statement)]

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.Global | ast.Nonlocal):
            return [statement]
        if isinstance(statement, ast.Try | ast.TryStar):
            # Nothing happens at `try:` itself: a run waits at the first statement in it.
            self._tries += 1
            woven = self._compound(statement)
            self._tries -= 1
            return woven
        before = self._call(BEFORE, site := self._site(statement), statement)
        if isinstance(statement, _Compound):
            # Some versions of Python give an exception at the end of the block the position of the
            # head.
            is_caught = isinstance(statement, ast.With) and self._tries
            within = [self._call(WITHIN, site, statement)] if is_caught else []
            return [before, *self._compound(statement, within)]
        after = self._call(AFTER, site, statement)
        if isinstance(statement, ast.Break | ast.Continue):
            # No hook can follow these in their block, and they change no value.
            return [before, after, statement]
        return [before, statement, after]

    def _compound(self, statement: ast.stmt, start: Sequence[ast.stmt] = ()) -> list[ast.stmt]:
        is_outermost = isinstance(statement, ast.For | ast.While) and self._loop < 0
        opening: list[ast.stmt] = []
        if is_outermost:
            self._loop = len(self.loops)
            self.loops.append(statement.lineno)
            opening = [self._call(ENTER, self._loop, statement)]
            start = [self._call(PASS, self._loop, statement)]
        for field in ("body", "orelse", "finalbody"):
            if is_outermost and field == "orelse":
                self._loop = -1
            if block := getattr(statement, field, None):
                opened = [*start] if field == "body" else []
                if field == "finalbody":
                    # It runs before the handler outside, if there is one.
                    opened = [self._call(CAUGHT, None, block[0])]
                setattr(statement, field, [*opened, *self._body(block)])
        for clause in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
            clause.body = self._body(clause.body)
            if isinstance(statement, ast.Try):
                clause.body.insert(0, self._call(CAUGHT, None, clause))
        if is_outermost:
            self._loop = -1
        return [*opening, statement]

    def _site(self, statement: ast.stmt) -> int:
        last = _head(statement) if isinstance(statement, _Compound) else statement
        # Decorators come before the definition, and run as a part of it.
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        spans = [_span(decorators[0] if decorators else statement, last)]
        if isinstance(statement, ast.Match):
            spans += [_span(case.pattern, case.guard or case.pattern) for case in statement.cases]
        self.sites.append(Site(first_line(statement), self._loop, tuple(spans)))
        return len(self.sites) - 1

    @staticmethod
    def _call(hook: str, argument: int | None, at: ast.stmt | ast.ExceptHandler) -> ast.stmt:
        arguments: list[ast.expr] = [] if argument is None else [ast.Constant(argument)]
        call = ast.Call(ast.Name(hook, ast.Load()), arguments, [])
        placed = ast.copy_location(ast.Expr(call), at)
        # A hook has no text: an interrupt in it must not underline the whole statement.
        placed.end_lineno, placed.end_col_offset = placed.lineno, placed.col_offset
        return ast.fix_missing_locations(placed)


def _span(
    first: ast.stmt | ast.expr | ast.pattern, last: ast.stmt | ast.expr | ast.pattern
) -> Span:
    end = last.end_lineno or 0, last.end_col_offset or 0
    return (first.lineno, first.col_offset), end


def _head(statement: _Compound) -> ast.expr:
    """Return the last expression before the body."""
    match statement:
        case ast.If() | ast.While():
            return statement.test
        case ast.For():
            return statement.iter
        case ast.Match():
            return statement.subject
        case ast.With():
            return statement.items[-1].optional_vars or statement.items[-1].context_expr


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _literal(value: object) -> ast.expr:
    if isinstance(value, list | tuple | dict | set):
        return ast.parse(repr(value), mode="eval").body
    return ast.Constant(value)  # type: ignore[arg-type]  # also values without a literal: inf, nan


def _set_knobs(tree: ast.Module, knobs: dict[int, object]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno in knobs and node.value:
            value = _literal(knobs.pop(node.lineno))
            for part in ast.walk(value):
                ast.copy_location(part, node.value)
            node.value = value
    if knobs:
        raise ValueError(f"no assignment stands on line {min(knobs)}")
