"""Random keys, pastes, clicks and resizes, while runs report: nothing ends the screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from monkey import SCRIPTS
from monkey_deeds import count, deeds
from monkey_in_process import StartedEngine, play
from monkey_in_terminal import play_in_terminal

SEED = 7

KEYS = 50
"""Keys for each target."""

TARGETS = [
    "menu", "double_deposit", "fifteen_numpy", "asks", "comments_only", "endless_tensors",
    "five_thousand_names", "leaves_at_once", "nans", "sleeps",
]  # fmt: skip


@pytest.fixture(scope="module")
def started() -> Iterator[StartedEngine]:
    engine = StartedEngine(eager=True)
    yield engine
    engine.close()


def target(name: str) -> str:
    """Return the path of a script of that name, or else the name of the lesson."""
    script = SCRIPTS / "monkey" / f"{name}.py"
    return str(script) if script.exists() else name


@pytest.mark.parametrize("name", TARGETS)
async def test_random_keys_do_no_harm(
    started: StartedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)  # it saves recordings
    command = f"python tests/monkey.py {SEED} {KEYS} {target(name)}"
    print(f"to repeat it: {command}")
    await play(started, target(name), deeds(SEED, name, KEYS))


def test_random_keys_leave_the_terminal_as_it_was(tmp_path: Path) -> None:
    name = "endless_prints"
    play_in_terminal(target(name), deeds(SEED, name, KEYS), tmp_path)


def test_a_seed_means_the_same_deeds_each_time() -> None:
    first, again, other = (list(deeds(seed, "menu", 200)) for seed in (1, 1, 2))
    assert first == again != other
    assert sum(map(count, first)) >= 200
