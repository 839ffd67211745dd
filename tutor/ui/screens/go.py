"""Where to? A step, or an iteration."""

import re
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Static

_HINT = "120 is a step, i20 an iteration. What is not recorded yet is run up to there."
_LONGEST = 20


@dataclass(frozen=True)
class Place:
    """A step, or an iteration of the loop that the learner looks at."""

    number: int
    is_iteration: bool


def parse(text: str) -> Place | None:
    """The place that the learner typed; None where it is none."""
    found = re.fullmatch(r"\s*(i?)\s*(\d{1,9})\s*", text.lower())
    return Place(int(found[2]), bool(found[1])) if found else None


class GoScreen(ModalScreen[Place | None]):
    """Takes the keys itself: an input field would lose those that come before it is there, and
    its cursor would blink for as long as one thinks."""

    BINDINGS: ClassVar = [
        Binding("enter", "go", "go there"),
        Binding("escape", "dismiss", "stay here"),
        Binding("backspace", "erase", "erase"),
    ]

    typed = ""

    field = query_one("#field", Static)
    why = query_one("#why", Static)

    def compose(self) -> ComposeResult:
        with Vertical(id="go") as box:
            box.border_title = "go to"
            yield Static(id="field")
            yield Static(_HINT, id="why")

    def on_mount(self) -> None:
        self._show()

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.character and len(self.typed) < _LONGEST:
            event.stop()
            self.typed += event.character
            self._show()

    def action_erase(self) -> None:
        self.typed = self.typed[:-1]
        self._show()

    def action_go(self) -> None:
        place = parse(self.typed)
        if place is not None or not self.typed.strip():
            self.dismiss(place)
        else:
            self.why.update(Content(f"no step is called {self.typed!r}. {_HINT}"))

    def _show(self) -> None:
        if self.is_mounted:
            self.field.update(Content.assemble(self.typed, ("▏", "$primary")))
