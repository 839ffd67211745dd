"""A monkey at the keys: `python tests/monkey.py [--terminal] SEED KEYS TARGET…`.

A target is a lesson's name, a script, `menu`, or `all`. The KEYS are spread over the targets. What
the monkey does depends on the seed, the target and the number of keys alone (`monkey_deeds.py`).
In this process it drives the app over the real engine. With `--terminal` it drives the program in
a pseudo-terminal, which also shows what is left behind: processes, terminal settings, a traceback.

A fault is printed with the command that repeats it, and is the exit status 1.
"""

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import termios
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import pyte
from monkey_deeds import Deed, Mouse, Paste, Press, Ready, Size, Wait, deeds
from pseudo_terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal, descendants, is_alive
from rich.cells import cell_len
from textual import events, geometry
from textual.keys import key_to_character

from tutor.course.catalog import resolve
from tutor.engine.client import Engine
from tutor.ui.app import TutorApp
from tutor.ui.panels.panel import Panel
from tutor.ui.screens.lesson import LessonScreen

SCRIPTS = Path(__file__).parent / "scripts"

LESSONS = ("double_deposit", "three_points", "fifteen_numpy", "search", "two_layer", "dataloader")

_FIRST_SIZE = 120, 40

_LIMIT = 60.0
"""Seconds after which an app that does not answer, or a process that does not end, is a fault."""

_CHECK = 20
"""Deeds between two checks."""


class StartedEngine(Engine):
    """An engine for many apps, each of which would start it."""

    def start(self) -> None:
        if self._process is None:
            super().start()

    def workers(self) -> set[int]:
        """Return the processes of its runs."""
        assert self._process is not None
        return descendants(self._process.pid)


class Fault(Exception):
    """Something that must never happen."""


def everything() -> list[str]:
    """Return all targets: lessons, scripts that misbehave, and the menu."""
    scripts = [*SCRIPTS.glob("monkey/*.py"), SCRIPTS / "recurses.py", SCRIPTS / "aborts.py"]
    return [*LESSONS, "menu", *sorted(map(str, scripts))]


def name_of(target: str) -> str:
    """Return what the deeds depend on: not on the folder that a script lies in."""
    return Path(target).stem


# In this process


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
                async with app.run_test(size=_FIRST_SIZE):
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
        if number % _CHECK == 0:
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


async def _until(holds: Callable[[], bool], problem: str, limit: float = _LIMIT) -> None:
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
    end = monotonic() + _LIMIT
    while not app._exit and app._exception is None:
        if monotonic() > end:
            stack = [type(screen).__name__ for screen in app.screen_stack]
            raise Fault(f"escape and q do not leave: {stack}")
        for key in ("escape", "q"):
            app.post_message(events.Key(key, key_to_character(key)))
            await asyncio.sleep(0.1)


# In a pseudo-terminal

_SEQUENCES = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H",
    "end": "\x1b[F", "insert": "\x1b[2~", "delete": "\x1b[3~", "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~", "shift+right": "\x1b[1;2C", "shift+left": "\x1b[1;2D", "f1": "\x1bOP",
    "f5": "\x1b[15~", "f12": "\x1b[24~",
}  # fmt: skip


def _sequence(key: str) -> str:
    if key.startswith("ctrl+"):
        return chr(ord(key[-1]) - 96)
    return _SEQUENCES.get(key) or key_to_character(key) or ""


def play_in_terminal(target: str, plan: Iterator[Deed], folder: Path) -> None:
    """Do everything that is planned to the program in a pseudo-terminal.

    Raises:
        Fault: something happened that must never happen.
    """
    is_menu = target == "menu"
    arguments = [] if is_menu else ["open", str(resolve(target))]
    while (first := next(plan, None)) is not None:
        terminal = Terminal(*arguments, size=_FIRST_SIZE, folder=folder)
        # An emulator is too slow to follow all of it.
        terminal.feed = partial(_keep, terminal)
        settings = termios.tcgetattr(terminal.child.child_fd)
        started: set[int] = set()
        try:
            terminal.until(lambda to=terminal: ENTER_SCREEN in to.raw)
            for number, deed in enumerate(itertools.chain([first], plan)):
                if not terminal.child.isalive():
                    break
                _send(terminal, deed)
                if number % _CHECK == 0:
                    started |= terminal.descendants()
            started |= terminal.descendants()
            if not is_menu and terminal.child.isalive():
                _check_status(terminal)
            _leave_terminal(terminal)
            _check_end(terminal, settings, started)
        finally:
            terminal.close()


def _keep(terminal: Terminal, data: bytes) -> None:
    """Keep the newest output."""
    terminal.raw = (terminal.raw + data)[-100_000:]


def _send(terminal: Terminal, deed: Deed) -> None:
    width, height = terminal.emulator.columns, terminal.emulator.lines
    try:
        match deed:
            case Press(keys, pause):
                for key in keys:
                    terminal.send(_sequence(key))
                    _read(terminal, pause)
            case Paste(text):
                # A terminal that reads nothing while it is written to would wait for ever.
                data = f"\x1b[200~{text}\x1b[201~"
                for start in range(0, len(data), 1000):
                    terminal.send(data[start : start + 1000])
                    _read(terminal, 0)
            case Mouse(what, places):
                for button, (x, y), is_released in _buttons(what, places):
                    place = f"{int(x * width) + 1};{int(y * height) + 1}"
                    terminal.send(f"\x1b[<{button};{place}{'m' if is_released else 'M'}")
                    _read(terminal, 0)
            case Size(width, height):
                terminal.resize(width, height)
            case Wait(seconds, True):
                _read(terminal, seconds)
            case Wait(seconds, False):
                sleep(seconds)
            case Ready():
                end = monotonic() + 5  # without a worker, as in the menu, there is no sign of it
                while len(terminal.descendants()) < 2 and monotonic() < end:
                    _read(terminal, 0.2)
    except OSError:  # the program has ended
        pass


def _buttons(what: str, places: tuple[tuple[float, float], ...]) -> Iterator[tuple]:
    if what in ("up", "down"):
        yield 64 + (what == "down"), places[0], False
        return
    for _ in range(2 if what == "double" else 1):
        yield 0, places[0], False
        for place in places[1:]:
            yield 32, place, False
        yield 0, places[-1], True


def _read(terminal: Terminal, seconds: float) -> None:
    """Read for so long; at least what is there."""
    end = monotonic() + seconds
    while terminal.read(timeout=0) or monotonic() < end:
        if monotonic() > end + 1:
            return


def _check_status(terminal: Terminal) -> None:
    """Have everything drawn again in another size, and look at the status line."""
    terminal.resize(100, 30)
    terminal.emulator = pyte.Screen(100, 30)
    stream = pyte.ByteStream(terminal.emulator)
    terminal.feed = stream.feed
    try:
        # It may be about to end: the last key may have been one that leaves.
        terminal.until(lambda: bool(terminal.status) or not terminal.child.isalive(), _LIMIT)
    except AssertionError as error:
        raise Fault("the status line is empty") from error


def _leave_terminal(terminal: Terminal) -> None:
    terminal.feed = partial(_keep, terminal)
    end = monotonic() + _LIMIT
    for number in itertools.count():
        if not terminal.child.isalive():
            return
        if monotonic() > end:
            raise Fault("escape and q do not leave")
        for key in ("\x1b", "q"):
            # An escape and a key that come together are one key with alt. Every other time the
            # terminal is behind.
            with suppress(OSError):
                terminal.send(key)
            if number % 2:
                _read(terminal, 0.2)
            else:
                sleep(0.2)


def _check_end(terminal: Terminal, settings: list[object], started: set[int]) -> None:
    status = terminal.ends()
    after = terminal.raw.rpartition(LEAVE_SCREEN)[2]
    if status or b"Traceback" in after or b"Error" in after:
        raise Fault(f"exit status {status}: {after.decode(errors='replace')}")
    if termios.tcgetattr(terminal.child.child_fd) != settings:
        raise Fault("the terminal's settings are not those from before")
    end = monotonic() + _LIMIT
    while alive := [pid for pid in started if is_alive(pid)]:
        if monotonic() > end:
            raise Fault(f"processes are left behind: {alive}")


# The command line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--terminal", action="store_true", help="in a pseudo-terminal")
    parser.add_argument("seed", type=int)
    parser.add_argument("keys", type=int)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    options = parser.parse_args()
    targets = everything() if options.targets == ["all"] else options.targets
    targets = [str(Path(one).absolute()) if Path(one).exists() else one for one in targets]
    each = -(-options.keys // len(targets))
    engine = StartedEngine(eager=True)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="monkey-") as folder:
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = folder
        for target in targets:
            plan = deeds(options.seed, name_of(target), each)
            began = monotonic()
            try:
                if options.terminal:
                    play_in_terminal(target, plan, Path(folder))
                else:
                    asyncio.run(play(engine, target, plan))
                problem = "no fault"
            except Fault as fault:
                problem, faults = str(fault), faults + 1
            words = ["--terminal"] * options.terminal + [str(options.seed), str(each), target]
            print(f"python tests/monkey.py {' '.join(words)}: {problem}"
                  f" ({monotonic() - began:.0f} s)", flush=True)  # fmt: skip
        engine.close()
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
