"""Screenshots and asciicasts of a recording, made without a terminal."""

import io
import json
import re
import struct
from pathlib import Path

import pyte
import pytest

from tutor.history.recording.file import RecordingError
from tutor.history.recording.writer import writing
from tutor.schema.frame import Frame, TensorView
from tutor.ui.export import export_screen, screenshot, write_asciicast
from tutor.wire.messages import Ended, Launch, Started

SOURCE = "for i in range(3):\n    w = 3.0 - i\n"
SIZE = (100, 36)


@pytest.fixture
def recording(tmp_path: Path) -> str:
    return recorded(tmp_path / "walk.tutor", 6)


def recorded(path: Path, steps: int) -> str:
    with writing(path) as writer:
        writer.begin("main", Launch("walk.py", SOURCE))
        writer.take(Started(1, {"device": "cpu"}))
        for step in range(1, steps + 1):
            data = struct.pack("<f", 1000.0 + step)
            view = TensorView("tensor", (), "float32", "cpu", False, "<f4", data)
            writer.take(Frame(step, 2, 1, step - 1, "data", None, False, {"w": view}))
        writer.take(Ended("finished"))
    return str(path)


def played(events: list[list[object]]) -> list[int]:
    """Return the values of `w` in the tensors pane, after the events are played in a terminal."""
    terminal = pyte.Screen(*SIZE)
    stream = pyte.Stream(terminal)
    seen: list[int] = []
    for _, _, text in events:
        stream.feed(str(text))
        found = re.search(r"w scalar float32 (\d+)", " ".join("\n".join(terminal.display).split()))
        assert found is not None
        if int(found[1]) not in seen:
            seen.append(int(found[1]))
    return seen


def test_a_screenshot_shows_the_screen_at_a_step(recording: str) -> None:
    found = screenshot(recording, 4, SIZE)
    assert found.startswith("<svg")
    assert "1004" in found
    assert "1005" not in found


def test_an_asciicast_played_in_a_terminal_shows_every_step(recording: str) -> None:
    out = io.StringIO()
    assert write_asciicast(recording, SIZE, out) == 6
    header, *events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, *SIZE)
    times = [at for at, _, _ in events]
    assert times == sorted(times)
    assert {kind for _, kind, _ in events} == {"o"}
    assert played(events) == [1001, 1002, 1003, 1004, 1005, 1006]


def test_an_asciicast_of_a_long_run_shows_evenly_chosen_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.ui.export.MAX_STEPS", 5)
    out = io.StringIO()
    assert write_asciicast(recorded(tmp_path / "long.tutor", 41), SIZE, out) == 5
    events = [json.loads(line) for line in out.getvalue().splitlines()[1:]]
    assert played(events) == [1001, 1011, 1021, 1031, 1041]


def test_an_export_that_cannot_be_made_is_refused_in_one_line(
    recording: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match=r"step 7 is not recorded \(1 to 6 are\)"):
        screenshot(recording, 7, SIZE)
    with pytest.raises(RecordingError, match="has no branch 'b': it has main"):
        screenshot(f"{recording}@b", 1, SIZE)
    with pytest.raises(RecordingError, match="nothing is recorded"):
        write_asciicast(recorded(tmp_path / "none.tutor", 0), SIZE, io.StringIO())
    with pytest.raises(RecordingError, match="is no recording"):
        export_screen(str(tmp_path / "none.txt"), None, 1, SIZE)
    with pytest.raises(RecordingError, match="is not written over"):
        export_screen(recording, recording, 1, SIZE)
    with pytest.raises(RecordingError, match="cannot be written: no such file"):
        export_screen(recording, str(tmp_path / "nowhere" / "out.svg"), 1, SIZE)
