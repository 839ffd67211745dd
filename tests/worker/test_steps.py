"""Each part of a run has its mode; `StepCounter` switches from one to the next."""

import builtins
from collections.abc import Iterator
from typing import Any

import pytest

from tutor.wire.messages import FOREVER
from tutor.worker.instrument import AFTER, BEFORE, HOOKS, instrument
from tutor.worker.steps import StepCounter


class FakeMode:
    """Ends a step at each call of its hook, and logs what happens."""

    def __init__(self, name: str, last: int, log: list[str]) -> None:
        self.name, self.last, self.log = name, last, log
        self.steps: StepCounter

    def enter(self) -> None:
        self.log.append(f"{self.name} begins")

    def before(self, site: int) -> None:
        self.steps.site = site

    def after(self, site: int) -> None:
        step = self.steps.step + 1
        self.log.append(f"{self.name} {step}")
        self.steps.finish(step)


class FakeBetween:
    """Has something to do after step 2 and never again."""

    def __init__(self, log: list[str]) -> None:
        self.due, self.log = 2, log
        self.steps: StepCounter

    def run(self, step: int) -> None:
        if step == self.due:
            mode: Any = self.steps.mode
            self.log.append(f"an edit after {step} in {mode.name}")
            self.due = FOREVER


@pytest.fixture
def no_hooks() -> Iterator[None]:
    yield
    for hook in HOOKS:
        vars(builtins).pop(hook, None)


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def steps(log: list[str], no_hooks: None) -> StepCounter:
    between: Any = FakeBetween(log)
    between.steps = StepCounter(instrument("a = 1\n\nb = 2\n", "x.py"), between)
    return between.steps


def started(steps: StepCounter, *modes: Any) -> None:
    for mode in modes:
        mode.steps = steps
    steps.start({}, modes)


def run(count: int) -> None:
    """Call the hooks for `count` statements, as instrumented code does."""
    for _ in range(count):
        vars(builtins)[BEFORE](1)
        vars(builtins)[AFTER](1)


def test_the_next_mode_takes_over_after_the_last_step_of_one(
    steps: StepCounter, log: list[str]
) -> None:
    started(steps, FakeMode("counting", 1, log), FakeMode("recording", FOREVER, log))
    run(2)
    assert log[:4] == ["counting begins", "counting 1", "recording begins", "recording 2"]


def test_an_edit_between_two_modes_belongs_to_the_second_which_begins_after_it(
    steps: StepCounter, log: list[str]
) -> None:
    started(steps, FakeMode("counting", 2, log), FakeMode("recording", FOREVER, log))
    run(3)
    assert log[2:] == [
        "counting 2",
        "an edit after 2 in recording",
        "recording begins",
        "recording 3",
    ]


def test_the_line_is_that_of_the_statement_that_began_last(
    steps: StepCounter, log: list[str]
) -> None:
    started(steps, FakeMode("recording", FOREVER, log))
    assert steps.line == 1
    run(1)
    assert (steps.line, steps.step) == (3, 1)


def test_hooks_do_nothing_once_the_steps_are_stopped(steps: StepCounter, log: list[str]) -> None:
    started(steps, FakeMode("recording", FOREVER, log))
    steps.stop()
    run(1)
    assert log == ["recording begins"]
