"""The monkey drives the app in this process, over the real engine."""

import asyncio
import itertools
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from monkey_deeds import (
    CHECK,
    FIRST_SIZE,
    LIMIT,
    Deed,
    Fault,
    Mouse,
    Paste,
    Press,
    Ready,
    Size,
    Wait,
)
from pseudo_terminal import descendants
from rich.cells import cell_len
from textual import events, geometry
from textual.keys import key_to_character

from tutor.course.catalog import resolve
from tutor.engine.client import Engine
from tutor.ui.app import TutorApp
from tutor.ui.panels.panel import Panel
from tutor.ui.screens.lesson import LessonScreen


class StartedEngine(Engine):
    """An engine for many apps, each of which would start it."""

    def start(self) -> None:
        if self._process is None:
            super().start()

    def workers(self) -> set[int]:
        """Return the processes of its runs."""
        assert self._process is not None
        return descendants(self._process.pid)


class Faults:
    """Exceptions that would reach nobody: in threads, in tasks."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        before = threading.excepthook, loop.get_exception_handler()
        threading.excepthook = lambda args: self.found.append(
            f"in a thread: {args.exc_type.__name__}: {args.exc_value}"
        )
        loop.set_exception_handler(lambda _, context: self.found.append(f"in a task: {context}"))
        try:
            yield
        finally:
            threading.excepthook = before[0]
            loop.set_exception_handler(before[1])


async def play(engine: StartedEngine, target: str, plan: Iterator[Deed]) -> None:
    """Do everything that is planned to the app in this process.

    Raises:
        Fault: something happened that must never happen.
    """
    path = None if target == "menu" else str(resolve(target))
    faults = Faults()
    with faults.watched():
        # A key that leaves ends an app before the deeds end.
        while (first := next(plan, None)) is not None:
            app = TutorApp(engine, path)
            try:
                async with app.run_test(size=FIRST_SIZE):
                    await _do_all(app, itertools.chain([first], plan))
                    await _until(lambda app=app: _ends_are_told(app), "an end was not told")
                    await _leave(app)
            except Fault:
                raise
            except Exception as error:
                raise Fault(_described(error)) from error
            await _until(lambda: not engine.workers(), "a worker is left behind")
            if faults.found:
                raise Fault("; ".join(faults.found))


def _described(error: BaseException) -> str:
    """Return the exception and the calls that led to it, the innermost last; then its cause."""
    calls = traceback.extract_tb(error.__traceback__)[-6:]
    places = " > ".join(f"{Path(call.filename).name}:{call.lineno}" for call in calls)
    text = f"{type(error).__name__}: {error} ({places})"
    cause = error.__cause__
    return f"{text} because of {_described(cause)}" if cause is not None else text


async def _do_all(app: TutorApp, plan: Iterator[Deed]) -> None:
    for number, deed in enumerate(plan):
        if not app.is_running or app._exit:
            return
        await _do(app, deed)
        if number % CHECK == 0:
            await _check(app)


async def _do(app: TutorApp, deed: Deed) -> None:
    match deed:
        case Press(keys, pause):
            for key in keys:
                app.post_message(events.Key(key, key_to_character(key)))
                await asyncio.sleep(pause)
        case Paste(text):
            app.post_message(events.Paste(text))
        case Mouse(what, places):
            for event in _mouse_events(app, what, places):
                app.post_message(event)
                await asyncio.sleep(0)
        case Size(width, height):
            size = geometry.Size(width, height)
            app._driver._size = size
            app.post_message(events.Resize(size, size))
        case Wait(seconds, _):
            await asyncio.sleep(seconds)
        case Ready():
            await _until(lambda: _can_run(app), "the script cannot be run")


def _can_run(app: TutorApp) -> bool:
    screen = app.screen
    return not isinstance(screen, LessonScreen) or screen.controller is not None


def _ends_are_told(app: TutorApp) -> bool:
    """Return whether the screen knows of each worker that is gone."""
    if app._exit or app._exception is not None:
        return True
    controllers = [
        screen.controller
        for screen in app.screen_stack
        if isinstance(screen, LessonScreen) and screen.controller is not None
    ]
    workers = [one.session.worker for shown in controllers for one in shown.branches.all]
    return all(one.ended or not one._run._gone.is_set() for one in workers)


def _mouse_events(
    app: TutorApp, what: str, places: tuple[tuple[float, float], ...]
) -> Iterator[events.Event]:
    width, height = app.size

    def at(kind: type[events.MouseEvent], place: tuple[float, float]) -> events.MouseEvent:
        x, y = int(place[0] * width), int(place[1] * height)
        return kind(None, x, y, 0, 0, 1, False, False, False, x, y)

    if what in ("up", "down"):
        yield at(events.MouseScrollUp if what == "up" else events.MouseScrollDown, places[0])
        return
    for _ in range(2 if what == "double" else 1):
        yield at(events.MouseMove, places[0])
        yield at(events.MouseDown, places[0])
        for place in places[1:]:
            yield at(events.MouseMove, place)
        yield at(events.MouseUp, places[-1])


async def _until(holds: Callable[[], bool], problem: str, limit: float = LIMIT) -> None:
    end = monotonic() + limit
    while not holds():
        if monotonic() > end:
            raise Fault(problem)
        await asyncio.sleep(0.01)


async def _check(app: TutorApp) -> None:
    """Wait until the app has handled what it was sent, and look at its screen."""
    answered = asyncio.Event()
    if not app.call_later(answered.set):
        return
    await _until(lambda: answered.is_set() or app._exit, "the app does not answer")
    if app._exception is not None or app._exit:
        return
    for screen in app.screen_stack:
        if isinstance(screen, LessonScreen) and screen.is_mounted:
            _check_lesson(screen)


def _check_lesson(screen: LessonScreen) -> None:
    if not screen.status.text and screen.is_current and screen.size:
        raise Fault("the status line is empty")
    for panel in screen.query(Panel):
        # A pane that was just resized is drawn a moment later.
        if panel._key is not None and panel._key[0] == panel.size:
            for strip in panel._painted:
                if strip.cell_length > panel.size.width or cell_len(strip.text) > panel.size.width:
                    raise Fault(f"a line of {panel.id} is too wide: {strip.text!r}")
    controller = screen.controller
    if controller is not None:
        for branch in controller.branches.all:
            if not 0 <= branch.session.cursor <= branch.session.tip == len(branch.timeline):
                raise Fault(f"{branch.name}: step {branch.session.cursor} of {branch.session.tip}")


async def _leave(app: TutorApp) -> None:
    """Leave as a learner does: escape and q, again and again."""
    end = monotonic() + LIMIT
    while not app._exit and app._exception is None:
        if monotonic() > end:
            stack = [type(screen).__name__ for screen in app.screen_stack]
            raise Fault(f"escape and q do not leave: {stack}")
        for key in ("escape", "q"):
            app.post_message(events.Key(key, key_to_character(key)))
            await asyncio.sleep(0.1)
