"""Pictures of a recording: the screen at a step, and the walk through it as a terminal's film."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from textual.pilot import Pilot

from tutor.engine.client import Engine
from tutor.request import Request
from tutor.ui.app import TutorApp
from tutor.ui.panels.panel import Panel
from tutor.ui.screens.lesson import LessonScreen

LONGEST = 600
"""Steps that a film shows at most; a longer walk is shown in evenly chosen ones."""

_PACE = 0.4
"""Seconds that a film stays at a step, where there are not too many."""

_LENGTH = 120.0
"""Seconds that a film takes at most."""

_END = 3.0
"""Seconds that it stays at the last step."""


class NoSuchStep(ValueError):
    """A recording has no such step, or no such run; the text is one clear line."""


def picture(path: str, branch: str | None, step: int, size: tuple[int, int]) -> str:
    """The screen at a recorded step, as SVG.

    Args:
        path: The recording.
        branch: Which of its runs; None for the one that the learner was at.
        size: Columns and rows.

    Raises:
        NoSuchStep: the recording has none.
        RecordingError: it cannot be opened.
    """

    async def take() -> str:
        async with _opened(path, branch, size) as (app, screen, pilot):
            await _go(screen, pilot, step)
            return app.export_screenshot(title=f"{screen.lesson.path.name}, step {step:,}")

    return asyncio.run(take())


def film(path: str, branch: str | None, size: tuple[int, int], out: IO[str]) -> int:
    """The walk through a recording as an asciicast of version 2, which asciinema plays.

    Args:
        out: Where it is written, a line at a time.

    Returns:
        How many steps it shows.

    Raises:
        NoSuchStep: the recording has no such run, or no step.
        RecordingError: it cannot be opened.
    """

    async def shoot() -> int:
        async with _opened(path, branch, size) as (app, screen, pilot):
            last = len(screen.timeline)
            count = min(last, LONGEST)
            if not count:
                raise NoSuchStep(f"{path}: nothing is recorded in it")
            steps = [1 + round(n * (last - 1) / max(1, count - 1)) for n in range(count)]
            title = f"{screen.lesson.path.name}: {last:,} steps"
            header = {"version": 2, "width": size[0], "height": size[1], "title": title}
            out.write(json.dumps(header) + "\n")
            pace = min(_PACE, _LENGTH / count)
            for number, step in enumerate(steps):
                await _go(screen, pilot, step)
                _write(out, number * pace, app.drawn())
            _write(out, (count - 1) * pace + _END, "")
            return count

    return asyncio.run(shoot())


def _write(out: IO[str], seconds: float, text: str) -> None:
    out.write(json.dumps([round(seconds, 3), "o", text], ensure_ascii=False) + "\n")


@asynccontextmanager
async def _opened(
    path: str, branch: str | None, size: tuple[int, int]
) -> AsyncIterator[tuple[TutorApp, LessonScreen, Pilot[None]]]:
    """The recording on a screen that nobody sees."""
    # In full colour, whatever terminal this command was typed in.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    app = TutorApp(Engine(), path, Request())
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        while not isinstance(screen, LessonScreen) or screen.branches is None:
            await pilot.pause()
            screen = app.screen
        if branch is not None:
            named = [one for one in screen.branches.all if one.name == branch]
            if not named:
                known = ", ".join(one.name for one in screen.branches.all)
                raise NoSuchStep(f"{path}: no run is called {branch!r}; there are {known}")
            screen.branches.switch(named[0])
        # What is looked for in slices is found before the first picture.
        while screen.branches.current.events.follow():
            await pilot.pause()
        yield app, screen, pilot


async def _go(screen: LessonScreen, pilot: Pilot[None], step: int) -> None:
    """Show a step, with every pane drawn."""
    last = len(screen.timeline)
    if not 1 <= step <= last:
        raise NoSuchStep(f"step {step:,} is not recorded (1 to {last:,} are)")
    screen.visit(step)
    await pilot.pause()
    for panel in screen.query(Panel):
        panel.draw_now()
    await pilot.pause()
