"""What the lesson screen does before the engine has found its device."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fake_engine import DESCENT, FakeEngine
from on_screen import pane, settled, until
from textual.pilot import Pilot

from tutor.ui.app import TutorApp
from tutor.ui.screens.lesson import LessonScreen

LESSON = DESCENT + "\n# /// script\n# [tool.tutor]\n# steps = 124\n# ///\n"


@asynccontextmanager
async def starting(tmp_path: Path) -> AsyncIterator[tuple[Pilot[None], LessonScreen, FakeEngine]]:
    """Open a lesson, whose run waits for the device that the engine has not found yet."""
    path = tmp_path / "10_descend.py"
    path.write_text(LESSON)
    engine = FakeEngine(device=None)
    app = TutorApp(engine, str(path))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "starting the engine" in screen.status.text)
        yield pilot, screen, engine


async def found(pilot: Pilot[None], screen: LessonScreen, engine: FakeEngine) -> None:
    engine.device = "cpu · 2 cores · AVX2 · torch 2.13.0"
    assert engine.on_change is not None
    engine.on_change()
    await until(pilot, lambda: screen.controller is not None)
    await settled(pilot, screen)


async def test_the_notes_show_the_beginning_until_the_engine_has_started(tmp_path: Path) -> None:
    async with starting(tmp_path) as (pilot, screen, engine):
        await settled(pilot, screen)
        before = pane(screen, "notes")
        assert "Down the slope" in before
        assert "The end" not in before
        await found(pilot, screen, engine)
        assert pane(screen, "notes") == before


async def test_keys_that_were_pressed_too_early_are_kept_in_order(tmp_path: Path) -> None:
    async with starting(tmp_path) as (pilot, screen, engine):
        await pilot.press("right", "right", "g", "1", "2", "enter", "left")
        assert not engine.runs
        await found(pilot, screen, engine)
        await until(pilot, lambda: screen.controller.session.cursor == 11)
        assert screen.controller.session.tip == 12
        assert pilot.app.screen is screen


async def test_panes_and_help_answer_at_once_and_are_not_repeated(tmp_path: Path) -> None:
    async with starting(tmp_path) as (pilot, screen, engine):
        await pilot.press("question_mark")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.press("escape", "6", "enter")
        await until(pilot, lambda: screen.maximized is not None)
        await found(pilot, screen, engine)
        assert screen.maximized is not None
        assert screen.maximized.id == "output"


async def test_without_an_engine_keys_are_not_kept_for_ever(tmp_path: Path) -> None:
    async with starting(tmp_path) as (pilot, screen, engine):
        await pilot.press("right")
        engine.failure = "torch cannot be imported"
        assert engine.on_change is not None
        engine.on_change()
        await until(pilot, lambda: "torch cannot" in screen.status.text)
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)
