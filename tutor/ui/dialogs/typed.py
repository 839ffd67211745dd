"""The base of dialogs in which the learner types one short line."""

from typing import ClassVar, Generic

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.getters import query_one
from textual.screen import ScreenResultType
from textual.widgets import Static

from tutor.ui.dialogs.dialog import Dialog
from tutor.ui.draw.text.strips import ELLIPSIS


class TypedDialog(Dialog[ScreenResultType], Generic[ScreenResultType]):
    """A dialog that handles the keys itself.

    An input field would lose keys that arrive before it is mounted, and its blinking cursor would
    be sent to the terminal all the time.
    """

    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "close"),
        Binding("backspace", "erase", "erase"),
    ]

    BOX: ClassVar[str]
    """The id of the box, for the style sheet."""
    HINT: ClassVar[str]
    MAX_LENGTH: ClassVar[int]

    heading: str
    typed = ""

    field = query_one("#field", Static)
    why = query_one("#why", Static)

    def compose(self) -> ComposeResult:
        with Vertical(id=self.BOX) as box:
            box.border_title = Content(self.heading)
            yield Static(id="field")
            yield Static(Content(self.HINT), id="why")

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.character:
            event.stop()
            self._type(event.character)

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self._type(" ".join(event.text.split()))

    def action_erase(self) -> None:
        self.typed = self.typed[:-1]
        self.show()

    def _type(self, text: str) -> None:
        # Textual cannot draw a bell and the like, which a paste may hold.
        printable = "".join(filter(str.isprintable, text))
        self.typed = (self.typed + printable)[: self.MAX_LENGTH]
        self.show()

    def draw(self) -> None:
        """Show what is typed, or its end if not all of it fits."""
        text, room = self.typed, max(2, self.field.size.width - 1)
        if cell_len(text) > room and self.field.size.width:
            while cell_len(text) >= room:
                text = text[1:]
            text = ELLIPSIS + text
        self.field.update(Content.assemble(text, ("▏", "$primary")))
