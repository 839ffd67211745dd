"""List the keys of the screen below, from its bindings."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from tutor.ui.dialogs.dialog import Dialog
from tutor.ui.draw.text.palette import Palette
from tutor.ui.widgets.keys import described

_KEYS = 14
"""Width of the column of key names."""


class HelpDialog(Dialog[None]):
    """The keys of a screen, in two columns if the terminal is wide enough."""

    BINDINGS: ClassVar = [
        Binding("escape,q,question_mark,enter", "dismiss", "close"),
        Binding("j,down", "scroll('down')", "down", show=False),
        Binding("k,up", "scroll('up')", "up", show=False),
    ]

    def __init__(self, below: Screen[object], palette: Palette) -> None:
        super().__init__()
        own = [binding.action for binding in below.BINDINGS if isinstance(binding, Binding)]
        rank = {action: place for place, action in enumerate(own)}
        # The screen's own keys in their order, then those of the focused pane.
        self._below = sorted(
            (active.binding for active in below.active_bindings.values()),
            key=lambda binding: rank.get(binding.action, len(rank)),
        )
        self._palette = palette

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "keys"
            box.border_subtitle = "j k scroll · escape closes"
            rows = [
                (" ".join(keys), binding.tooltip or binding.description)
                for keys, binding in described(self._below)
            ]
            # The style sheet puts the halves next to each other, or below each other.
            half = -(-len(rows) // 2)
            yield Static(self._table(rows[:half]))
            yield Static(self._table(rows[half:]))

    def action_scroll(self, where: str) -> None:
        box = self.query_one("#help", VerticalScroll)
        box.scroll_relative(y=1 if where == "down" else -1, animate=False)

    def _table(self, rows: Sequence[tuple[str, str]]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style=self._palette.accent, width=_KEYS, no_wrap=True)
        table.add_column(style=self._palette.text)
        for row in rows:
            table.add_row(*row)
        return table
