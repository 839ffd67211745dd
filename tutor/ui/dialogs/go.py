"""Ask where to go: a step, an iteration, or the first step where a condition holds."""

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.insight.predicate import MAX_LENGTH
from tutor.insight.search import Condition, ConditionError
from tutor.session.finding import Place, parse
from tutor.ui.draw.text.strips import ELLIPSIS

_HINT = (
    "120 is a step, i20 an iteration, loss < 0.1 the first step where it holds. "
    "Steps that are not recorded yet are run."
)


class GoDialog(ModalScreen[Place | Condition | None]):
    """A dialog that returns the place to go to; None to stay.

    It handles the keys itself: an input field would lose keys that arrive before it is
    mounted, and its blinking cursor would be sent to the terminal all the time.
    """

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
            yield Static(_HINT, id="why", markup=False)

    def on_mount(self) -> None:
        self._show()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._show)

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.character:
            event.stop()
            self._type(event.character)

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self._type(" ".join(event.text.split()))

    def _type(self, text: str) -> None:
        self.typed = (self.typed + text)[:MAX_LENGTH]
        self._show()

    def action_erase(self) -> None:
        self.typed = self.typed[:-1]
        self._show()

    def action_go(self) -> None:
        if not self.typed.strip():
            self.dismiss(None)
            return
        try:
            place = parse(self.typed)
        except ConditionError as error:
            self.why.update(Content(f"{error}."))
        else:
            self.dismiss(place)

    def _show(self) -> None:
        """Show what is typed, or its end if not all of it fits."""
        if self.is_mounted:
            text, room = self.typed, max(2, self.field.size.width - 1)
            if cell_len(text) > room and self.field.size.width:
                while cell_len(text) >= room:
                    text = text[1:]
                text = ELLIPSIS + text
            self.field.update(Content.assemble(text, ("▏", "$primary")))
