"""Each lesson holds what it claims, and ends under the engine as it ends under plain Python."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tutor.commands.check import Reviewer
from tutor.commands.run import Headless
from tutor.course.catalog import Entry, find, neighbours
from tutor.history.timeline import Timeline
from tutor.schema import values
from tutor.script.lesson import read

COURSE = find()


@pytest.fixture(scope="module")
def headless() -> Iterator[Headless]:
    with Headless() as running:
        yield running


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the final values of every lesson lie, run by plain Python."""
    folder = tmp_path_factory.mktemp("plain")
    scripts = [str(entry.path.absolute()) for entry in COURSE]
    command = [sys.executable, str(Path(__file__).with_name("plain.py")), str(folder), *scripts]
    # As the engine does: with several threads sums differ in their last digits.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, check=True, env=environment)
    return folder


@pytest.mark.parametrize("entry", COURSE, ids=lambda entry: entry.id)
def test_it_holds_and_ends_as_under_plain_python(
    entry: Entry, headless: Headless, plain: Path
) -> None:
    reviewer = Reviewer(headless, read(entry.path), None, neighbours(entry.path))
    assert list(reviewer.findings()) == []
    timeline = reviewer.review.timeline
    with np.load(plain / f"{entry.path.stem}.npz") as expected:
        for name in expected.files:
            agree(name, timeline, expected[name])


def agree(name: str, timeline: Timeline, expected: np.ndarray) -> None:
    view = timeline.view(name, len(timeline))
    assert view is not None, f"{name} has no value at the end"
    found = values.array(view)
    if found is None:
        # Above 4,096 elements only statistics are recorded.
        known = values.statistics(view)
        assert known is not None
        assert known["norm"] == pytest.approx(np.linalg.norm(expected), rel=1e-4)
        return
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9, err_msg=name)
