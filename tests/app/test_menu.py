"""The course menu."""

from pathlib import Path

import pytest
from fake_engine import DESCENT, FakeEngine
from test_lesson_screen import until

from tutor import catalog
from tutor.ui.app import TutorApp
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.screens.menu import Course, MenuScreen


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of two lessons, one of them broken."""
    for chapter, name, text in (
        ("1_tensors", "10_broken.py", "import torch\nw = = 3\n"),
        ("2_slopes", "10_descend.py", DESCENT),
    ):
        (tmp_path / chapter).mkdir()
        (tmp_path / chapter / name).write_text(text)
    monkeypatch.setattr(catalog, "lessons_folder", lambda: tmp_path)
    return tmp_path


def shown(app: TutorApp) -> str:
    course = app.screen.query_one(Course)
    return "\n".join(course.render_line(y).text.rstrip() for y in range(course.size.height))


async def test_it_tells_chapters_lessons_and_what_they_teach(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        rows = shown(app).splitlines()
        assert "Tensors" in rows[0]
        assert any("descend" in row and "Down the slope" in row for row in rows)
        assert any("A weight walks towards the bottom of a bowl" in row for row in rows)


async def test_a_broken_lesson_is_one_row_with_file_and_line(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        (row,) = [row for row in shown(app).splitlines() if "broken" in row]
        assert "10_broken.py:2:" in row
        await pilot.press("home", "enter")
        await pilot.pause()
        assert isinstance(app.screen, MenuScreen)


async def test_it_works_before_the_device_is_known(course: Path) -> None:
    engine = FakeEngine(device=None)
    app = TutorApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        device = app.screen.query_one("#device")
        assert "looking for a device" in str(device.render())
        engine.device = "cpu · 2 cores · AVX2 · torch 2.13.0"
        engine.on_change()
        await until(pilot, lambda: "AVX2" in str(device.render()))
        engine.failure = "torch cannot be imported: no module named 'torch'"
        engine.on_change()
        await until(pilot, lambda: "no module named" in str(device.render()))


async def test_a_lesson_opens_and_q_comes_back(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, MenuScreen))
        assert app.engine.runs[0].closed
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_help_lists_the_keys_of_the_menu(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("?")
        await pilot.pause()
        told = str(app.screen.query("Static").first().render())
        assert "open" in told
        assert "quit" in told


async def test_a_small_terminal_is_told_so(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(39, 12)) as pilot:
        await pilot.pause()
        small = app.screen.query_one("TooSmall")
        assert small.is_on_screen
        assert not app.screen.query_one(Course).is_on_screen
