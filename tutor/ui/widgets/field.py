"""A line to type in, in which every key is dealt with in the order in which it was pressed."""

from textual.events import Key
from textual.widgets import Input

_EDITING = {
    "backspace": "delete_left", "delete": "delete_right", "left": "cursor_left",
    "right": "cursor_right", "home": "home", "end": "end", "ctrl+u": "delete_left_all",
    "ctrl+k": "delete_right_all", "ctrl+w": "delete_left_word", "ctrl+a": "home", "ctrl+e": "end",
}  # fmt: skip


class Field(Input):
    """Textual brings a key that is bound to an action round by the app, where letters typed behind
    it overtake it: over a slow link many keys come at once."""

    def __init__(self, value: str = "", *, id: str, max_length: int = 0) -> None:
        super().__init__(value, compact=True, select_on_focus=False, max_length=max_length, id=id)
        self.cursor_blink = False

    async def _on_key(self, event: Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            await self.action_submit()
        elif (action := _EDITING.get(event.key)) is not None:
            event.stop()
            event.prevent_default()
            getattr(self, f"action_{action}")()
        else:
            await super()._on_key(event)
