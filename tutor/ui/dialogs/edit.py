"""Ask for a change that forks the run: a value, a knob, a setting, or any statement."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.getters import query_one
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from tutor.session.edits import BadChange, Offer
from tutor.ui.dialogs.dialog import Dialog
from tutor.ui.draw.script.edit import draw_offers
from tutor.ui.draw.text.palette import Palette
from tutor.ui.widgets.field import Field
from tutor.ui.widgets.lines import Lines
from tutor.wire.messages import Launch

_HINT = "NAME = VALUE, or any one statement; at the end of a run a knob turns at its own line"


class EditDialog(Dialog[tuple[str, Launch] | None]):
    """A dialog that returns what was typed and the fork's launch; None to change nothing.

    Args:
        step: The step after which the run forks.
        offers: What can be changed.
        read: Returns the launch for what was typed; raises BadChange.
        typed: What was typed before, if the fork could not be made.
        problem: Why it could not be made.
    """

    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "change nothing"),
        Binding("down", "pick(1)", "next", priority=True),
        Binding("up", "pick(-1)", "previous", priority=True),
    ]

    field = query_one(Field)
    lines = query_one("#offers", Lines)
    why = query_one("#why", Static)

    def __init__(
        self,
        step: int,
        offers: Sequence[Offer],
        read: Callable[[str], Launch],
        palette: Palette,
        typed: str = "",
        problem: str = "",
    ) -> None:
        super().__init__()
        self.palette = palette
        self._step = step
        self._offers = offers
        self._read = read
        self._picked = -1
        """The number of the picked offer; -1 if the learner types a change of their own."""
        self._typed = typed
        self._problem = problem

    def compose(self) -> ComposeResult:
        with Vertical(id="edit") as box:
            box.border_title = f"change something after step {self._step:,}"
            box.border_subtitle = "↑↓ pick · enter forks · escape"
            yield Field(id="field")
            yield Static(Content(self._problem or _HINT), id="why")
            yield Lines(self.palette, "offers")

    def on_mount(self) -> None:
        # One row for each offer, so that no rows stay empty.
        self.lines.styles.height = max(1, len(self._offers))
        self.field.value = self._typed
        self.field.cursor_position = len(self._typed)
        self.field.focus()

    def on_key(self, event: Key) -> None:
        # Keys typed before the field has the focus belong to the change.
        if event.is_printable and event.character and self.focused is None:
            event.stop()
            self._typed += event.character

    def action_pick(self, by: int) -> None:
        """Copy an offer into the field with its value selected, so that typing replaces it."""
        self._picked = min(max(self._picked + by, -1), len(self._offers) - 1)
        text = self._offers[self._picked].text if self._picked >= 0 else ""
        self.field.value = text
        start = text.find(" = ") + 3
        self.field.selection = Selection(start, len(text))
        self.show()

    def draw(self) -> None:
        strips = draw_offers(self._offers, self._picked, self.lines.size.width, self.palette)
        self.lines.show(strips, max(0, self._picked))

    @on(Input.Submitted)
    def fork(self) -> None:
        text = self.field.value
        if not text.strip() and self._offers:
            # Enter on the empty field takes the first offer: only its value has to be typed.
            self.action_pick(1)
            return
        if not text.strip():
            self.why.update(Content(f"type a change first: {_HINT}"))
            return
        if self._picked >= 0 and text == self._offers[self._picked].text:
            self.why.update(Content("that is its value now: type another one"))
            return
        try:
            self.dismiss((text, self._read(text)))
        except BadChange as problem:
            self.why.update(Content(str(problem)))
