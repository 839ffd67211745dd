"""Hooks around statements: every statement is one step, and the script works as without hooks."""

import ast
import textwrap
import traceback
from typing import Any

import pytest

from tutor.worker.instrument import AFTER, BEFORE, CAUGHT, ENTER, PASS, WITHIN, instrument

PATH = "script.py"


class Trace:
    """Runs a script and notes its steps."""

    def __init__(self, source: str, knobs: dict[int, object] | None = None) -> None:
        self.program = instrument(textwrap.dedent(source).lstrip("\n"), PATH, knobs)
        self.steps: list[tuple[int, int | None]] = []
        """Return line and iteration of every finished statement."""
        self.begun: list[int] = []
        self.passes = [-1] * len(self.program.loops)
        self.names: dict[str, Any] = {
            "__name__": "__main__",
            BEFORE: lambda site: self.begun.append(self.program.sites[site].line),
            AFTER: self._after,
            ENTER: self._enter,
            PASS: self._pass,
            WITHIN: lambda site: None,
            CAUGHT: lambda: None,
        }

    def run(self) -> "Trace":
        exec(self.program.code, self.names)
        return self

    @property
    def lines(self) -> list[int]:
        return [line for line, _ in self.steps]

    def _after(self, index: int) -> None:
        site = self.program.sites[index]
        self.steps.append((site.line, self.passes[site.loop] if site.loop >= 0 else None))

    def _enter(self, loop: int) -> None:
        self.passes[loop] = -1

    def _pass(self, loop: int) -> None:
        self.passes[loop] += 1


def steps(source: str) -> list[tuple[int, int | None]]:
    return Trace(source).run().steps


def lines(source: str) -> list[int]:
    return Trace(source).run().lines


def test_each_simple_statement_is_a_step() -> None:
    source = """
        import math
        x = 1
        x += 1
        x: int = 3
        y: float
        assert x
        pass
        del x
        (z := 5)
        f = lambda: 1
        """
    assert steps(source) == [(line, None) for line in range(1, 11)]


def test_try_itself_has_no_before_hook() -> None:
    source = """
        try:
            x = 1
        except* ValueError:
            pass
        try:
            y = 1
            1 / 0
        except ArithmeticError:
            z = 2
        else:
            u = 3
        finally:
            v = 4
        """
    trace = Trace(source).run()
    assert trace.begun == [2, 6, 7, 9, 13]
    assert trace.lines == [2, 6, 9, 13]


def test_site_at_finds_the_statement_around_a_position() -> None:
    program = Trace("a = 1; b = (\n    2)\nif a:\n    c = 3\n").program

    def line_at(line: int, column: int) -> tuple[int, int] | None:
        site = program.site_at((line, column))
        return None if site is None else program.sites[site].spans[0][0]

    assert line_at(1, 0) == (1, 0)
    assert line_at(1, 4) == (1, 0)
    assert line_at(1, 7) == line_at(2, 4) == (1, 7)
    assert line_at(3, 0) == line_at(3, 3) == (3, 0)
    # There is none between statements, and none behind the head of a compound one.
    assert line_at(1, 5) is None
    assert line_at(3, 4) is None
    assert line_at(4, 8) == (4, 4)
    assert line_at(9, 0) is None


def test_statements_on_one_line_are_steps_of_their_own() -> None:
    assert lines("a = 1; b = 2; c = 3") == [1, 1, 1]


def test_a_statement_over_several_lines_is_one_step_on_its_first() -> None:
    assert lines("x = (\n    1 +\n    2\n)\ny = 1") == [1, 5]


def test_a_loop_counts_its_iterations() -> None:
    source = """
        for i in range(2):
            x = i
            y = i
        z = 1
        """
    assert steps(source) == [(2, 0), (3, 0), (2, 1), (3, 1), (4, None)]


def test_nested_loops_count_the_outermost() -> None:
    source = """
        for epoch in range(2):
            for batch in range(2):
                x = batch
        """
    assert steps(source) == [(3, 0), (3, 0), (3, 1), (3, 1)]


def test_a_second_loop_counts_from_zero() -> None:
    source = """
        for i in range(2):
            x = i
        while i < 3:
            i += 1
        """
    trace = Trace(source).run()
    assert trace.steps == [(2, 0), (2, 1), (4, 0), (4, 1)]
    assert trace.program.loops == [1, 3]


def test_a_loop_inside_a_condition_is_outermost() -> None:
    assert steps("if True:\n    for i in range(2):\n        x = i") == [(3, 0), (3, 1)]


def test_the_else_of_a_loop_is_outside_it() -> None:
    source = """
        for i in range(1):
            x = i
        else:
            y = 1
        """
    assert steps(source) == [(2, 0), (4, None)]


def test_break_and_continue_are_steps() -> None:
    source = """
        for i in range(3):
            if i == 0:
                continue
            break
        else:
            never = 1
        """
    assert steps(source) == [(3, 0), (4, 1)]


@pytest.mark.parametrize(("x", "taken"), [(1, 3), (2, 5), (3, 7)])
def test_only_the_taken_branch_makes_steps(x: int, taken: int) -> None:
    source = f"""
        x = {x}
        if x == 1:
            y = 1
        elif x == 2:
            y = 2
        else:
            y = 3
        """
    assert lines(source) == [1, taken]


def test_a_condition_and_its_body_may_share_a_line() -> None:
    assert lines("if True: x = 1\nwhile True: break") == [1, 2]


def test_try_steps_through_all_its_parts() -> None:
    source = """
        try:
            x = 1
            x / 0
            never = 1
        except ZeroDivisionError as error:
            y = 2
        else:
            never = 2
        finally:
            z = 3
        try:
            a = 1
        except* ValueError:
            never = 3
        else:
            b = 2
        """
    assert lines(source) == [2, 6, 10, 12, 16]


def test_with_and_match_are_entered() -> None:
    source = """
        import contextlib
        with contextlib.nullcontext(5) as five:
            x = five
        match x:
            case 5 if x > 1:
                y = 1
            case _:
                y = 2
        """
    trace = Trace(source).run()
    assert trace.lines == [1, 3, 6]
    assert trace.begun == [1, 2, 3, 4, 6]


def test_a_call_is_one_step_whatever_it_does() -> None:
    source = """
        def f(n):
            total = 0
            for i in range(n):
                total += i
            return total
        x = f(3)
        """
    assert lines(source) == [1, 6]


def test_definitions_begin_at_their_first_decorator() -> None:
    source = """
        def same(f): return f
        @same
        @same
        def f(): pass
        @same
        class A:
            x = 1
            def g(self): return self.x
        @same
        async def h(): pass
        """
    assert lines(source) == [1, 2, 5, 9]


def test_the_docstring_and_future_imports_keep_their_meaning() -> None:
    source = '''
        """What this is."""
        from __future__ import annotations
        from __future__ import division
        x: Unknown = 1
        '''
    trace = Trace(source).run()
    assert trace.names["__doc__"] == "What this is."
    assert trace.lines == [2, 3, 4]
    assert trace.names["__annotations__"] == {"x": "Unknown"}


def test_the_engines_own_future_imports_do_not_leak() -> None:
    assert Trace("x: int = 1").run().names["__annotations__"] == {"x": int}


def test_a_number_or_name_alone_is_a_step_and_no_docstring() -> None:
    trace = Trace("5\nx = 1").run()
    assert trace.lines == [1, 2]
    assert trace.names.get("__doc__") is None


def test_class_bodies_do_not_mangle_the_hooks() -> None:
    source = """
        class A:
            __private = 1
            for i in range(2):
                x = i
            def f(self): return self.__private
        y = A().f()
        """
    trace = Trace(source).run()
    assert trace.lines == [1, 6]
    assert trace.names["y"] == 1


def test_global_at_module_level_is_no_step() -> None:
    assert lines("global x\nx = 1") == [2]


def test_the_script_computes_what_it_computes_without_hooks() -> None:
    source = textwrap.dedent("""
        import contextlib
        total = 0
        for i in range(5):
            if i == 3:
                continue
            total += i
        else:
            total *= 2
        while total > 7:
            total -= 1
            if total == 9: break
        try:
            [][1]
        except IndexError:
            total += 100
        finally:
            total += 1000
        squares = [n * n for n in range(3)]
        """)
    plain: dict[str, Any] = {}
    exec(source, plain)
    hooked = Trace(source).run().names
    for name in ("total", "i", "squares"):
        assert hooked[name] == plain[name]


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n\n\ny = 1 / 0",
        "def f():\n    x = 1\n    return x / 0\n\nfor i in range(3):\n    f()",
        "with open('no such file') as file:\n    pass",
        "try:\n    with open('no such file'): x = 1\nexcept KeyError:\n    pass",
        "try:\n    1 / 0\nfinally:\n    x = 1",
        "if 1 / 0:\n    pass",
        "for x in 5:\n    pass",
    ],
)
def test_tracebacks_are_those_of_the_plain_script(source: str) -> None:
    def places(code: Any, names: dict[str, Any]) -> list[tuple[int | None, int | None, int | None]]:
        try:
            exec(code, names)
        except Exception as error:
            stack = traceback.TracebackException.from_exception(error).stack
            own = [frame for frame in stack if frame.filename == PATH]
            return [(frame.lineno, frame.end_lineno, frame.colno) for frame in own]
        raise AssertionError("it did not raise")

    trace = Trace(source)
    assert places(trace.program.code, trace.names) == places(compile(source, PATH, "exec"), {})


def test_a_statement_that_raises_has_a_before_hook_and_no_after_hook() -> None:
    trace = Trace("x = 1\ny = 1 / 0")
    with pytest.raises(ZeroDivisionError):
        trace.run()
    assert trace.begun == [1, 2]
    assert trace.lines == [1]


def test_a_script_may_be_empty() -> None:
    assert steps("") == []
    assert steps("# only a comment") == []


@pytest.mark.parametrize("source", ["x = = 1", "return 1", "break", "x = 1\n  y = 2", "await f()"])
def test_syntax_errors_are_pythons_own(source: str) -> None:
    with pytest.raises(SyntaxError) as expected:
        compile(source, PATH, "exec")
    with pytest.raises(SyntaxError) as found:
        instrument(source, PATH)
    assert (found.value.msg, found.value.lineno) == (expected.value.msg, expected.value.lineno)


# Knobs


@pytest.mark.parametrize("value", [0.5, -3, 1e-12, True, "sgd", [1.0, 2.0], None, 10**20])
def test_a_knob_replaces_the_value_on_its_line(value: object) -> None:
    trace = Trace("lr = 0.1  # @param\nx = lr", {1: value}).run()
    assert trace.names["x"] == value
    assert trace.lines == [1, 2]


def test_a_knob_may_be_annotated_or_in_a_block() -> None:
    source = "n: int = 3\nif True:\n    lr = 0.1\n"
    names = Trace(source, {1: 5, 3: 0.25}).run().names
    assert (names["n"], names["lr"]) == (5, 0.25)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_knob_may_be_infinite_or_nan(value: float) -> None:
    found = Trace("x = 1.0", {1: value}).run().names["x"]
    assert str(found) == str(value)


def test_a_knob_on_a_line_without_an_assignment_is_refused() -> None:
    with pytest.raises(ValueError, match="no assignment stands on line 2"):
        instrument("x = 1\nprint(x)\n", PATH, {2: 5})


def test_every_statement_kind_of_the_language_is_known() -> None:
    """A new kind of statement in Python must be listed here: simple, or with a body to enter."""
    compound = {"If", "For", "While", "With", "Try", "TryStar", "Match"}
    definitions = {"FunctionDef", "AsyncFunctionDef", "ClassDef", "AsyncFor", "AsyncWith"}
    simple = {
        "AnnAssign",
        "Assert",
        "Assign",
        "AugAssign",
        "Break",
        "Continue",
        "Delete",
        "Expr",
        "Global",
        "Import",
        "ImportFrom",
        "Nonlocal",
        "Pass",
        "Raise",
        "Return",
        "TypeAlias",
    }
    known = compound | definitions | simple
    assert {kind.__name__ for kind in ast.stmt.__subclasses__()} <= known
