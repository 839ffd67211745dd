"""Parts of large values at a recorded step, brought by a replay in the real engine."""

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
from tutor.session.replays.query import Pager
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


class Book:
    """A pager and the thread-safe bell that it rings."""

    def __init__(self, engine: Engine, launch: Launch) -> None:
        self._bell = threading.Event()
        self.pager = Pager(Fetched, engine, launch, self._bell.set)

    def settle(self) -> None:
        """Wait until the newest question is answered, or is known to have no answer."""
        end = monotonic() + 30
        while self.pager.is_running:
            assert self._bell.wait(end - monotonic()), "no answer"
            self._bell.clear()
            self.pager.drain(Timeline())

    def page(self, step: int, name: str, index: str = "", rows: tuple[int, int] = (0, 4),
             cols: tuple[int, int] = (0, 4)) -> list[list[float]]:  # fmt: skip
        self.pager.want(step, Fetch(name, index, rows, cols))
        self.settle()
        answer = self.pager.answer
        assert answer is not None, self.pager.failure
        assert answer.step == step
        assert not answer.found.problem
        assert answer.found.part is not None
        shown = values.array(answer.found.part)
        assert shown is not None
        return shown.tolist()


@pytest.fixture
def opened(engine: Engine, tmp_path: Path) -> Iterator[Callable[..., Book]]:
    books: list[Book] = []

    def launch(source: str = SCRIPT, **changes: object) -> Book:
        path = str(tmp_path / "script.py")
        books.append(Book(engine, Launch(path, source, **changes)))  # type: ignore[arg-type]
        return books[-1]

    yield launch
    for book in books:
        book.pager.close()


def test_a_window_as_it_was_at_the_step(opened: Callable[..., Book]) -> None:
    book = opened()
    whole = np.arange(300 * 500.0).reshape(300, 500)
    assert book.page(5, "w", rows=(120, 122), cols=(498, 510)) == whole[120:122, 498:].tolist()
    # After the first update each weight is w - 0.5 * 2w = 0.
    assert book.page(9, "w", rows=(9, 10)) == [[0, 0, 0, 0]]
    assert book.page(8, "w.grad", rows=(1, 2), cols=(0, 3)) == [[1000, 1002, 1004]]


def test_slices_types_and_arrays(opened: Callable[..., Book]) -> None:
    book = opened()
    cube = np.arange(6 * 50 * 40).reshape(6, 50, 40)
    found = book.page(6, "cube", "[3:5, :, 0]")
    assert found == cube[3:5, :4, 0].tolist()
    assert book.pager.answer is not None and book.pager.answer.found.shape == (2, 50)
    assert book.page(11, "cube", "[5, 49]", rows=(0, 1), cols=(38, 40)) == [[11999, 12000]]
    assert book.page(6, "half", rows=(0, 1), cols=(1, 3)) == [[0.333984375, 0.66796875]]
    assert book.page(6, "grid", "[::2]", rows=(44, 45), cols=(0, 2)) == [[8800, 8801]]
    assert book.page(6, "cube", "[1, 2, 3]") == [[2083]]
    assert book.page(6, "cube", "[:0]", rows=(0, 4)) == []


def test_what_has_no_parts_is_told(opened: Callable[..., Book]) -> None:
    book = opened()
    for name, index, told in [
        ("lr", "", "lr is no tensor here"),
        ("nobody", "", "nobody is no tensor here"),
        ("w.grad", "", "w.grad is no tensor here"),
        ("w", "[400]", "w[400] (300x500): index 400 is out of bounds"),
        ("w", "[oops]", "numbers and colons only"),
    ]:
        book.pager.want(7, Fetch(name, index))
        book.settle()
        assert book.pager.answer is not None
        assert told in book.pager.answer.found.problem


def test_the_last_step_can_be_looked_at(opened: Callable[..., Book]) -> None:
    book = opened()
    assert book.page(LAST, "last", "[0, 0]", rows=(0, 1)) == [[200, 202, 204, 206]]
    book.pager.want(LAST + 5, Fetch("last"))
    book.settle()
    assert book.pager.failure.startswith(f"the script came to its end in step {LAST + 5}")


def test_an_edit_of_that_very_step_is_made(opened: Callable[..., Book]) -> None:
    book = opened(edits=(Edit(5, "w[0, 1]", 77.0),))
    assert book.page(5, "w", "[0]", rows=(0, 1)) == [[0, 77, 2, 3]]
    assert book.page(4, "w", "[0]", rows=(0, 1)) == [[0, 1, 2, 3]]


def test_only_the_newest_question_is_answered(opened: Callable[..., Book]) -> None:
    book = opened()
    for row in range(50):
        book.pager.want(500, Fetch("cube", f"[0, {row}]", (0, 1), (0, 1)))
    assert book.pager.is_running
    assert book.pager.progress.startswith("replaying to step 500: ")
    book.settle()
    assert book.pager.answer is not None
    assert book.pager.answer.found.fetch.index == "[0, 49]"
    # On with the same replay, and the questions in between are no longer heard of.
    book.pager.want(506, Fetch("cube", "[0, 49]", (0, 1), (0, 1)))
    assert book.pager.answer is None
    assert book.page(506, "cube", "[0, 0]", (0, 1), (0, 1)) == [[100]]


def test_a_worker_that_died_is_told_and_replaced(opened: Callable[..., Book]) -> None:
    book = opened("import os, torch\npid = torch.tensor([os.getpid()])\n")
    [[pid]] = book.page(2, "pid")
    os.kill(int(pid), signal.SIGKILL)
    # The next question meets a worker that is gone.
    book.pager.want(2, Fetch("pid", "[0]"))
    book.settle()
    assert book.pager.failure.startswith("the replay to step 2 ended: ")
    assert "SIGKILL" in book.pager.failure and "\n" not in book.pager.failure
    assert book.pager.answer is None and not book.pager.is_running
    assert book.page(2, "pid") != [[pid]]
    assert book.pager.failure == ""


def test_a_script_that_dies_on_the_way(opened: Callable[..., Book]) -> None:
    book = opened("import os\nx = 1\nos._exit(3)\n")
    book.pager.want(3, Fetch("x"))
    book.settle()
    assert "exit status 3" in book.pager.failure


def test_the_end_inside_a_block_and_an_exit(opened: Callable[..., Book]) -> None:
    source = "import torch\nfor i in range(2):\n    w = torch.full((80, 80), float(i))"
    assert opened(source).page(3, "w", "[0]", (0, 1), (0, 2)) == [[1, 1]]
    assert opened(source + "\nraise SystemExit").page(3, "w", "[0]", (0, 1), (0, 1)) == [[1]]
