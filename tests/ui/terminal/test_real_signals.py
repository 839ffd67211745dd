"""When the screen ends, for whatever reason, everything that it started ends with it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import monotonic

import pytest
from pseudo_terminal import LEAVE_SCREEN, Terminal, is_alive, tutor

SCRIPTS = {
    "an endless loop": "step = 0\nwhile True:\n    step += 1\n",
    "a C call that never returns": "first = 1\nsum(iter(int, 1))\n",
    "a child process": "import subprocess\nsubprocess.run(['sleep', '1000'])\n",
}

WAYS: dict[str, Callable[[Terminal], None]] = {
    "SIGHUP": Terminal.hang_up,
    "SIGTERM": lambda terminal: terminal.signal(signal.SIGTERM),
    "SIGKILL": lambda terminal: terminal.signal(signal.SIGKILL),
}

LIMIT = 20.0
"""Seconds until it is said that something never ends."""

CASES = [
    (way, script)
    for way in WAYS
    for script in SCRIPTS
    # A script's own children are the same to whoever ends the engine.
    if script != "a child process" or way == "SIGKILL"
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Terminal]]:
    """For each case a program in the midst of its script: they all start while the first waits."""
    with ExitStack() as stack:
        terminals = {}
        for case in CASES:
            path = tmp_path_factory.mktemp("script") / "script.py"
            path.write_text(SCRIPTS[case[1]])
            terminals[case] = stack.enter_context(tutor("open", str(path)))
        yield terminals


@pytest.mark.parametrize(("way", "script"), CASES)
def test_after_the_screen_is_told_to_end_no_process_is_left(running, way, script):
    terminal = running[way, script]
    terminal.wait_for("waiting before line 1")
    terminal.send("r")
    # The statement that never ends is told of after half a second.
    terminal.wait_for("running on" if "loop" in script else "running on · line 2 for")
    started = terminal.descendants()
    assert len(started) >= (3 if script == "a child process" else 2)

    WAYS[way](terminal)
    end = monotonic() + LIMIT
    while alive := [pid for pid in started if is_alive(pid)]:
        assert monotonic() < end, f"{alive} of {started} live"
        if way == "SIGTERM":
            terminal.read(timeout=0.01)
    if way == "SIGTERM":
        assert terminal.ends() == 0
        assert LEAVE_SCREEN in terminal.raw
    # It tries to leave properly, which a terminal that is gone may keep it from.
    while is_alive(terminal.child.pid):
        assert monotonic() < end, "the screen lives"
