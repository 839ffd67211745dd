"""The course menu."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_engine import DESCENT, FakeEngine, descent
from msgspec import structs
from on_screen import drawing, go, help_shown, press, settled, until
from textual.pilot import Pilot

from tutor.course import catalog, progress
from tutor.script.lesson import read
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


async def listed(pilot: Pilot[None]) -> None:
    """Wait until the lessons were read, which a thread does."""
    await until(pilot, lambda: pilot.app.screen.query_one(Course).option_count > 0)
    await pilot.pause()


async def test_it_shows_chapters_lessons_and_their_summaries(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        await listed(pilot)
        rows = shown(app).splitlines()
        assert "Tensors" in rows[0]
        assert any("descend" in row and "Down the slope" in row for row in rows)
        assert any("A weight walks towards the bottom of a bowl" in row for row in rows)


async def test_a_broken_lesson_is_one_row_with_file_and_line(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(160, 40)) as pilot:
        await listed(pilot)
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


async def test_a_lesson_opens_and_q_returns_to_the_menu(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot)
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        await until(pilot, lambda: len(app.engine.runs) > 0)
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
        text = " ".join(help_shown(pilot))
        assert "open" in text
        assert "quit" in text


async def test_a_small_terminal_shows_one_line(course: Path) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(39, 12)) as pilot:
        await pilot.pause()
        small = app.screen.query_one("TooSmall")
        assert small.is_on_screen
        assert not app.screen.query_one(Course).is_on_screen


# Progress, and the next lesson

METADATA = """
# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = [{after}]
# ///
"""


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three lessons in two chapters, the first of which has a promise in its README."""
    for chapter, name, after in (
        ("1_slopes", "10_first", ""),
        ("1_slopes", "20_second", '"first"'),
        ("2_autograd", "10_third", '"first", "second"'),
    ):
        (tmp_path / chapter).mkdir(exist_ok=True)
        (tmp_path / chapter / f"{name}.py").write_text(DESCENT + METADATA.format(after=after))
    readme = "# Slopes\n\nAfter these you walk down any hill. And more.\n"
    (tmp_path / "1_slopes" / "README.md").write_text(readme)
    monkeypatch.setattr(catalog, "lessons_folder", lambda: tmp_path)
    return tmp_path


def mark(course: Path, *slugs: str) -> None:
    for path in sorted(course.glob("*/*.py")):
        if path.stem.partition("_")[2] in slugs:
            progress.mark(read(path))


def row(app: TutorApp, slug: str) -> str:
    return next(line for line in shown(app).splitlines() if f" {slug} " in line)


def picked(app: TutorApp) -> str:
    course = app.screen.query_one(Course)
    option = course.highlighted_option
    assert option is not None
    return Path(str(option.id)).stem.partition("_")[2]


@asynccontextmanager
async def menu(
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[tuple[Pilot[None], TutorApp]]:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Slopes" in shown(app))
        yield pilot, app


async def test_the_promise_of_a_chapter_stands_below_its_name(chapters: Path) -> None:
    async with menu() as (_, app):
        rows = shown(app).splitlines()
        at = next(number for number, text in enumerate(rows) if text.strip() == "Slopes")
        assert rows[at + 1].strip() == "After these you walk down any hill."
        assert "Autograd" in rows


async def test_done_lessons_are_ticked_and_others_name_prerequisites(
    chapters: Path,
) -> None:
    mark(chapters, "first")
    async with menu() as (_, app):
        assert "✓ first" in row(app, "first")
        assert "✓" not in row(app, "second") + row(app, "third")
        assert "after" not in row(app, "second")
        assert row(app, "third").endswith("after second")


async def test_without_progress_the_first_lesson_is_highlighted(chapters: Path) -> None:
    async with menu() as (_, app):
        assert picked(app) == "first"
        assert "✓" not in shown(app)
        assert row(app, "second").endswith("after first")


@pytest.mark.parametrize(
    ("done", "begins"),
    [
        (["first"], "second"),
        (["second"], "first"),
        (["first", "second"], "third"),
        (["first", "second", "third"], "first"),
    ],
)
async def test_the_first_lesson_that_is_not_done_is_highlighted(
    chapters: Path, done: list[str], begins: str
) -> None:
    mark(chapters, *done)
    async with menu() as (_, app):
        assert picked(app) == begins


async def test_a_broken_lesson_is_not_highlighted_as_the_next_one(chapters: Path) -> None:
    mark(chapters, "first")
    (chapters / "1_slopes" / "20_second.py").write_text("w = = 3\n")
    async with menu() as (_, app):
        assert picked(app) == "third"


async def test_an_unreadable_progress_file_counts_as_none(chapters: Path) -> None:
    progress.location().parent.mkdir(parents=True)
    progress.location().write_text("{")
    async with menu() as (_, app):
        assert picked(app) == "first"
        assert "✓" not in shown(app)


async def test_a_lesson_that_ran_to_its_end_is_ticked_in_the_menu(
    chapters: Path,
) -> None:
    async with menu() as (pilot, app):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text)
        await pilot.press("r")
        await until(pilot, lambda: "finished" in screen.status.text)
        await until(pilot, lambda: "first" in progress.done())  # a thread writes it
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, MenuScreen))
        await until(pilot, lambda: "✓ first" in shown(app))
        # The lesson that was left is still highlighted.
        assert picked(app) == "first"


async def test_a_lesson_that_was_left_before_its_end_is_not_ticked(chapters: Path) -> None:
    async with menu() as (pilot, app):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text)
        await pilot.press("right", "right")
        await until(pilot, lambda: "step 2 of 2" in screen.status.text)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, MenuScreen))
        await pilot.pause()
        assert "✓" not in shown(app)
        assert progress.done() == {}


async def test_a_lesson_goes_on_if_progress_cannot_be_saved(
    chapters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No one can make a folder in a file, not even root.
    (chapters / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(chapters / "file"))
    async with menu() as (pilot, app):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text)
        await pilot.press("r")
        await until(pilot, lambda: "finished" in screen.status.text)
        # A thread writes the file.
        await until(pilot, lambda: len(app._notifications) > 0)
        assert [one.title for one in app._notifications] == ["Progress is not kept"]
        await pilot.press("left")
        await until(pilot, lambda: "step 123 of 124" in screen.status.text)


# The notes at both ends of a lesson

CLOSING = """
# %% [markdown]
# ## Try it
# Set `lr` to 1.2 and see it fly.
"""


@asynccontextmanager
async def lesson_of(
    course: Path, name: str, engine: FakeEngine | None = None
) -> AsyncIterator[tuple[Pilot[None], LessonScreen]]:
    [path] = course.glob(f"*/*_{name}.py")
    app = TutorApp(engine or FakeEngine(), str(path))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text)
        yield pilot, screen


def notes(screen: LessonScreen) -> str:
    return " ".join("".join(drawing(screen, "notes")).split())


EARLY = "This lesson comes after first and second, not done yet."


async def test_missing_prerequisites_are_named_before_the_first_step(chapters: Path) -> None:
    async with lesson_of(chapters, "third") as (pilot, screen):
        await until(pilot, lambda: EARLY in notes(screen))
        await press(pilot, screen, "right")
        assert EARLY not in notes(screen)
        # The first recorded step is not the beginning either.
        await press(pilot, screen, "home")
        assert "comes after" not in notes(screen)


@pytest.mark.parametrize("done", [["first", "second"], ["third"]])
async def test_without_missing_prerequisites_none_are_named(
    chapters: Path, done: list[str]
) -> None:
    mark(chapters, *done)
    async with lesson_of(chapters, "third") as (pilot, screen):
        await settled(pilot, screen)
        assert "comes after" not in notes(screen)


async def test_the_prose_after_the_last_code_is_shown_when_the_run_is_over(
    chapters: Path,
) -> None:
    path = chapters / "1_slopes" / "10_first.py"
    path.write_text(DESCENT + CLOSING + METADATA.format(after=""))
    async with lesson_of(chapters, "first") as (pilot, screen):
        await go(pilot, screen, "123")
        assert "see it fly" not in notes(screen)
        await press(pilot, screen, "r")
        await until(pilot, lambda: "finished" in screen.status.text)
        await until(pilot, lambda: "Set lr to 1.2 and see it fly." in notes(screen))
        await press(pilot, screen, "left")
        assert "see it fly" not in notes(screen)
        await press(pilot, screen, "right")
        assert "see it fly" in notes(screen)


CAUGHT = "RuntimeError: Trying to backward through the graph a second time"


def catching() -> FakeEngine:
    """The second statement of the descent raises, and the script catches that."""
    script = descent()
    frame, output = script[1]
    script[1] = (structs.replace(frame, raised=f"{CAUGHT}\nSpecify retain_graph=True"), output)
    return FakeEngine(script)


async def test_a_caught_error_is_shown_in_the_notes_and_at_its_statement(chapters: Path) -> None:
    async with lesson_of(chapters, "first", catching()) as (pilot, screen):
        await go(pilot, screen, "2")
        assert CAUGHT in notes(screen)
        assert "Specify retain_graph=True" in notes(screen)
        [marked] = [text for text in drawing(screen, "source") if "✗" in text]
        assert marked.split()[1] == "9"
        assert "RuntimeError: Try" in marked
        # The run goes on: nothing failed.
        await press(pilot, screen, "right")
        assert "RuntimeError" not in notes(screen)
        assert "✗" not in "".join(drawing(screen, "source"))
        assert "step 3 of 3" in screen.status.text
