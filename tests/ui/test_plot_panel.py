"""The plot pane over the fake engine, and over the real one where values must be real."""

import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
import pytest
from fake_engine import DESCENT, FakeEngine, FakeRun
from on_screen import go, opened, pane, press, settled, until
from textual.pilot import Pilot

from tutor.engine.client import Engine
from tutor.history.recording.writer import writing
from tutor.ui.app import TutorApp
from tutor.ui.panels.plot import PlotPanel
from tutor.ui.screens.lesson import LessonScreen
from tutor.wire.messages import Ended, Job, Launch, Sample, Sampled, Started, Waited

PLOTS = """
# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.plot]]
# title = "The bowl"
# of = "(v - 1) ** 2"
# over = { v = [-1, 4] }
# at = ["w[0]"]
#
# [[tool.tutor.plot]]
# title = "Both weights"
# of = "(a - 1) ** 2 + (b - 1) ** 2"
# over = { a = [-1, 4], b = [-2, 2] }
# at = ["w[0]", "w[1]"]
#
# [[tool.tutor.plot]]
# title = "The slope of each"
# bars = "{'first': w.grad[0], 'second': w.grad[1]}"
# ///
"""

UPDATE = 7
"""The first step that moves `w`: from 3 to 2.6."""


@dataclass
class AnsweringRun(FakeRun):
    """Answers every question at once: a bowl for a curve or a map, ones for all else."""

    asked: list[Sample] = field(default_factory=list)
    problem: str = ""

    def ask(self, sample: Sample) -> None:
        self.asked.append(sample)
        if self.problem:
            problems = ((sample.of or sample.expressions[0], self.problem),)
            self.report([Sampled(sample, (None,) * len(sample.expressions), problems=problems)])
            return
        axes = [np.linspace(low, high, n) for (_, low, high), n in
                zip(sample.over, sample.counts, strict=True)]  # fmt: skip
        grid = np.meshgrid(*reversed(axes), indexing="ij")
        surface = sum((axis - 1) ** 2 for axis in grid) if sample.of else None
        assert surface is None or surface.size == prod(sample.counts)
        ones = struct.pack("<2d", 1.0, 2.0)
        self.report(
            [
                Sampled(
                    sample,
                    (ones,) * len(sample.expressions),
                    ("first", "second") if "{" in "".join(sample.expressions) else (),
                    surface.tobytes() if surface is not None else None,
                )
            ]
        )


class AnsweringEngine(FakeEngine):
    """An engine whose replays answer questions."""

    problem = ""

    def launch(self, job: Job, notify: Callable[[], None]) -> FakeRun:
        super().launch(job, lambda: None)
        run = AnsweringRun(self.script[job.begin :], self.end, notify, self.manual)
        run.first, run.problem = job.begin, self.problem
        self.runs[-1] = run
        run.report([Started(1, {"device": "cpu"}), Waited(job.begin, run.line)])
        return run

    @property
    def asked(self) -> list[Sample]:
        return [one for run in self.runs if isinstance(run, AnsweringRun) for one in run.asked]


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """The descent with three plots."""
    (tmp_path / "10_descend.py").write_text(DESCENT + PLOTS)
    return tmp_path


ENDED = "not drawn: (v - 1) ** 2: the replay to step 7 ended: killed by signal 9 (SIGKILL)"


def plot(screen: LessonScreen) -> str:
    return pane(screen, "plot")


async def open_plot(pilot: Pilot[None], screen: LessonScreen, expected: str = "The bowl") -> None:
    await press(pilot, screen, "0")
    await until(pilot, lambda: expected in plot(screen))
    await settled(pilot, screen)


async def test_nothing_is_launched_while_the_pane_is_hidden(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine(), (80, 24)) as (pilot, screen, engine):
        await go(pilot, screen, "7")
        await press(pilot, screen, "left", "right", "end", "]")
        assert not screen.query_one(PlotPanel).is_on_screen
        assert len(engine.runs) == 1


async def test_0_shows_the_plot_and_the_position_of_the_run(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine(), (80, 24)) as (pilot, screen, engine):
        await go(pilot, screen, str(UPDATE))
        await open_plot(pilot, screen)
        await until(pilot, lambda: "●" in plot(screen))
        assert plot(screen).splitlines()[:2] == ["The bowl", "w[0] 2.6"]
        # Earlier positions have a mark of their own.
        assert "•" in plot(screen)
        assert len(engine.runs) == 2
        assert engine.runs[1].first == UPDATE - 1


async def test_before_the_first_step_nothing_is_launched(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine(), (80, 24)) as (pilot, screen, engine):
        await open_plot(pilot, screen, "the plot comes when something has run")
        assert len(engine.runs) == 1
        await press(pilot, screen, "right")
        await until(pilot, lambda: "The bowl" in plot(screen))


async def test_j_and_k_switch_between_the_plots(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine(), (100, 24)) as (pilot, screen, _):
        await go(pilot, screen, str(UPDATE))
        await open_plot(pilot, screen)
        panel = screen.query_one(PlotPanel)
        for key, title, which in (
            ("j", "Both weights", "2 of 3"),
            ("j", "The slope of each", "3 of 3"),
            ("j", "The bowl", "1 of 3"),
            ("k", "The slope of each", "3 of 3"),
            ("up", "Both weights", "2 of 3"),
            ("down", "The slope of each", "3 of 3"),
        ):
            await press(pilot, screen, key)
            await until(pilot, lambda title=title: plot(screen).startswith(title))
            await until(pilot, lambda which=which: which in str(panel.border_subtitle))
        assert "second" in plot(screen)


async def test_a_rewind_shows_the_same_plot_without_asking_again(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine()) as (pilot, screen, engine):
        await go(pilot, screen, "19")
        await press(pilot, screen, "0")
        await until(pilot, lambda: "●" in plot(screen))
        await go(pilot, screen, "7")
        await until(pilot, lambda: "w[0] 2.6" in plot(screen) and "as after" not in plot(screen))
        asked, first = len(engine.asked), plot(screen)
        await go(pilot, screen, "19")
        await until(pilot, lambda: "w[0] 2.024" in plot(screen))
        await go(pilot, screen, "7")
        await until(pilot, lambda: plot(screen) == first)
        assert len(engine.asked) == asked


async def test_the_ball_moves_without_asking_while_the_curve_stays_the_same(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine()) as (pilot, screen, engine):
        await go(pilot, screen, "6")
        await open_plot(pilot, screen)
        await until(pilot, lambda: "●" in plot(screen))
        asked = len(engine.asked)
        await press(pilot, screen, "right", "right", "right", "right", "right", "right", "right")
        await until(pilot, lambda: "w[0] 2.28" in plot(screen))
        assert len(engine.asked) == asked == 1


async def test_the_trajectory_of_another_run_is_labelled_with_its_letter(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine()) as (pilot, screen, _):
        await go(pilot, screen, "13")
        await open_plot(pilot, screen)
        await press(pilot, screen, "e")
        await pilot.press(*"lr=0.5", "enter")
        await until(
            pilot, lambda: pilot.app.screen is screen and len(screen.controller.branches) == 2
        )
        await until(pilot, lambda: "a main" in plot(screen))
        # The first run is now the other one, and ends where it ended.
        assert "w[0] 2.28" in plot(screen)


async def test_a_name_without_a_value_is_named_and_the_run_goes_on(lesson: Path) -> None:
    engine = AnsweringEngine()
    engine.problem = "NameError: name 'nobody' is not defined"
    async with opened(lesson, engine) as (pilot, screen, _):
        await go(pilot, screen, "7")
        await press(pilot, screen, "0")
        expected = "the plot comes when nobody has a value"
        await until(pilot, lambda: expected in plot(screen))
        await press(pilot, screen, "right", "right")
        assert "step 9 of 9" in screen.status.text
        assert screen.controller.session.ended is None


async def test_an_error_of_the_expression_is_shown_as_python_words_it(lesson: Path) -> None:
    engine = AnsweringEngine()
    engine.problem = "ZeroDivisionError: division by zero, and then some more of it"
    async with opened(lesson, engine) as (pilot, screen, _):
        await go(pilot, screen, "7")
        await press(pilot, screen, "0")
        expected = f"not drawn: (v - 1) ** 2: {engine.problem}"
        await until(pilot, lambda: expected in " ".join(plot(screen).split()))
        assert screen.controller.session.ended is None


async def test_the_pane_says_that_the_replay_died(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine()) as (pilot, screen, engine):
        engine.manual = True
        await go(pilot, screen, "7")
        await press(pilot, screen, "0")
        await until(pilot, lambda: len(engine.runs) == 2)
        engine.runs[1].report([Ended("died", "killed by signal 9 (SIGKILL)")])
        await until(pilot, lambda: ENDED in " ".join(plot(screen).split()))
        assert "step 7 of 7" in screen.status.text


async def test_without_plots_the_pane_says_how_to_declare_one(tmp_path: Path) -> None:
    async with opened(tmp_path, AnsweringEngine(), (160, 24)) as (pilot, screen, engine):
        await go(pilot, screen, "7")
        await open_plot(pilot, screen, "this script declares no plots: see [[tool.tutor.plot]]")
        await press(pilot, screen, "j", "k")
        assert len(engine.runs) == 1


async def test_after_many_resizes_the_plot_has_the_last_size(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine()) as (pilot, screen, _):
        await go(pilot, screen, "7")
        await open_plot(pilot, screen)
        for _ in range(2):
            await press(pilot, screen, "j")
            await until(pilot, lambda: "The bowl" not in plot(screen))
            for size in ((41, 12), (200, 60), (80, 24), (120, 40)):
                await pilot.resize_terminal(*size)
            panel = screen.query_one(PlotPanel)
            await until(
                pilot, lambda panel=panel: panel.view.plot is not None and not panel.view.plot_note
            )
            await settled(pilot, screen)


async def test_a_curve_without_at_is_drawn_without_a_ball(tmp_path: Path) -> None:
    source = DESCENT + PLOTS.replace('# at = ["w[0]"]\n', "")
    (tmp_path / "10_descend.py").write_text(source)
    async with opened(tmp_path, AnsweringEngine()) as (pilot, screen, _):
        await go(pilot, screen, "7")
        await open_plot(pilot, screen)
        await until(pilot, lambda: "⡀" in plot(screen) or "⠉" in plot(screen))
        rows = plot(screen).splitlines()
        assert rows[0] == "The bowl"
        # The next row is the axis: the position of the run is not shown.
        assert "┤" in "".join(rows[1:3])
        assert "●" not in plot(screen)
        assert "w[0]" not in plot(screen)
        # Nor the position of another run.
        await press(pilot, screen, "e")
        await pilot.press(*"lr=0.5", "enter")
        await until(
            pilot, lambda: pilot.app.screen is screen and len(screen.controller.branches) == 2
        )
        await settled(pilot, screen)
        assert "main" not in plot(screen)
        await press(pilot, screen, "j")
        await until(pilot, lambda: "Both weights" in plot(screen))


async def test_leaving_ends_the_replays(lesson: Path) -> None:
    async with opened(lesson, AnsweringEngine()) as (pilot, screen, engine):
        await go(pilot, screen, "7")
        await open_plot(pilot, screen)
        await until(pilot, lambda: len(engine.runs) == 2)
        await pilot.press("q")
    assert all(run.closed for run in engine.runs)


# A recording


def recorded(path: Path) -> Path:
    """Write the first steps of the descent to a file."""
    with writing(path) as writer:
        writer.begin("main", Launch("10_descend.py", DESCENT + PLOTS))
        writer.take(Started(1, {"device": "cpu"}))
        for frame, _ in FakeEngine().script[:13]:
            writer.take(frame)
        writer.take(Ended("finished"))
    return path


async def test_a_recording_shows_the_trajectory_and_runs_nothing(tmp_path: Path) -> None:
    engine = AnsweringEngine()
    app = TutorApp(engine, str(recorded(tmp_path / "walk.tutor")))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: screen.controller.session is not None)
        await go(pilot, screen, "13")
        await press(pilot, screen, "0")
        panel = screen.query_one(PlotPanel)
        await until(pilot, lambda: "a recording runs nothing" in str(panel.border_subtitle))
        await until(pilot, lambda: plot(screen).startswith("The bowl\nw[0] 2.28"))
        assert not engine.runs


# The real engine

SCRIPT = """\
import torch

w = torch.tensor([3.0, -1.0], requires_grad=True)
lr = 0.1
for epoch in range(6):
    loss = ((w - 1) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    w.grad = None
print(w)

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.plot]]
# title = "The bowl"
# of = "(v - w[1].item()) ** 2 * lr"
# over = { v = [-1, 4] }
# at = ["w[0]"]
#
# [[tool.tutor.plot]]
# title = "Broken"
# points = ["w", "nobody"]
#
# [[tool.tutor.plot]]
# title = "The same over a logarithm"
# points = ["w", "nobody"]
# log = true
# ///
"""


@asynccontextmanager
async def opened_for_real(tmp_path: Path) -> AsyncIterator[tuple[Pilot[None], LessonScreen]]:
    """The script after its first update, the plot pane in view."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    engine = Engine()
    app = TutorApp(engine, str(path))
    async with app.run_test(size=(120, 40)) as pilot:
        try:
            await until(pilot, lambda: isinstance(app.screen, LessonScreen), 30)
            screen = app.screen
            assert isinstance(screen, LessonScreen)
            await until(pilot, lambda: "waiting" in screen.status.text, 30)
            await go(pilot, screen, "8")
            await until(pilot, lambda: screen.controller.session.cursor == 8, 30)
            await press(pilot, screen, "0")
            await until(pilot, lambda: "●" in plot(screen), 30)
            yield pilot, screen
        finally:
            engine.close()


async def test_the_real_engine_draws_a_curve_and_names_a_missing_value(tmp_path: Path) -> None:
    async with opened_for_real(tmp_path) as (pilot, screen):
        assert "w[0] 2.6" in plot(screen)
        await press(pilot, screen, "j")
        await until(pilot, lambda: "the plot comes when nobody has a value" in plot(screen), 30)
        await press(pilot, screen, "right")
        await until(pilot, lambda: screen.controller.session.cursor == 9, 30)


async def test_after_an_edit_the_plot_shows_the_fork(tmp_path: Path) -> None:
    async with opened_for_real(tmp_path) as (pilot, screen):
        await press(pilot, screen, "e")
        await pilot.press(*"w[0]=-0.5", "enter")
        await until(
            pilot, lambda: pilot.app.screen is screen and len(screen.controller.branches) == 2, 30
        )
        await until(pilot, lambda: "w[0] -0.5" in plot(screen), 30)
        await until(pilot, lambda: "a main" in plot(screen), 30)
        await go(pilot, screen, "14")
        panel = screen.query_one(PlotPanel)
        await until(pilot, lambda: screen.controller.session.cursor == 14, 30)
        # After the second update the curve is another one.
        await until(pilot, lambda: panel.view.plot is not None and not panel.view.plot_note, 10)
        assert panel.view.plot is not None
        assert panel.view.plot.step == 14


async def test_two_plots_of_the_same_values_are_both_drawn(tmp_path: Path) -> None:
    async with opened_for_real(tmp_path) as (pilot, screen):
        await press(pilot, screen, "j")
        await until(pilot, lambda: plot(screen).startswith("Broken"), 30)
        await press(pilot, screen, "j")
        await until(pilot, lambda: plot(screen).startswith("The same over"), 10)
        # And the pane goes on to the next plot.
        await press(pilot, screen, "j")
        await until(pilot, lambda: plot(screen).startswith("The bowl"), 10)
        await go(pilot, screen, "13")
        await until(pilot, lambda: screen.controller.session.cursor == 13, 30)
        panel = screen.query_one(PlotPanel)
        for title in ("The bowl", "Broken", "The same over"):
            await until(pilot, lambda title=title: plot(screen).startswith(title), 10)
            await until(pilot, lambda: panel.view.plot is not None and not panel.view.plot_note, 10)
            await press(pilot, screen, "j")
