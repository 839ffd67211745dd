"""The command palette: Textual's, dismissed as other dialogs are."""

from textual.command import CommandList, CommandPalette

from tutor.ui.lifetime import TutorScreen


class PaletteDialog(CommandPalette, TutorScreen[None]):
    """Lists all actions of the screen below. A second click or enter does nothing."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command_list":
            # Textual's list raises KeyError if a page is turned before it has a size.
            return self.is_mounted and bool(self.query_one(CommandList).scrollable_content_region)
        return super().check_action(action, parameters)
