"""Scripts that misbehave, in a real terminal: one clear line, and the steps stay recorded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import END, HOME, LEFT, REOPEN, RIGHT, Terminal, tutor

ENDS = {
    "raises": ("values[3]", "IndexError"),
    "leaves": ("os._exit(3)", "exit status 3"),
    "aborts": ("os.abort()", "SIGABRT"),
    "asks": ("name = input('who? ')", "EOFError"),
}
"""The last statement of a script, and what the status line says about its end."""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Start one program for all scripts: each overwrites the file of the last and is reopened."""
    path = tmp_path_factory.mktemp("scripts") / "script.py"
    path.write_text("first = 1\n")
    with tutor("open", path.name, size=(120, 40), folder=path.parent) as terminal:
        terminal.wait_for("waiting before line 1")
        yield terminal


@pytest.fixture
def opened(terminal: Terminal):
    """Return a function that opens a script given as text."""

    def open_(source: str) -> Path:
        path = terminal.folder / "script.py"
        path.write_text(source)
        terminal.press(REOPEN, f"► 1 {source.splitlines()[0]}", "step 0 │ waiting before line 1")
        return path

    return open_


@pytest.mark.parametrize("kind", ENDS)
def test_the_end_of_a_script_is_one_line_and_its_steps_stay(terminal, opened, kind):
    statement, named = ENDS[kind]
    opened(f"import os\nvalues = [1]\nfirst = 1\nsecond = 2\n{statement}\n")
    terminal.press("r", "script.py:5: ", named)
    assert "script.py:5: " in terminal.status
    assert named in terminal.status
    terminal.press(HOME, "step 1 of")
    terminal.press(RIGHT + RIGHT, "step 3 of")
    terminal.until(lambda: "first" in terminal.pane("tensors"))
    terminal.until(lambda: "second" not in terminal.pane("tensors"))
    terminal.press(RIGHT, "step 4 of")
    terminal.until(lambda: "second" in terminal.pane("tensors"))


def test_a_hundred_thousand_prints_leave_their_last_lines_and_every_step(terminal, opened):
    opened("for i in range(100_000):\n    print('line', i)\n")
    terminal.press("r", "finished: every step is recorded", "line 99999", limit=60)
    tip = terminal.status.split()[3]
    terminal.press(HOME, f"step 1 of {tip} ")
    terminal.press(RIGHT, f"step 2 of {tip} ")
    terminal.until(lambda: "line 0" in terminal.pane("output"))
    terminal.press(END, "line 99999")


def test_an_endless_loop_can_be_paused_and_its_steps_stay(terminal, opened):
    opened("count = 0\nwhile True:\n    count += 1\n")
    terminal.press("r", "running on", "count = ")
    terminal.press("p", "paused before line 3")
    # Steps that were recorded before the worker paused are still arriving.
    terminal.settle()
    terminal.send(END)
    terminal.settle()
    here = terminal.text
    terminal.send(LEFT)
    terminal.until(lambda: terminal.text != here)
    terminal.press(HOME, "step 1 of")
    terminal.send(END)
    terminal.until(lambda: terminal.text == here)


def test_a_call_that_never_returns_can_be_paused_inside_its_line(terminal, opened):
    opened("first = 1\nsum(iter(int, 1))\n")
    terminal.press("r", "running on · line 2 for")
    terminal.press("p", "paused inside line 2")
    terminal.press(HOME, "step 1 of 1 ")


def test_a_script_that_is_deleted_while_it_is_open_goes_on(terminal, opened):
    path = opened("first = 1\nsecond = 2\nthird = undefined\n")
    terminal.press(RIGHT, "step 1 of 1 ")
    path.unlink()
    terminal.press(RIGHT, "step 2 of 2 ")
    terminal.press("r", "script.py:3: NameError: name 'undefined' is not defined")
    terminal.press(HOME, "step 1 of 2 ")
    terminal.press(REOPEN, "script.py", "cannot be opened")


def test_a_syntax_error_is_shown_when_the_script_is_reopened(terminal, opened):
    path = opened("first = 1\n")
    terminal.press("r", "finished")
    path.write_text("first = 1\nsecond = (2\n")
    terminal.press(REOPEN, "script.py:2", "'(' was never closed")
    terminal.press(HOME, "step 1 of 1 ")


def test_a_syntax_error_is_one_line_before_there_is_a_screen(tmp_path):
    (tmp_path / "script.py").write_text("first = 1\nsecond = (2\n")
    with tutor("open", "script.py", folder=tmp_path) as terminal:
        assert terminal.ends() == 2
        assert terminal.raw.startswith(b"tutor: script.py:2: syntax error: '(' was never closed")
        assert terminal.raw.count(b"\n") == 1
