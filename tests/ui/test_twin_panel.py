"""The twin pane: another lesson, shown at the same iteration, over the fake engine."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_engine import DESCENT, FakeEngine, FakeRun, descent, tensor
from msgspec import structs
from on_screen import go, pane, press, until
from textual.pilot import Pilot

from tutor.history.recording.writer import writing
from tutor.ui.app import TutorApp
from tutor.ui.screens.lesson import LessonScreen
from tutor.wire.messages import Ended, Job, Launch, Started

METADATA = """
# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# twin = "{twin}"
# compare = [["w", "w"], ["w.grad", "w.grad"]]
# ///
"""

TWIN = DESCENT.replace("Down the slope", "By hand").replace("lr * w.grad", "lr * 2 * (w - 1)")

PASS = 6
"""Steps of a pass; 3 lie before the loop."""


class TwinEngine(FakeEngine):
    """An engine that replays other steps for the twin's script."""

    def __init__(self) -> None:
        super().__init__()
        self.theirs = descent()

    def launch(self, job: Job, notify: Callable[[], None]) -> FakeRun:
        ours = self.script
        if "hand" in job.launch.path:
            self.script = self.exact = self.theirs
        try:
            return super().launch(job, notify)
        finally:
            self.script = self.exact = ours


@asynccontextmanager
async def opened(
    tmp_path: Path,
    engine: FakeEngine | None = None,
    size: tuple[int, int] = (200, 60),
    twin: str = "by_hand",
    theirs: str = TWIN,
) -> AsyncIterator[tuple[Pilot[None], LessonScreen, FakeEngine]]:
    """Open the descent in a course that also has its twin."""
    chapter = tmp_path / "1_slopes"
    chapter.mkdir()
    path = chapter / "10_descend.py"
    metadata = METADATA.format(twin=twin).replace('# twin = ""\n', "")
    path.write_text(DESCENT + metadata)
    (chapter / "20_by_hand.py").write_text(theirs)
    engine = engine or TwinEngine()
    app = TutorApp(engine, str(path))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text)
        yield pilot, screen, engine


def twin(screen: LessonScreen) -> str:
    return pane(screen, "twin")


async def test_the_twin_is_shown_at_the_same_iteration(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "3")
        await until(pilot, lambda: "by_hand  before the loop" in twin(screen))
        for step, expected in (
            (3 + PASS - 1, "before the loop"),
            (3 + PASS + 1, "after 1 iteration"),
            (3 + 2 * PASS + 2, "after 2 iterations"),
            (3 + PASS, "after 1 iteration"),
        ):
            await go(pilot, screen, str(step))
            await until(pilot, lambda expected=expected: f"by_hand  {expected}" in twin(screen))
        assert "w [2.6 -0.6]" in twin(screen)
        assert "apart 0" in twin(screen)
        assert "differ" not in twin(screen)


async def test_the_statement_that_the_twin_is_at_is_marked(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "14")
        await until(pilot, lambda: "after 1 iteration" in twin(screen))
        [here] = [row for row in twin(screen).splitlines() if "✓" in row]
        # The last statement of an iteration.
        assert "w.grad = None" in here


async def test_a_difference_is_shown_and_the_largest_one_stays_shown(tmp_path: Path) -> None:
    engine = TwinEngine()
    # The update of the first pass, step 7, comes to something else; the next one puts it right.
    frame, output = engine.theirs[6]
    changed = {"w": tensor([2.6, 9.4], requires_grad=True)}
    engine.theirs[6] = (structs.replace(frame, changed=changed), output)
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await go(pilot, screen, str(3 + PASS + 1))
        await until(pilot, lambda: "apart 10  they differ" in twin(screen))
        await go(pilot, screen, str(3 + 2 * PASS + 1))
        await until(pilot, lambda: "apart 0, at most 10 after 1" in twin(screen))


async def test_iterations_that_the_learner_jumps_over_are_compared_too(
    tmp_path: Path,
) -> None:
    engine = TwinEngine()
    frame, output = engine.theirs[6]
    changed = {"w": tensor([2.6, 9.4], requires_grad=True)}
    engine.theirs[6] = (structs.replace(frame, changed=changed), output)
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await go(pilot, screen, str(3 + 19 * PASS + 1))
        await until(pilot, lambda: "after 19 iterations" in twin(screen))
        await until(pilot, lambda: "apart 0, at most 10 after 1" in twin(screen))


async def test_the_last_iteration_is_compared_at_the_end_of_both_runs(tmp_path: Path) -> None:
    engine = TwinEngine()
    # Neither script has a statement after its loop.
    engine.script = engine.exact = engine.script[:-1]
    engine.theirs = engine.theirs[:-1]
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.is_over)
        await until(pilot, lambda: "after 20 iterations" in twin(screen))


async def test_a_twin_that_fails_says_why_it_ended(tmp_path: Path) -> None:
    class Failing(TwinEngine):
        def launch(self, job: Job, notify: Callable[[], None]) -> FakeRun:
            failed = Ended("raised", "ZeroDivisionError: division by zero", 16)
            self.end = failed if "hand" in job.launch.path else Ended("finished")
            return super().launch(job, notify)

    engine = Failing()
    engine.theirs = engine.theirs[:20]
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await go(pilot, screen, str(3 + PASS + 1))
        expected = "it ended: ZeroDivisionError: division by zero"
        await until(pilot, lambda: expected in twin(screen))
        assert twin(screen).splitlines()[1] == expected
        # The iterations before its end are compared.
        await until(pilot, lambda: "after 1 iteration" in twin(screen))
        assert "w [2.6 -0.6]" in twin(screen)


async def test_the_losses_of_the_twin_are_a_curve_of_their_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "40")
        await until(pilot, lambda: "by_hand" in pane(screen, "loss"))
        assert "=" in pane(screen, "loss")
        assert "descend" in pane(screen, "loss")


async def test_the_pane_says_that_the_twin_does_not_exist(tmp_path: Path) -> None:
    async with opened(tmp_path, twin="nobody") as (pilot, screen, engine):
        await go(pilot, screen, "7")
        await press(pilot, screen, "t", "enter")
        expected = "the twin nobody is no lesson; `tutor list` shows their names"
        await until(pilot, lambda: twin(screen) == expected)
        assert "step 7 of 7" in screen.status.text
        assert not any("hand" in job.launch.path for job in engine.jobs)


async def test_the_pane_shows_why_the_twin_cannot_be_read(tmp_path: Path) -> None:
    async with opened(tmp_path, theirs="x = 1\nx = (\n") as (pilot, screen, _):
        await press(pilot, screen, "t", "enter")
        await until(pilot, lambda: "20_by_hand.py:2: syntax error" in twin(screen))
        await press(pilot, screen, "right")
        assert "step 1 of 1" in screen.status.text


async def test_without_a_twin_the_pane_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, twin="", size=(120, 40)) as (pilot, screen, engine):
        await press(pilot, screen, "t")
        await until(pilot, lambda: "this lesson has no twin" in twin(screen))
        assert len(engine.runs) == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_t_shows_the_twin_in_a_small_terminal(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size=size) as (pilot, screen, _):
        await go(pilot, screen, str(3 + PASS + 1))
        await press(pilot, screen, "t")
        await until(pilot, lambda: "after 1 iteration" in twin(screen))


async def test_leaving_ends_the_twin_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "7")
        await pilot.press("q")
    assert any("hand" in job.launch.path for job in engine.jobs)
    assert all(run.closed for run in engine.runs)


async def test_a_recording_has_no_twin_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "walk.tutor"
    with writing(file) as writer:
        writer.begin("main", Launch("10_descend.py", DESCENT + METADATA.format(twin="by_hand")))
        writer.take(Started(1, {"device": "cpu"}))
        for frame, _ in descent()[:13]:
            writer.take(frame)
        writer.take(Ended("finished"))
    engine = FakeEngine()
    app = TutorApp(engine, str(file))
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await press(pilot, screen, "t", "enter")
        await until(pilot, lambda: "a recording has no twin" in twin(screen))
        assert not engine.runs
