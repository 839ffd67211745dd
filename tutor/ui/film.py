"""Pictures of a recording: the screen at a step, and the walk through it as a terminal's film."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import IO

from textual.pilot import Pilot

from tutor.engine.client import Engine
from tutor.history.recording.file import RecordingError, is_recording
from tutor.history.recording.reader import locate
from tutor.session.controller import Controller
from tutor.session.request import Request
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


def export(target: str, output: str | None, step: int | None, size: tuple[int, int]) -> None:
    """Write the picture of a step, or the film of all of them.

    Args:
        target: `FILE` or `FILE@BRANCH`.
        output: A path; None for stdout.
        step: None for a film.
        size: Columns and rows.

    Raises:
        RecordingError: it cannot be made, or not be written.
    """
    if locate(target) is None:
        raise RecordingError(f"{target} is no recording: make one with tutor run … --save FILE")
    if output is not None and is_recording(output):
        raise RecordingError(f"{output} is a recording and is not written over: name another file")
    try:
        with open(output, "w", encoding="utf-8") if output else nullcontext(sys.stdout) as out:
            if step is None:
                film(target, size, out)
            else:
                out.write(picture(target, step, size))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordingError(f"{output} cannot be written: {reason}") from None


def picture(target: str, step: int, size: tuple[int, int]) -> str:
    """The screen at a recorded step, as SVG.

    Args:
        target: `FILE` or `FILE@BRANCH`; without a branch the run that the learner was at.
        size: Columns and rows.

    Raises:
        RecordingError: it cannot be opened, or has no such run or step.
    """

    async def take() -> str:
        async with _opened(target, size) as (app, screen, controller, pilot):
            await _go(screen, controller, pilot, step)
            return app.export_screenshot(title=f"{screen.lesson.path.name}, step {step:,}")

    return asyncio.run(take())


def film(target: str, size: tuple[int, int], out: IO[str]) -> int:
    """The walk through a recording as an asciicast of version 2, which asciinema plays.

    Args:
        out: Where it is written, a line at a time.

    Returns:
        How many steps it shows.

    Raises:
        RecordingError: it cannot be opened, or has no such run, or no step.
    """

    async def shoot() -> int:
        async with _opened(target, size) as (app, screen, controller, pilot):
            last = len(controller.timeline)
            count = min(last, LONGEST)
            if not count:
                raise RecordingError(f"{target}: nothing is recorded in it")
            steps = [1 + round(n * (last - 1) / max(1, count - 1)) for n in range(count)]
            title = f"{screen.lesson.path.name}: {last:,} steps"
            header = {"version": 2, "width": size[0], "height": size[1], "title": title}
            out.write(json.dumps(header) + "\n")
            pace = min(_PACE, _LENGTH / count)
            for number, step in enumerate(steps):
                await _go(screen, controller, pilot, step)
                _write(out, number * pace, app.drawn())
            _write(out, (count - 1) * pace + _END, "")
            return count

    return asyncio.run(shoot())


def _write(out: IO[str], seconds: float, text: str) -> None:
    out.write(json.dumps([round(seconds, 3), "o", text], ensure_ascii=False) + "\n")


@asynccontextmanager
async def _opened(
    target: str, size: tuple[int, int]
) -> AsyncIterator[tuple[TutorApp, LessonScreen, Controller, Pilot[None]]]:
    """The recording on a screen that nobody sees."""
    # In full colour, whatever terminal this command was typed in.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    app = TutorApp(Engine(), target, Request())
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        while not isinstance(screen, LessonScreen) or (controller := screen.controller) is None:
            await pilot.pause()
            screen = app.screen
        # What is looked for in slices is found before the first picture.
        while controller.branch.events.advance():
            await pilot.pause()
        yield app, screen, controller, pilot


async def _go(screen: LessonScreen, controller: Controller, pilot: Pilot[None], step: int) -> None:
    """Show a step, with every pane drawn."""
    last = len(controller.timeline)
    if not 1 <= step <= last:
        raise RecordingError(f"step {step:,} is not recorded (1 to {last:,} are)")
    controller.visit(step)
    await pilot.pause()
    for panel in screen.query(Panel):
        panel.draw_now()
    await pilot.pause()
