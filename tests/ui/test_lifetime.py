"""Timers, messages, keys and clicks may come before a screen is mounted, and after it was left."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_engine import FakeEngine
from on_screen import go, opened, press, settled, until
from textual import events
from textual.pilot import Pilot

from tutor.ui.app import TutorApp
from tutor.ui.dialogs.edit import EditDialog
from tutor.ui.dialogs.events import EventsDialog
from tutor.ui.dialogs.palette import PaletteDialog
from tutor.ui.dialogs.save import SaveDialog
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.screens.menu import MenuScreen
from tutor.ui.terminal.timers import call_after
from tutor.ui.widgets.keys import KeyLine

KEYS = {
    "e": "down", "b": "j", "E": "pagedown", "w": "j", "a": "j", "g": "1", "s": "1",
    "question_mark": "j", "colon": "1",
    "ctrl+p": "down",
}  # fmt: skip
"""The keys that open a dialog, and a key of that dialog."""


def post(pilot: Pilot[None], *keys: str) -> None:
    """Press keys faster than the app handles them."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))


def click(pilot: Pilot[None], x: int, y: int, times: int) -> None:
    """Click faster than the app handles it."""
    for _ in range(times):
        for kind in (events.MouseDown, events.MouseUp):
            pilot.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))


async def until_nothing_happens(pilot: Pilot[None]) -> None:
    for _ in range(5):
        await pilot.pause()


@pytest.mark.parametrize("opens", KEYS)
async def test_keys_may_come_before_their_dialog_is_mounted(tmp_path: Path, opens: str) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "14")
        await press(pilot, screen, "3", "j")
        post(pilot, opens, *[KEYS[opens]] * 3)
        await until(pilot, lambda: pilot.app.screen is not screen)
        await until_nothing_happens(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_a_key_pressed_right_after_its_dialog_was_opened_is_not_lost(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.ended is not None)
        await press(pilot, screen, "home")
        await until(pilot, lambda: len(screen.controller.branch.events) > 5)
        post(pilot, "E", "down", "down")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsDialog))
        dialog = pilot.app.screen
        assert isinstance(dialog, EventsDialog)
        await until(pilot, lambda: dialog.picked == 2)


@pytest.mark.parametrize("opens", KEYS)
async def test_a_run_may_report_while_a_dialog_is_opened_and_closed(
    tmp_path: Path, opens: str
) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "14")
        await press(pilot, screen, "3", "j")
        post(pilot, opens)
        dialogs = set()
        # The dialog comes onto the screen stack before it has any widget.
        for _ in range(20):
            await asyncio.sleep(0)
            dialogs.add(pilot.app.screen)
            screen.show()
        await until(pilot, lambda: pilot.app.screen is not screen)
        dialog = pilot.app.screen
        await pilot.press("escape")
        for _ in range(20):
            await asyncio.sleep(0)
            screen.show()
            dialog.show()
        await until(pilot, lambda: pilot.app.screen is screen)
        dialog.show()
        assert pilot.app.is_running


async def test_a_screen_that_was_left_is_not_drawn(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        app = pilot.app
        called: list[str] = []
        call_after(screen, 0.001, lambda: called.append("late"))
        removed = app.pop_screen()
        for _ in range(20):
            screen.show()
            await asyncio.sleep(0.001)
        await removed
        screen.show()
        assert app.is_running
        assert not called


async def test_nothing_is_drawn_or_sent_after_the_app_was_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        app = pilot.app
        called: list[str] = []
        loop = asyncio.get_running_loop()
        for milliseconds in range(1, 100):
            loop.call_later(milliseconds / 1000, screen.show)
            call_after(app, milliseconds / 1000, lambda: app.screen and called.append("sent"))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        await asyncio.sleep(0.1)
    screen.show()
    assert app.return_code == 0


@pytest.mark.parametrize(
    ("opens", "kind"), [("s", SaveDialog), ("e", EditDialog)], ids=["save", "edit"]
)
async def test_enter_twice_closes_a_dialog_and_not_the_screen_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: str, kind: type
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await pilot.press(opens)
        await until(pilot, lambda: isinstance(pilot.app.screen, kind))
        dialog = pilot.app.screen
        assert isinstance(dialog, SaveDialog | EditDialog)
        dialog.field.value = "lr = 0.5"
        await pilot.pause()
        post(pilot, *["enter"] * 4)
        await until(pilot, lambda: pilot.app.screen is screen)
        await until_nothing_happens(pilot)
        assert screen in pilot.app.screen_stack


async def test_two_quick_clicks_on_the_key_line_act_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        line = screen.query_one(KeyLine)
        at = line.render_line(0).text.index(" go to ")
        x, y = line.region.x + at, line.region.y
        click(pilot, x, y, times=2)
        await until(pilot, lambda: pilot.app.screen is not screen)
        await until_nothing_happens(pilot)
        assert pilot.app.screen_stack[-2] is screen


async def test_two_quick_clicks_beside_the_palette_close_it_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, PaletteDialog))
        await pilot.pause()
        click(pilot, 1, 1, times=3)
        await until(pilot, lambda: pilot.app.screen is screen)
        await until_nothing_happens(pilot)
        assert screen in pilot.app.screen_stack


@pytest.mark.parametrize("keys", [["enter"] * 3, ["enter", "ctrl+r"]], ids=["twice", "reopened"])
async def test_a_lesson_is_opened_once(keys: list[str]) -> None:
    app = TutorApp(FakeEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        menu = app.screen
        assert isinstance(menu, MenuScreen)
        await until(pilot, lambda: menu.course.highlighted is not None)
        post(pilot, *keys)
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        await until_nothing_happens(pilot)
        assert len(app.screen_stack) == 2


async def test_a_key_that_opens_a_dialog_right_after_reopening_leaves_one_screen(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        depth = len(pilot.app.screen_stack)
        post(pilot, "ctrl+r", "g")
        await until_nothing_happens(pilot)
        await pilot.press("escape")
        await settled(pilot, pilot.app.screen)
        assert len(pilot.app.screen_stack) == depth


PASTES = (
    "\x07" * 5 + "abc", "abc" + "\x0c\r\x08" * 5, "\x1b[31mred\x1b[0m\x00", "0" * 100_000, "\n\n",
    "\x07", "漢" * 300 + "\u2028\x85\x9b2J", "",
)  # fmt: skip


@pytest.mark.parametrize("opens", ["e", "g", "s", "colon", "ctrl+p"])
async def test_anything_may_be_pasted_into_a_dialog(tmp_path: Path, opens: str) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await press(pilot, screen, "3", "j")
        await pilot.resize_terminal(44, 14)
        for text in PASTES:
            await pilot.press(opens)
            await until(pilot, lambda: pilot.app.screen is not screen)
            pilot.app.post_message(events.Paste(text))
            await pilot.press("x")
            await until_nothing_happens(pilot)
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is screen)


LATE: dict[str, Callable[[LessonScreen], object]] = {
    "a resize": lambda screen: screen.post_message(events.Resize(screen.size, screen.size)),
    "the clock": lambda screen: call_after(screen, 0, screen._update_clock),
    "a pane": lambda screen: screen.panes.call_after_refresh(screen.panes.turn_to, "twin"),
}
"""Calls that are on their way when the learner leaves."""


@pytest.mark.parametrize("late", LATE)
async def test_what_is_on_its_way_when_the_learner_leaves_does_no_harm(
    tmp_path: Path, late: str
) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        LATE[late](screen)
        removed = pilot.app.pop_screen()
        await removed
        await until_nothing_happens(pilot)
        assert pilot.app.is_running
