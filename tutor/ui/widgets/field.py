"""An input field that handles keys in the order in which they were pressed."""

from textual.events import Key
from textual.widgets import Input

_EDITING = {
    "backspace": "delete_left", "delete": "delete_right", "left": "cursor_left",
    "right": "cursor_right", "home": "home", "end": "end", "ctrl+u": "delete_left_all",
    "ctrl+k": "delete_right_all", "ctrl+w": "delete_left_word", "ctrl+a": "home", "ctrl+e": "end",
}  # fmt: skip


class Field(Input):
    """An input field that handles its editing keys itself.

    Textual routes a key that is bound to an action through the app, where letters typed after it
    overtake it. Over a slow link many keys arrive at once.
    """

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
