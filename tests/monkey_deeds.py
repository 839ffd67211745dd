"""What the monkey does: keys, texts, pastes, mouse, resizes and waits, from a seed alone."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding
from textual.dom import DOMNode

from tutor.ui.app import TutorApp
from tutor.ui.dialogs.audit import AuditDialog
from tutor.ui.dialogs.branches import BranchesDialog
from tutor.ui.dialogs.edit import EditDialog
from tutor.ui.dialogs.events import EventsDialog
from tutor.ui.dialogs.go import GoDialog
from tutor.ui.dialogs.help import HelpDialog
from tutor.ui.dialogs.save import SaveDialog
from tutor.ui.dialogs.slice import SliceDialog
from tutor.ui.dialogs.why import WhyDialog
from tutor.ui.panels.graph import GraphPanel
from tutor.ui.panels.panel import Panel
from tutor.ui.panels.plot import PlotPanel
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.screens.menu import Course, MenuScreen

FIRST_SIZE = 120, 40

LIMIT = 60.0
"""Seconds after which an app that does not answer, or a process that does not end, is a fault."""

CHECK = 20
"""Deeds between two checks."""


class Fault(Exception):
    """Something that must never happen."""


@dataclass(frozen=True)
class Press:
    """Keys, by Textual's names, each after `pause` seconds."""

    keys: tuple[str, ...]
    pause: float


@dataclass(frozen=True)
class Paste:
    text: str


@dataclass(frozen=True)
class Mouse:
    """A click, a drag, or a turn of the wheel.

    Places are fractions of the screen's width and height.
    """

    what: str
    places: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Size:
    """The terminal gets another size."""

    width: int
    height: int


@dataclass(frozen=True)
class Wait:
    """Nothing is pressed. A terminal that does not read meanwhile is behind afterwards."""

    seconds: float
    reads: bool = True


@dataclass(frozen=True)
class Ready:
    """The script can run: importing torch takes seconds, in which keys arrive too."""


Deed = Press | Paste | Mouse | Size | Wait | Ready

_BOUND: tuple[type[DOMNode], ...] = (
    TutorApp, MenuScreen, Course, LessonScreen, Panel, GraphPanel, PlotPanel, TensorsPanel,
    AuditDialog, BranchesDialog, EditDialog, EventsDialog, GoDialog, HelpDialog, SaveDialog,
    SliceDialog, WhyDialog,
)  # fmt: skip

LEAVING = ("q", "ctrl+q")
"""Keys that leave. They are rare, so that the monkey sees more than the start of a lesson."""


def _bound() -> list[str]:
    """Return all keys that are bound anywhere, but for those that leave."""
    keys = {
        key.strip()
        for owner in _BOUND
        for binding in owner.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding)
        for key in binding.key.split(",")
    }
    return sorted(keys - set(LEAVING))


KEYS = _bound()

_OTHERS = (
    *"0123456789", "tab", "shift+tab", "enter", "escape", "left", "right", "up", "down", "pageup",
    "pagedown", "home", "end", "insert", "delete", "backspace", "f1", "f5", "f12", "ctrl+a",
    "ctrl+c", "ctrl+e", "ctrl+k", "ctrl+p", "ctrl+r", "ctrl+u", "ctrl+w", "ctrl+z", "shift+left",
)  # fmt: skip

_STEPS = ("right", "space", "l", "right_square_bracket", "r", "p", "i", "o", "left", "end")

_DIALOGS: dict[str, tuple[str, ...]] = {
    "e": ("lr = 0.5", "x = 0", "x = ", "w[0] = 9.0", "nobody.x = 1", "while True: pass", "1/0",
          "del x", "x = '漢字 é'", "[" * 60, "", "i += 1", "w = w * 0"),
    "g": ("1", "7", "20", "i3", "0", "9" * 30, "loss < 0.1", "x > 3", "loss <", "-5", "é", ""),
    "colon": ("0", ":", "0, :", "[1:3]", "9999", "a", "::-1", "", "..."),
    "s": ("", "a", "no/such/folder", "/", "x" * 300, "~", "é"),
    "b": ("j", "jr", "x", "jjxx", "k", "r"),
    "E": ("j", "jjj", "n", "p", "end"),
    "w": ("j", "h", "jo", "o"),
    "a": ("j", "jk"),
    "question_mark": ("jjjj",),
    "ctrl+p": ("run", "zoom", "", "pane", "xyz"),
}  # fmt: skip
"""The keys that open a dialog, and what is typed into it."""

_NAMED = {
    " ": "space", "<": "less_than_sign", ">": "greater_than_sign", "=": "equals_sign", "-": "minus",
    "+": "plus", "*": "asterisk", "/": "slash", ".": "full_stop", ",": "comma", ":": "colon",
    "'": "apostrophe", "[": "left_square_bracket", "]": "right_square_bracket", "~": "tilde",
    "?": "question_mark", "!": "exclamation_mark", "{": "left_curly_bracket",
    "}": "right_curly_bracket", "_": "underscore",
}  # fmt: skip

_PASTES = (
    "lr = 0.5", "x = 1\ny = 2\n", "\x1b[31mred\x1b[0m\x07\x00", "\x1b]52;c;aGk=\x07",
    "é漢字👩‍👩‍👧\u2028", "q" * 50, "0" * 100_000, "[[" * 20_000, " \t\r\n" * 1000,
)  # fmt: skip


def keys_for(text: str) -> tuple[str, ...]:
    """Return the names of the keys that type a text."""
    return tuple(_NAMED.get(character, character) for character in text)


def count(deed: Deed) -> int:
    """Return how many keys a deed counts for."""
    return len(deed.keys) if isinstance(deed, Press) else int(not isinstance(deed, Wait | Ready))


def deeds(seed: int, target: str, keys: int) -> Iterator[Deed]:
    """Yield deeds of so many keys. They depend on the arguments only."""
    rng = random.Random(f"{seed} {target}")
    if rng.random() < 0.7:
        yield Ready()
    while keys > 0:
        deed = _deed(rng)
        keys -= count(deed)
        yield deed


def _deed(rng: random.Random) -> Deed:
    kinds = {
        _key: 30, _steps: 18, _dialog: 14, _burst: 8, _letters: 4, _leaving: 0.5, _paste: 2,
        _mouse: 10, _size: 4, _wait: 12,
    }  # fmt: skip
    (make,) = rng.choices(list(kinds), list(kinds.values()))
    return make(rng)


def _key(rng: random.Random) -> Deed:
    return Press((rng.choice(KEYS if rng.random() < 0.7 else _OTHERS),), 0)


def _steps(rng: random.Random) -> Deed:
    return Press((rng.choice(_STEPS),) * rng.randint(1, 8), rng.choice((0, 0, 0.01)))


def _dialog(rng: random.Random) -> Deed:
    opens = rng.choice(list(_DIALOGS))
    text = rng.choice(_DIALOGS[opens])
    typed = ("end",) if text == "end" else keys_for(text)
    ends = rng.choice((("enter",), ("enter",), ("enter", "enter"), ("escape",), ()))
    return Press((opens, *typed, *ends), rng.choice((0, 0, 0.005, 0.02)))


def _burst(rng: random.Random) -> Deed:
    """Return keys that arrive together, as over a slow link."""
    keys = [rng.choice(KEYS if rng.random() < 0.8 else _OTHERS) for _ in range(rng.randint(2, 12))]
    return Press(tuple(keys), 0)


def _letters(rng: random.Random) -> Deed:
    text = "".join(rng.choice("abcdefghijklmnoprstuvwxyzABENT0123456789") for _ in range(6))
    return Press(keys_for(text), rng.choice((0, 0.01)))


def _leaving(rng: random.Random) -> Deed:
    return Press((rng.choice(LEAVING),), 0)


def _paste(rng: random.Random) -> Deed:
    return Paste(rng.choice(_PASTES))


def _mouse(rng: random.Random) -> Deed:
    what = rng.choice(("click", "click", "double", "drag", "up", "down"))
    places = tuple((rng.random(), rng.random()) for _ in range(5 if what == "drag" else 1))
    if rng.random() < 0.3:
        # The key line, each entry of which is a button.
        places = ((places[0][0], 0.9999), *places[1:])
    return Mouse(what, places)


def _size(rng: random.Random) -> Deed:
    usual = ((80, 24), (120, 40), (200, 60), (20, 5), (250, 80), (40, 12))
    if rng.random() < 0.5:
        return Size(*rng.choice(usual))
    return Size(rng.randint(20, 250), rng.randint(5, 80))


def _wait(rng: random.Random) -> Deed:
    return Wait(rng.choice((0.0, 0.01, 0.05, 0.1, 0.3)), rng.random() < 0.8)
