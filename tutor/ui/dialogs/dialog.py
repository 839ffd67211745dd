"""The bases of all dialogs."""

from typing import Generic

from textual.events import Resize
from textual.screen import ModalScreen, ScreenResultType

from tutor.ui.lifetime import TutorScreen


class Dialog(
    ModalScreen[ScreenResultType], TutorScreen[ScreenResultType], Generic[ScreenResultType]
):
    """A dialog. It is drawn when it has been laid out."""

    def on_mount(self) -> None:
        self.call_after_refresh(self.show)

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self.show)


class LiveDialog(Dialog[ScreenResultType], Generic[ScreenResultType]):
    """A dialog about runs that go on: the lesson screen redraws it with itself."""
