"""Ask which part of a value to show: a subscript as in Python."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding
from textual.content import Content

from tutor.ui.dialogs.typed import TypedDialog
from tutor.ui.draw.tensors.window import select


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


class SliceDialog(TypedDialog[str | None]):
    """A dialog that returns the subscript; None to leave the value as it is.

    Args:
        value: The name of the value.
        shape: The shape of the value.
    """

    BINDINGS: ClassVar = [Binding("enter", "take", "show this part")]
    BOX = "slice"
    HINT = "Numbers and colons as in Python, such as [3:5, :, 0]. Type nothing to see everything."
    MAX_LENGTH = 40

    def __init__(self, value: str, shape: Sequence[int]) -> None:
        super().__init__()
        size = "×".join(map(str, shape)) or "scalar"
        self.heading = f"a part of {value} ({size})"
        self._shape = shape

    def action_take(self) -> None:
        try:
            self.dismiss(parse(self.typed, self._shape))
        except ValueError as error:
            self.why.update(Content(str(error)))
