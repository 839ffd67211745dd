"""The base of dialogs that change while runs go on below them."""

from typing import Generic

from textual.screen import ModalScreen, ScreenResultType


class LiveDialog(ModalScreen[ScreenResultType], Generic[ScreenResultType]):
    """A dialog that the lesson screen redraws with itself."""

    def renew(self) -> None:
        """Redraw with what is known now."""
        raise NotImplementedError
