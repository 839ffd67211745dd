"""Lessons in a real pseudo-terminal with the real engine."""

import signal
from pathlib import Path

import pytest
from pseudo_terminal import COLOUR, END, ENTER, HOME, LEAVE_SCREEN, LEFT, RIGHT, Terminal, tutor

PANES = ("tensors", "gradients", "loss", "output", "notes")
"""Panes that depend on the step alone. The source also depends on where it was scrolled to."""

STEPS = 21
"""Just after the second loss: two steps before, the panes show the first one."""


def test_the_menu_lists_the_lessons_before_torch_is_loaded_and_opens_one():
    with tutor() as terminal:
        terminal.wait_for("numpy_twin", "looking for a device")
        assert not _has_torch(terminal.child.pid)
        terminal.wait_for("torch 2")
        terminal.press(ENTER, "1 source · 10_numpy_twin.py", "waiting before")
        terminal.press("q", "one statement at a time")
        assert not _has_torch(terminal.child.pid)
        terminal.send("q")
        assert terminal.ends() == 0


@pytest.mark.parametrize(
    ("size", "environment"),
    [
        ((80, 24), {}),
        ((120, 40), {}),
        ((120, 40), {"NO_COLOR": "1"}),
        ((80, 24), {"LANG": "C"}),
    ],
    ids=["80x24", "120x40", "NO_COLOR", "LANG=C"],
)
def test_a_lesson_is_stepped_rewound_played_and_run_to_its_end(size, environment):
    with tutor("open", "three_points", size=size, **environment) as terminal:
        terminal.wait_for("waiting before line 9")
        if not terminal.pane("loss"):
            terminal.press("5", "5 loss")
        for step in range(1, STEPS + 1):
            terminal.press(RIGHT, f"step {step} of {step} ")
        terminal.settle()
        assert "loss 0.0740742" in terminal.pane("loss")
        shown = {STEPS: _panes(terminal)}
        for step in (STEPS - 1, STEPS - 2):
            terminal.press(LEFT, f"step {step} of {STEPS} ")
            terminal.settle()
            shown[step] = _panes(terminal)
        assert "loss 4.66667" in shown[STEPS - 2]["loss"]

        # A step looks the same however it is reached.
        terminal.press(HOME, f"step 1 of {STEPS} ")
        terminal.until(lambda: "has no value yet" in terminal.pane("loss"))
        terminal.press(END, f"step {STEPS} of {STEPS} ")
        terminal.until(lambda: _panes(terminal) == shown[STEPS])
        terminal.press(LEFT + LEFT, f"step {STEPS - 2} of {STEPS} ")
        terminal.until(lambda: _panes(terminal) == shown[STEPS - 2])
        terminal.press(RIGHT, f"step {STEPS - 1} of {STEPS} ")
        terminal.until(lambda: _panes(terminal) == shown[STEPS - 1])

        iteration = _iteration(terminal)
        terminal.press("]", f"iteration {iteration + 1} ")
        terminal.press("p++", "playing at 16 steps/s")
        terminal.until(lambda: _iteration(terminal) > iteration + 1)
        terminal.send("p")
        terminal.until(lambda: "playing" not in terminal.text)
        terminal.press("r", "finished: every step is recorded")
        terminal.until(lambda: "0.00292078" in terminal.pane("loss"))

        terminal.send("q")
        assert terminal.ends() == 0
        assert LEAVE_SCREEN in terminal.raw
        if environment.get("NO_COLOR"):
            assert not COLOUR.search(terminal.raw)


def test_after_many_fast_steps_the_screen_equals_a_full_repaint():
    with tutor("open", "three_points", size=(120, 40)) as terminal:
        terminal.wait_for("waiting before line 9")
        terminal.send(RIGHT * 30)
        terminal.settle()
        # A key that arrives during a slow statement is dropped, which a busy machine makes likely.
        terminal.press(f"g30{ENTER}", "step 30 of 30 ")
        terminal.press(LEFT * 10, "step 20 of 30 ")
        terminal.settle()
        changes_alone = terminal.text
        _stop_and_continue(terminal)
        terminal.until(lambda: terminal.text == changes_alone)


def test_the_next_statement_is_in_view_behind_a_long_note():
    with tutor("open", "leaf_update", size=(80, 24)) as terminal:
        terminal.wait_for("waiting before")
        for step in range(1, 7):
            terminal.press(RIGHT, f"step {step} of {step} ")
        terminal.wait_for("waiting before line 22")
        terminal.until(lambda: "► 22" in terminal.pane("source"))
        assert "✓ 17" in terminal.pane("source")


def test_a_stopped_program_repaints_everything_when_it_continues():
    with tutor() as terminal:
        terminal.wait_for("numpy_twin")
        _stop_and_continue(terminal)
        terminal.wait_for("one statement at a time", "numpy_twin", "quit")


def test_a_dumb_terminal_gets_one_line():
    with tutor("open", "descend", TERM="dumb") as terminal:
        assert terminal.ends() == 2
        assert terminal.raw.startswith(b"tutor: this terminal (TERM=dumb) ")
        assert terminal.raw.count(b"\n") == 1
        assert b"\x1b" not in terminal.raw


def test_a_small_terminal_gets_one_line_until_it_is_made_larger():
    with tutor(size=(30, 10)) as terminal:
        terminal.until(lambda: "at least 40x12" in " ".join(terminal.text.split()))
        assert "numpy_twin" not in terminal.text
        terminal.resize(80, 24)
        terminal.wait_for("numpy_twin", "quit")
        assert "at least" not in terminal.text
        terminal.resize(30, 10)
        terminal.until(lambda: "at least 40x12" in " ".join(terminal.text.split()))
        terminal.resize(120, 40)
        terminal.wait_for("numpy_twin", "quit")


def _panes(terminal: Terminal) -> dict[str, str]:
    return {name: terminal.pane(name) for name in PANES}


def _iteration(terminal: Terminal) -> int:
    return int(terminal.status.partition("iteration ")[2].split()[0])


def _has_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()


def _stop_and_continue(terminal: Terminal) -> None:
    """Stop and continue, as Ctrl+Z and `fg` do; in between the screen is overwritten."""
    left = terminal.raw.count(LEAVE_SCREEN)
    terminal.signal(signal.SIGTSTP)
    # Before it is stopped, a SIGCONT would be lost.
    terminal.until(lambda: terminal.raw.count(LEAVE_SCREEN) > left and terminal.is_stopped())
    terminal.emulator.reset()
    terminal.signal(signal.SIGCONT)
