"""The app in a real pseudo-terminal: its signals, its environment, a slow link."""

import signal
from functools import partial
from pathlib import Path

import pytest
from pseudo_terminal import LEAVE_SCREEN, RIGHT, tutor

demo = partial(tutor, command=(str(Path(__file__).parents[1] / "demo.py"),))
"""The app over the fake engine."""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"LANG": "C"}, {"TERM": "linux"}])
def test_a_script_is_stepped_and_left(size: tuple[int, int], environment: dict[str, str]) -> None:
    with demo(size=size, **environment) as t:
        t.wait_for("waiting before line 6")
        t.send(RIGHT * 6)
        t.wait_for("step 6 of 6")
        t.wait_for("w.grad = [4 -4]")
        t.send("q")
        assert t.ends() == 0
        assert LEAVE_SCREEN in t.raw


def test_without_colour_nothing_is_coloured() -> None:
    with demo(NO_COLOR="1") as t:
        t.wait_for("waiting before line 6")
        t.send("r")
        t.wait_for("finished")
        colours = {cell.fg for row in t.emulator.buffer.values() for cell in row.values()}
        assert colours <= {"default"} | {c for c in colours if _is_grey(c)}


def _is_grey(colour: str) -> bool:
    return len(colour) == 6 and colour[:2] == colour[2:4] == colour[4:]


def test_a_dumb_terminal_gets_one_line() -> None:
    with demo(TERM="dumb") as t:
        assert t.ends() == 2
        assert "TERM=dumb" in t.text
        assert "\x1b" not in t.raw.decode()


def test_an_encoding_without_box_drawings_gets_ascii() -> None:
    with demo(LANG="C", PYTHONIOENCODING="latin-1", PYTHONCOERCECLOCALE="0") as t:
        t.wait_for("waiting before line 6")
        assert "1 source" in t.text
        assert t.raw.isascii()


def test_a_terminal_that_is_too_small_gets_one_line() -> None:
    with demo(size=(39, 12)) as t:
        t.wait_for("tutor needs at least 40x12")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with demo() as t:
        t.wait_for("waiting before line 6")
        t.signal(number)
        t.ends()
        assert LEAVE_SCREEN in t.raw


def test_keys_that_arrive_together_do_the_same_as_one_by_one() -> None:
    with demo(size=(80, 24)) as t:
        t.wait_for("waiting before line 6")
        t.send("t")
        t.wait_for("t twin")
        # All at once, as over a slow link: zoom, the notes, the pane before them.
        t.send("\r2\x1b[Z")
        others = ("2 notes", "t twin")
        t.until(lambda: "1 source" in t.text and not any(name in t.text for name in others))


def test_the_pane_of_the_last_key_gets_the_focus() -> None:
    with demo(size=(80, 24)) as t:
        t.wait_for("waiting before line 6")
        # The twin must be laid out before it can get the focus; the source is already visible.
        t.send("t1")
        t.wait_for("t twin")
        t.send("\r")
        t.until(lambda: "1 source" in t.text and "t twin" not in t.text)


def test_the_screen_is_repainted_after_a_stop() -> None:
    with demo() as t:
        t.wait_for("waiting before line 6")
        t.signal(signal.SIGTSTP)
        # Before it is stopped, a SIGCONT would be lost.
        t.until(lambda: LEAVE_SCREEN in t.raw and t.is_stopped())
        t.emulator.reset()
        t.signal(signal.SIGCONT)
        t.wait_for("waiting before line 6")
        t.wait_for("1 source")


def test_a_slow_link_skips_screens_instead_of_falling_behind() -> None:
    with demo(size=(120, 40)) as t:
        t.wait_for("waiting before line 6")
        before = len(t.raw)
        # 30 presses a second, and a link that carries a tenth of their output.
        t.child.delaybeforesend = 1 / 30
        for _ in range(60):
            t.send(RIGHT)
            t.read(150, 0)
        t.until(lambda: "step 60 of 60" in t.text, size=150)
        # All of them would be some 40 kB.
        assert len(t.raw) - before < 30_000


def test_nothing_is_sent_while_nothing_happens() -> None:
    with demo() as t:
        t.wait_for("waiting before line 6")
        t.send(RIGHT)
        t.wait_for("step 1 of 1")
        t.until(lambda: t.read(timeout=0.5) == 0)
        assert t.read(timeout=1.5) == 0
