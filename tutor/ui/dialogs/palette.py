"""The command palette: Textual's, dismissed as other dialogs are."""

from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.worker import Worker

from tutor.ui.lifetime import TutorScreen


class PaletteDialog(CommandPalette, TutorScreen[None]):
    """Lists all actions of the screen below. A second click or enter does nothing.

    A search for commands must not go on, or begin with a letter typed just before, when the palette
    is dismissed: it would look for widgets that are gone.
    """

    def dismiss(self, result: None = None) -> AwaitComplete:
        self.workers.cancel_node(self)
        return super().dismiss(result)

    def run_worker(self, *args: Any, **options: Any) -> Worker[Any]:
        worker = super().run_worker(*args, **options)
        if not self.is_active:
            worker.cancel()
        return worker

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command_list":
            # Textual's list raises KeyError if a page is turned before it has a size.
            return self.is_mounted and bool(self.query_one(CommandList).scrollable_content_region)
        return super().check_action(action, parameters)
