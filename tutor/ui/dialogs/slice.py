"""Ask which part of a value to show: a subscript as in Python."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.ui.draw.tensors.window import select

_HINT = "Numbers and colons as in Python, such as [3:5, :, 0]. Type nothing to see everything."
_LONGEST = 40


def parse(text: str, shape: Sequence[int]) -> str:
    """Return the subscript that the learner typed, with its brackets; "" for everything.

    Raises:
        ValueError: a value of this shape has no such part; the message is one line.
    """
    text = text.strip()
    if text and not text.startswith("["):
        text = f"[{text}]"
    select(shape, text)
    return text


class SliceDialog(ModalScreen[str | None]):
    """A dialog that returns the subscript; None to leave the value as it is.

    It handles the keys itself, as `GoDialog` does.

    Args:
        value: The name of the value.
        shape: The shape of the value.
    """

    BINDINGS: ClassVar = [
        Binding("enter", "take", "show this part"),
        Binding("escape", "dismiss", "leave it as it is"),
        Binding("backspace", "erase", "erase"),
    ]

    typed = ""

    field = query_one("#field", Static)
    why = query_one("#why", Static)

    def __init__(self, value: str, shape: Sequence[int]) -> None:
        super().__init__()
        self._value = value
        self._shape = shape

    def compose(self) -> ComposeResult:
        shape = "×".join(map(str, self._shape)) or "scalar"
        with Vertical(id="slice") as box:
            box.border_title = Content(f"a part of {self._value} ({shape})")
            yield Static(id="field")
            yield Static(Content(_HINT), id="why")

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

    def action_take(self) -> None:
        try:
            self.dismiss(parse(self.typed, self._shape))
        except ValueError as error:
            self.why.update(Content(str(error)))

    def _show(self) -> None:
        if self.is_mounted:
            self.field.update(Content.assemble(self.typed, ("▏", "$primary")))
