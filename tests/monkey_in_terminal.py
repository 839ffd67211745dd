"""The monkey drives the program in a pseudo-terminal, and looks at what it leaves behind."""

import itertools
import termios
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import pyte
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
from pseudo_terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal, is_alive
from textual.keys import key_to_character

from tutor.course.catalog import resolve

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
        terminal = Terminal(*arguments, size=FIRST_SIZE, folder=folder)
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
                if number % CHECK == 0:
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
        terminal.until(lambda: bool(terminal.status) or not terminal.child.isalive(), LIMIT)
    except AssertionError as error:
        raise Fault("the status line is empty") from error


def _leave_terminal(terminal: Terminal) -> None:
    terminal.feed = partial(_keep, terminal)
    end = monotonic() + LIMIT
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
    end = monotonic() + LIMIT
    while alive := [pid for pid in started if is_alive(pid)]:
        if monotonic() > end:
            raise Fault(f"processes are left behind: {alive}")
