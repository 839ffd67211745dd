"""Each lesson passes `tutor check`, and ends under the engine as it ends under plain Python."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tutor.commands.check import check_file
from tutor.commands.headless import HeadlessEngine
from tutor.course.catalog import CatalogEntry, find
from tutor.history.timeline import Timeline
from tutor.schema import values

COURSE = find()


@pytest.fixture(scope="module")
def headless() -> Iterator[HeadlessEngine]:
    with HeadlessEngine() as running:
        yield running


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the final values of every lesson under plain Python."""
    folder = tmp_path_factory.mktemp("plain")
    scripts = [str(entry.path.absolute()) for entry in COURSE]
    command = [sys.executable, str(Path(__file__).with_name("plain.py")), str(folder), *scripts]
    # As in the engine: sums over several threads differ in their last digits.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, check=True, env=environment)
    return folder


@pytest.mark.parametrize("entry", COURSE, ids=lambda entry: entry.id)
def test_a_lesson_passes_check_and_ends_as_under_plain_python(
    entry: CatalogEntry, headless: HeadlessEngine, plain: Path
) -> None:
    checked = check_file(headless, entry.path)
    assert checked.findings == []
    assert checked.run is not None
    timeline = checked.run.timeline
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
