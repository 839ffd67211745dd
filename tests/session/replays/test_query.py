"""Parts of large values at a recorded step, found by a replay in the real engine."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from tutor.engine.client import Engine
from tutor.history.timeline import Timeline
from tutor.schema import values
from tutor.session.replays.query import QueryReplay
from tutor.wire.messages import Edit, Fetch, Fetched, Launch

SCRIPT = """\
import numpy as np, torch
w = torch.arange(300 * 500.0).reshape(300, 500).requires_grad_()
cube = torch.arange(6 * 50 * 40).reshape(6, 50, 40)
half = (torch.arange(10_000) / 3).bfloat16().reshape(100, 100)
grid = np.arange(9000.0).reshape(90, 100)
lr = 0.5
for i in range(100):
    loss = (w * w).sum()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad / (i + 1)
    w.grad = None
    cube += 1
last = cube * 2
"""
"""A pass of the loop is loss, backward, update, zero and cube: steps 7 to 11 are the first."""

LAST = 6 + 5 * 100 + 1
"""The last step of the script."""


class Desk:
    """A query and the thread-safe bell that it rings."""

    def __init__(self, engine: Engine, launch: Launch) -> None:
        self._bell = threading.Event()
        self.replay = QueryReplay(Fetched, engine, launch, self._bell.set)

    def settle(self) -> None:
        """Wait until the newest question is answered, or is known to have no answer."""
        end = monotonic() + 30
        while self.replay.is_awaited:
            assert self._bell.wait(end - monotonic()), "no answer"
            self._bell.clear()
            self.replay.drain(Timeline())

    def page(self, step: int, name: str, index: str = "", rows: tuple[int, int] = (0, 4),
             cols: tuple[int, int] = (0, 4)) -> list[list[float]]:  # fmt: skip
        self.replay.ask(step, Fetch(name, index, rows, cols))
        self.settle()
        answer = self.replay.answer
        assert answer is not None, self.replay.failure
        assert answer.step == step
        assert not answer.found.problem
        assert answer.found.part is not None
        shown = values.array(answer.found.part)
        assert shown is not None
        return shown.tolist()


@pytest.fixture
def opened(engine: Engine, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def launch(source: str = SCRIPT, **changes: object) -> Desk:
        path = str(tmp_path / "script.py")
        desks.append(Desk(engine, Launch(path, source, **changes)))  # type: ignore[arg-type]
        return desks[-1]

    yield launch
    for desk in desks:
        desk.replay.close()


def test_a_window_as_it_was_at_the_step(opened: Callable[..., Desk]) -> None:
    desk = opened()
    whole = np.arange(300 * 500.0).reshape(300, 500)
    assert desk.page(5, "w", rows=(120, 122), cols=(498, 510)) == whole[120:122, 498:].tolist()
    # After the first update each weight is w - 0.5 * 2w = 0.
    assert desk.page(9, "w", rows=(9, 10)) == [[0, 0, 0, 0]]
    assert desk.page(8, "w.grad", rows=(1, 2), cols=(0, 3)) == [[1000, 1002, 1004]]


def test_slices_types_and_arrays(opened: Callable[..., Desk]) -> None:
    desk = opened()
    cube = np.arange(6 * 50 * 40).reshape(6, 50, 40)
    found = desk.page(6, "cube", "[3:5, :, 0]")
    assert found == cube[3:5, :4, 0].tolist()
    assert desk.replay.answer is not None and desk.replay.answer.found.shape == (2, 50)
    assert desk.page(11, "cube", "[5, 49]", rows=(0, 1), cols=(38, 40)) == [[11999, 12000]]
    assert desk.page(6, "half", rows=(0, 1), cols=(1, 3)) == [[0.333984375, 0.66796875]]
    assert desk.page(6, "grid", "[::2]", rows=(44, 45), cols=(0, 2)) == [[8800, 8801]]
    assert desk.page(6, "cube", "[1, 2, 3]") == [[2083]]
    assert desk.page(6, "cube", "[:0]", rows=(0, 4)) == []


def test_what_has_no_parts_is_told(opened: Callable[..., Desk]) -> None:
    desk = opened()
    for name, index, problem in [
        ("lr", "", "lr is no tensor here"),
        ("nobody", "", "nobody is no tensor here"),
        ("w.grad", "", "w.grad is no tensor here"),
        ("w", "[400]", "w[400] (300x500): index 400 is out of bounds"),
        ("w", "[oops]", "numbers and colons only"),
    ]:
        desk.replay.ask(7, Fetch(name, index))
        desk.settle()
        assert desk.replay.answer is not None
        assert problem in desk.replay.answer.found.problem


def test_the_last_step_can_be_looked_at(opened: Callable[..., Desk]) -> None:
    desk = opened()
    assert desk.page(LAST, "last", "[0, 0]", rows=(0, 1)) == [[200, 202, 204, 206]]
    desk.replay.ask(LAST + 5, Fetch("last"))
    desk.settle()
    assert desk.replay.failure.startswith(f"the script came to its end in step {LAST + 5}")


def test_an_edit_of_that_very_step_is_made(opened: Callable[..., Desk]) -> None:
    desk = opened(edits=(Edit(5, "w[0, 1]", 77.0),))
    assert desk.page(5, "w", "[0]", rows=(0, 1)) == [[0, 77, 2, 3]]
    assert desk.page(4, "w", "[0]", rows=(0, 1)) == [[0, 1, 2, 3]]


def test_only_the_newest_question_is_answered(opened: Callable[..., Desk]) -> None:
    desk = opened()
    for row in range(50):
        desk.replay.ask(500, Fetch("cube", f"[0, {row}]", (0, 1), (0, 1)))
    assert desk.replay.is_awaited
    assert desk.replay.progress.startswith("replaying to step 500: ")
    desk.settle()
    assert desk.replay.answer is not None
    assert desk.replay.answer.found.fetch.index == "[0, 49]"
    # On with the same replay, and the questions in between are no longer heard of.
    desk.replay.ask(506, Fetch("cube", "[0, 49]", (0, 1), (0, 1)))
    assert desk.replay.answer is None
    assert desk.page(506, "cube", "[0, 0]", (0, 1), (0, 1)) == [[100]]


def test_a_worker_that_died_is_told_and_replaced(opened: Callable[..., Desk]) -> None:
    desk = opened("import os, torch\npid = torch.tensor([os.getpid()])\n")
    [[pid]] = desk.page(2, "pid")
    os.kill(int(pid), signal.SIGKILL)
    # The next question meets a worker that is gone.
    desk.replay.ask(2, Fetch("pid", "[0]"))
    desk.settle()
    assert desk.replay.failure.startswith("the replay to step 2 ended: ")
    assert "SIGKILL" in desk.replay.failure and "\n" not in desk.replay.failure
    assert desk.replay.answer is None and not desk.replay.is_awaited
    assert desk.page(2, "pid") != [[pid]]
    assert desk.replay.failure == ""


def test_a_script_that_dies_on_the_way(opened: Callable[..., Desk]) -> None:
    desk = opened("import os\nx = 1\nos._exit(3)\n")
    desk.replay.ask(3, Fetch("x"))
    desk.settle()
    assert "exit status 3" in desk.replay.failure


def test_the_end_inside_a_block_and_an_exit(opened: Callable[..., Desk]) -> None:
    source = "import torch\nfor i in range(2):\n    w = torch.full((80, 80), float(i))"
    assert opened(source).page(3, "w", "[0]", (0, 1), (0, 2)) == [[1, 1]]
    assert opened(source + "\nraise SystemExit").page(3, "w", "[0]", (0, 1), (0, 1)) == [[1]]
