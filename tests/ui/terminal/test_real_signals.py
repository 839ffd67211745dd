"""When the screen ends, for any reason, all processes that it started end too."""

import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest
from pseudo_terminal import LEAVE_SCREEN, Terminal, is_alive, tutor

SCRIPTS = {
    "an endless loop": "step = 0\nwhile True:\n    step += 1\n",
    "a C call that never returns": "first = 1\nsum(iter(int, 1))\n",
    "a child process": "import subprocess\nsubprocess.run(['sleep', '1000'])\n",
}

SIGNALS: dict[str, Callable[[Terminal], None]] = {
    "SIGHUP": Terminal.hang_up,
    "SIGTERM": lambda terminal: terminal.signal(signal.SIGTERM),
    "SIGKILL": lambda terminal: terminal.signal(signal.SIGKILL),
}

DEMO = str(Path(__file__).parents[1] / "demo.py")
"""The app over the fake engine."""

LIMIT = 20.0
"""Seconds after which a process counts as never ending."""

CASES = [
    (name, script)
    for name in SIGNALS
    for script in SCRIPTS
    # A script's own children do not depend on the signal.
    if script != "a child process" or name == "SIGKILL"
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Terminal]]:
    """Start a program for each case at once, so that the tests wait only for the slowest start."""
    with ExitStack() as stack:
        terminals = {}
        for case in CASES:
            path = tmp_path_factory.mktemp("script") / "script.py"
            path.write_text(SCRIPTS[case[1]])
            terminals[case] = stack.enter_context(tutor("open", str(path)))
        yield terminals


@pytest.mark.parametrize(("name", "script"), CASES)
def test_after_a_signal_to_the_screen_no_process_is_left(running, name, script):
    terminal = running[name, script]
    terminal.wait_for("waiting before line 1")
    terminal.send("r")
    # The status line names a slow statement after half a second.
    terminal.wait_for("running on" if "loop" in script else "running on · line 2 for")
    started = terminal.descendants()
    assert len(started) >= (3 if script == "a child process" else 2)

    SIGNALS[name](terminal)
    end = monotonic() + LIMIT
    while alive := [pid for pid in started if is_alive(pid)]:
        assert monotonic() < end, f"{alive} of {started} live"
        if name == "SIGTERM":
            terminal.read(timeout=0.01)
    if name == "SIGTERM":
        assert terminal.ends() == 128 + signal.SIGTERM
        assert LEAVE_SCREEN in terminal.raw
    # It tries to restore the terminal, which fails if that is gone.
    while is_alive(terminal.child.pid):
        assert monotonic() < end, "the screen lives"


def test_after_a_signal_to_the_screen_the_terminal_is_as_before():
    numbers = (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1)
    with ExitStack() as stack:
        terminals = [stack.enter_context(tutor(command=(DEMO,))) for _ in numbers]
        before = [termios.tcgetattr(terminal.child.child_fd) for terminal in terminals]
        for terminal in terminals:
            terminal.wait_for("waiting before line 6")
        for number, terminal, modes in zip(numbers, terminals, before, strict=True):
            assert termios.tcgetattr(terminal.child.child_fd) != modes
            terminal.signal(number)
        for terminal, modes in zip(terminals, before, strict=True):
            # Not `ends`: the modes are gone with the descriptor.
            terminal.until(lambda terminal=terminal: not is_alive(terminal.child.pid))
            assert termios.tcgetattr(terminal.child.child_fd) == modes
            terminal.ends()
            assert terminal.raw.rfind(LEAVE_SCREEN) > terminal.raw.rfind(b"\x1b[?1049h")
