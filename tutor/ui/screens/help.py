"""Every key that works on the screen below, from its bindings."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tutor.ui.draw.palette import Palette
from tutor.ui.keys import described


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar = [
        Binding("escape,q,question_mark,enter", "dismiss", "close"),
        Binding("j,down", "scroll('down')", "down", show=False),
        Binding("k,up", "scroll('up')", "up", show=False),
    ]

    def __init__(self, below: Screen[object], palette: Palette) -> None:
        super().__init__()
        self._bindings_below = [active.binding for active in below.active_bindings.values()]
        self._palette = palette

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "keys"
            box.border_subtitle = "escape closes"
            yield Static(self._keys())

    def action_scroll(self, where: str) -> None:
        box = self.query_one("#help", VerticalScroll)
        box.scroll_relative(y=1 if where == "down" else -1, animate=False)

    def _keys(self) -> Content:
        rows = [
            (" ".join(keys), binding.tooltip or binding.description)
            for keys, binding in described(self._bindings_below)
        ]
        width = max((len(keys) for keys, _ in rows), default=0)
        lines = [
            Content.assemble((keys.rjust(width), "$primary"), "  ", told) for keys, told in rows
        ]
        return Content("\n").join(lines)
