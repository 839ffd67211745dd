"""A dialog over a lesson whose runs go on."""

from typing import Generic

from textual.screen import ModalScreen, ScreenResultType


class LiveDialog(ModalScreen[ScreenResultType], Generic[ScreenResultType]):
    """Is redrawn when the runs have news."""

    def renew(self) -> None:
        """Draw what is known by now."""
        raise NotImplementedError
