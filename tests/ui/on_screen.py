"""The lesson screen in a test: open a script, press keys, wait, and read what a pane shows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from fake_engine import DESCENT, FakeEngine, Script
from msgspec import structs
from textual.pilot import Pilot

from tutor.session.reports import FRAME
from tutor.ui.app import TutorApp
from tutor.ui.features.stepping import Stepping
from tutor.ui.panels.panel import Panel
from tutor.ui.screens.lesson import LessonScreen


async def until(pilot: Pilot[None], predicate: Callable[[], bool], limit: float = 30.0) -> None:
    """Wait until the predicate is true; fail after `limit` seconds."""
    end = monotonic() + limit
    while not predicate():
        assert monotonic() < end, "the condition was not met in time"
        await pilot.pause()
        await asyncio.sleep(0.005)


@asynccontextmanager
async def opened(
    tmp_path: Path, engine: FakeEngine | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], LessonScreen, FakeEngine]]:
    """Open the descent; its worker waits before the first statement."""
    path = tmp_path / "10_descend.py"
    if not path.exists():
        path.write_text(DESCENT)
    engine = engine or FakeEngine()
    app = TutorApp(engine, str(path))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text)
        # A run is drained once a frame: what the first key makes it do is drained at once then.
        drained_at = screen.controller.branch.drained_at
        await until(pilot, lambda: monotonic() > drained_at + FRAME)
        yield pilot, screen, engine


def stepping(screen: LessonScreen) -> Stepping:
    """Return the feature that steps and plays."""
    return next(one for one in screen.features if isinstance(one, Stepping))


def pane(screen: LessonScreen, name: str) -> str:
    """Return the text of a pane that is in view."""
    panel = screen.query_one(f"#{name}", Panel)
    lines = (panel.render_line(y).text.rstrip() for y in range(panel.size.height))
    return "\n".join(lines).rstrip()


def drawing(screen: LessonScreen, name: str) -> list[str]:
    """Return all lines of a pane, in view or not."""
    return [strip.text for strip in screen.query_one(f"#{name}", Panel)._strips]


async def settled(pilot: Pilot[None], screen: LessonScreen) -> None:
    """Wait until every visible pane is drawn."""
    await until(pilot, lambda: not any(panel._is_scheduled for panel in screen.query(Panel)))
    await pilot.pause()


async def press(pilot: Pilot[None], screen: LessonScreen, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        # A hidden pane gets the focus only when it has been laid out.
        await pilot.pause()
    await settled(pilot, screen)


async def go(pilot: Pilot[None], screen: LessonScreen, place: str) -> None:
    await press(pilot, screen, "g", *place, "enter")
    await until(pilot, lambda: pilot.app.screen is screen)
    await settled(pilot, screen)


def help_shown(pilot: Pilot[None]) -> list[str]:
    """Return the rows of the help, in reading order."""
    halves = pilot.app.screen.query("#help Static")
    return [half.render_line(y).text for half in halves for y in range(half.size.height)]


def without_content(script: Script, step: int) -> Script:
    """Return the same steps, with the elements of `w` missing at one of them."""
    frame, output = script[step - 1]
    bare = structs.replace(frame.changed["w"], data=None)
    frame = structs.replace(frame, changed={**frame.changed, "w": bare})
    return [*script[: step - 1], (frame, output), *script[step:]]
