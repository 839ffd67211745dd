"""The screen ends otherwise than by a key: what was recorded is kept, and one line says so."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pseudo_terminal import LEAVE_SCREEN, RIGHT, Terminal, is_alive, tutor

from tutor.history.recording.tree import open_
from tutor.session import unfinished

demo = partial(tutor, command=(str(Path(__file__).parents[1] / "demo.py"),))

ENDS: dict[str, tuple[Callable[[Terminal], None], str, int]] = {
    "SIGTERM": (lambda terminal: terminal.signal(signal.SIGTERM), "ended by SIGTERM", 143),
    "SIGHUP": (lambda terminal: terminal.signal(signal.SIGHUP), "ended by SIGHUP", 129),
}
"""What ends the screen, the words that say so, and the exit status."""


def kept(state: Path) -> list[Path]:
    return sorted((state / "tutor" / "unfinished").glob("*"))


def stepped(terminal: Terminal) -> None:
    """Take nine steps."""
    terminal.wait_for("waiting before line 6")
    terminal.send(RIGHT * 9)
    terminal.wait_for("step 9 of 9")


@pytest.mark.parametrize("name", ENDS)
def test_after_a_signal_all_that_was_recorded_is_kept(name: str, tmp_path: Path) -> None:
    end, words, status = ENDS[name]
    with demo(XDG_STATE_HOME=str(tmp_path)) as t:
        stepped(t)
        end(t)
        assert t.ends() == status
        told = t.raw.rpartition(LEAVE_SCREEN)[2].decode().strip().splitlines()[-1]
        assert words in told
        assert "tutor open --last goes on" in told
        assert "Traceback" not in told
    (path,) = kept(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    recording = open_(path)
    assert [len(run.timeline) for run in recording.runs] == [9]
    assert recording.cursor == 9


def test_after_the_connection_dropped_all_that_was_recorded_is_kept(tmp_path: Path) -> None:
    with demo(XDG_STATE_HOME=str(tmp_path)) as t:
        stepped(t)
        t.hang_up()
        t.until(lambda: not is_alive(t.child.pid))
    (path,) = kept(tmp_path)
    assert len(open_(path).runs[0].timeline) == 9


def test_a_fault_of_a_pane_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    with demo("--fault", size=(120, 40), XDG_STATE_HOME=str(tmp_path)) as t:
        t.wait_for("waiting before line 6")
        t.send(RIGHT * 6)
        assert t.ends() == 1
        told = t.raw.rpartition(LEAVE_SCREEN)[2].decode()
        assert told.count("tutor:") == 1
        assert "IndexError" in told
        assert "tutor open --last goes on" in told
        assert "Traceback" not in told
    (path,) = kept(tmp_path)
    assert len(open_(path).runs[0].timeline) >= 5  # the first loss
    assert "Traceback" in (tmp_path / "tutor" / "fault.txt").read_text()


def test_where_nothing_was_recorded_nothing_is_kept(tmp_path: Path) -> None:
    with demo(XDG_STATE_HOME=str(tmp_path)) as t:
        t.wait_for("waiting before line 6")
        t.signal(signal.SIGTERM)
        assert t.ends() == 143
        assert "--last" not in t.text
    assert not kept(tmp_path)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk without room."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only the administrator of a Linux machine can make a full disk")
    (place / "filler").write_bytes(bytes(2**16))
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_full_disk_the_runs_are_kept_elsewhere(full_disk: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with demo(XDG_STATE_HOME=str(full_disk), TMPDIR=str(temporary)) as t:
        stepped(t)
        t.signal(signal.SIGTERM)
        t.ends()
        assert "is kept" in t.text
    (path,) = temporary.glob("tutor-unfinished-*/*")
    assert len(open_(path).runs[0].timeline) == 9


def test_open_last_goes_on_where_the_screen_ended(tmp_path: Path) -> None:
    script = tmp_path / "count.py"
    script.write_text("x = 0\nwhile x < 9:\n    x += 1\nprint(open('data').read())\n")
    (tmp_path / "data").write_text("of then")
    state = {"XDG_STATE_HOME": str(tmp_path)}
    with tutor("open", "count.py", folder=tmp_path, **state) as t:
        t.wait_for("waiting before line 1")
        t.send(RIGHT * 5)
        t.wait_for("step 5 of 5")
        t.send("ex = 7\r")
        t.wait_for("x = 7: step 5 of 5", "waiting before line 3")
        t.send(RIGHT)
        t.wait_for("step 6 of 6")
        t.signal(signal.SIGTERM)
        t.ends()
    with tutor("open", "--last", **state) as t:
        t.wait_for("x = 7: step 6 of 6", "waiting before line 3")
        # In the folder of then, though it is opened from another one.
        t.press("6", "6 output")
        t.press("r", "finished", "of then")
        t.press("b", "main", "5 steps")
        t.send("\x1b")
        t.until(lambda: "enter shows" not in t.text)
        t.press("q", "not saved")  # nothing is dropped without a question
        t.send("q")
        assert t.ends() == 0
    # It was left by a key, so the menu offers it no more; but nothing is lost.
    with tutor(**state) as t:
        t.wait_for("open")
        t.settle()
        assert "where you left off" not in t.text
    assert len(kept(tmp_path)) == 1


def test_without_an_unfinished_run_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    with tutor("open", "--last", XDG_STATE_HOME=str(tmp_path)) as t:
        assert t.ends() == 2
        assert "no screen ended unfinished" in t.text


def test_ctrl_q_leaves_at_once_and_keeps_the_runs(tmp_path: Path) -> None:
    with demo(XDG_STATE_HOME=str(tmp_path)) as t:
        stepped(t)
        t.send("\x11")
        assert t.ends() == 0
        assert "tutor open --last goes on" in t.text
    assert len(kept(tmp_path)) == 1


def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "folders", lambda: iter([tmp_path]))
    names = [f"2026-11-28-1200{number:02}-000000-run.tutor" for number in range(9)]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    unfinished._drop_oldest()
    assert sorted(path.name for path in tmp_path.iterdir()) == names[-unfinished.KEPT :]
