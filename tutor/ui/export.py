"""Export the screen of a recording: one step as SVG, or all of them as an asciicast."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from textual.pilot import Pilot

from tutor.engine.client import Engine
from tutor.history.recording.exported import exported
from tutor.history.recording.file import RecordingError
from tutor.history.recording.reader import locate
from tutor.session.controller import Controller
from tutor.session.request import Request
from tutor.ui.app import TutorApp
from tutor.ui.panels.panel import Panel
from tutor.ui.screens.lesson import LessonScreen

MAX_STEPS = 600
"""An asciicast shows at most so many steps; of a longer run it shows evenly chosen ones."""

_PACE = 0.4
"""Seconds that an asciicast shows a step, unless there are too many."""

_MAX_SECONDS = 120.0
"""Seconds that an asciicast plays at most."""

_END = 3.0
"""Seconds that it shows the last step."""


def export_screen(target: str, output: str | None, step: int | None, size: tuple[int, int]) -> None:
    """Write the screen at a step as SVG, or at all steps as an asciicast.

    Args:
        target: `FILE` or `FILE@BRANCH`.
        output: A path; None for stdout.
        step: None for an asciicast.
        size: Columns and rows.

    Raises:
        RecordingError: the recording cannot be shown, or the file cannot be written.
    """
    if locate(target) is None:
        raise RecordingError(f"{target} is no recording: make one with tutor run … --save FILE")
    with exported(output) as out:
        if step is None:
            write_asciicast(target, size, out)
        else:
            out.write(screenshot(target, step, size))


def screenshot(target: str, step: int, size: tuple[int, int]) -> str:
    """Return the screen at a recorded step, as SVG.

    Args:
        target: `FILE` or `FILE@BRANCH`; without a branch the run that was shown when it was saved.
        size: Columns and rows.

    Raises:
        RecordingError: the file cannot be opened, or has no such run or step.
    """

    async def take() -> str:
        async with _opened(target, size) as (app, screen, controller, pilot):
            await _go(screen, controller, pilot, step)
            return app.export_screenshot(title=f"{screen.lesson.path.name}, step {step:,}")

    return asyncio.run(take())


def write_asciicast(target: str, size: tuple[int, int], out: IO[str]) -> int:
    """Write the steps of a recording as an asciicast of version 2, which asciinema plays.

    Args:
        out: Written a line at a time.

    Returns:
        The number of steps that it shows.

    Raises:
        RecordingError: the file cannot be opened, or has no such run, or no step.
    """

    async def record() -> int:
        async with _opened(target, size) as (app, screen, controller, pilot):
            last = len(controller.timeline)
            count = min(last, MAX_STEPS)
            if not count:
                raise RecordingError(f"{target}: nothing is recorded in it")
            steps = [1 + round(n * (last - 1) / max(1, count - 1)) for n in range(count)]
            title = f"{screen.lesson.path.name}: {last:,} steps"
            header = {"version": 2, "width": size[0], "height": size[1], "title": title}
            out.write(json.dumps(header) + "\n")
            pace = min(_PACE, _MAX_SECONDS / count)
            for number, step in enumerate(steps):
                await _go(screen, controller, pilot, step)
                _write(out, number * pace, app.screen_changes())
            _write(out, (count - 1) * pace + _END, "")
            return count

    return asyncio.run(record())


def _write(out: IO[str], seconds: float, text: str) -> None:
    out.write(json.dumps([round(seconds, 3), "o", text], ensure_ascii=False) + "\n")


@asynccontextmanager
async def _opened(
    target: str, size: tuple[int, int]
) -> AsyncIterator[tuple[TutorApp, LessonScreen, Controller, Pilot[None]]]:
    """Open the recording in an app without a terminal."""
    # Full colour, whatever this command's own terminal can show.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    app = TutorApp(Engine(), target, Request())
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        while not isinstance(screen, LessonScreen) or (controller := screen.controller) is None:
            await pilot.pause()
            screen = app.screen
        # Events are looked for a slice at a time: find them all before the first screenshot.
        while controller.branch.events.advance():
            await pilot.pause()
        yield app, screen, controller, pilot


async def _go(screen: LessonScreen, controller: Controller, pilot: Pilot[None], step: int) -> None:
    """Show a step, and draw every pane."""
    last = len(controller.timeline)
    if not 1 <= step <= last:
        raise RecordingError(f"step {step:,} is not recorded (1 to {last:,} are)")
    controller.visit(step)
    await pilot.pause()
    for panel in screen.query(Panel):
        panel.draw_now()
    await pilot.pause()
