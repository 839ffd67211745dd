"""Where to? A step, or an iteration."""

import re
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Input, Static

_HINT = "120 is a step, i20 an iteration; what is not recorded yet is run up to there"


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
    BINDINGS: ClassVar = [Binding("escape", "dismiss", "cancel")]

    why = query_one("#why", Static)

    def compose(self) -> ComposeResult:
        with Vertical(id="go") as box:
            box.border_title = "go to"
            yield Input(placeholder="step, or i and an iteration")
            yield Static(_HINT, id="why")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        place = parse(event.value)
        if place is not None:
            self.dismiss(place)
        elif not event.value.strip():
            self.dismiss(None)
        else:
            self.why.update(f"no step is called {event.value.strip()[:20]!r}; {_HINT}")
