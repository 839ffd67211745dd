"""The command palette: find an action of the screen below by its name, and do it.

Textual's own ends the app in several ways when keys and clicks come quickly.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.getters import query_one
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from tutor.ui.dialogs.typed import TypedDialog
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, line, strip
from tutor.ui.widgets.keys import described
from tutor.ui.widgets.lines import Lines


class PaletteDialog(TypedDialog[str | None]):
    """A dialog that returns the action to run on the screen below; None for none."""

    BINDINGS: ClassVar = [
        Binding("enter", "take", "do it"),
        Binding("down", "pick(1)", "next"),
        Binding("up", "pick(-1)", "previous"),
    ]
    BOX = "palette"
    MAX_LENGTH = 40

    heading = "what can be done here"

    lines = query_one("#rows", Lines)

    def __init__(self, below: Screen[object], palette: Palette) -> None:
        super().__init__()
        self.palette = palette
        self._all = described(active.binding for active in below.active_bindings.values())
        self._picked = 0

    def compose(self) -> ComposeResult:
        with Vertical(id=self.BOX) as box:
            box.border_title = self.heading
            box.border_subtitle = "type part of a name · ↑↓ pick · enter does it · escape"
            yield Static(id="field")
            yield Lines(self.palette, "rows")

    @property
    def found(self) -> list[tuple[list[str], Binding]]:
        """The actions with all typed words in their description, with their keys."""
        words = self.typed.lower().split()
        return [
            (keys, binding)
            for keys, binding in self._all
            if all(word in _text(binding).lower() for word in words)
        ]

    def draw(self) -> None:
        super().draw()
        found, width = self.found, self.lines.size.width
        self._picked = max(0, min(self._picked, len(found) - 1))
        rows = [self._row(*one, place == self._picked, width) for place, one in enumerate(found)]
        nothing = line("nothing of that name", width, self.palette.muted)
        self.lines.show(rows or [nothing], self._picked)

    def _row(self, keys: list[str], binding: Binding, is_picked: bool, width: int) -> Strip:
        parts: list[Styled] = [
            ("► " if is_picked else "  ", self.palette.accent),
            (_text(binding), self.palette.strong if is_picked else self.palette.text),
            (f"  {' '.join(keys)}", self.palette.muted),
        ]
        if is_picked:
            parts = [(text, style + self.palette.selected) for text, style in parts]
        return strip(parts, width, self.palette.text)

    def action_take(self) -> None:
        found = self.found
        self.dismiss(found[self._picked][1].action if found else None)

    def action_pick(self, by: int) -> None:
        self._picked += by
        self.show()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.action_pick(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.action_pick(-3)

    def on_click(self, event: Click) -> None:
        """Do what was clicked; a click beside the box closes it."""
        offset = event.get_content_offset(self.lines)
        if offset is not None and (place := self.lines.row_at(offset.y)) < len(self.found):
            self._picked = place
            self.action_take()
        elif event.widget is self:
            self.dismiss(None)


def _text(binding: Binding) -> str:
    return f"{binding.description}: {binding.tooltip}" if binding.tooltip else binding.description
