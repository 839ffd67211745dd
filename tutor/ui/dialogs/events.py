"""The list of a run's events: go to one, or hide a kind."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.getters import query_one

from tutor.insight.events.detect import Events
from tutor.insight.events.kinds import Kind, RunEvent
from tutor.ui.dialogs.dialog import LiveDialog
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import line
from tutor.ui.draw.time.events import KEYS, draw_event, draw_kinds
from tutor.ui.widgets.lines import Lines


class EventsDialog(LiveDialog[int | None]):
    """A dialog that returns the step to go to; None to stay. It draws only the rows in view.

    Args:
        step: The cursor.
        hidden: The kinds that are not listed. The keys change this set, which outlives the dialog.
        origin_of: Returns the operation that made a step's value non-finite; "" while a replay
            looks for it, after which it is drawn again.
    """

    BINDINGS: ClassVar = [
        Binding("enter", "go", "go there"),
        Binding("j,down", "move(1)", "down", show=False),
        Binding("k,up", "move(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "a page down", show=False),
        Binding("pageup", "page(-1)", "a page up", show=False),
        Binding("home", "move(-1_000_000_000)", "the first", show=False),
        Binding("end", "move(1_000_000_000)", "the last", show=False),
        *(
            Binding(key, f"filter('{kind.name}')", f"show or hide: {kind.value}", show=False)
            for kind, key in KEYS.items()
        ),
        Binding("escape,q,E", "dismiss", "close"),
    ]

    lines = query_one("#rows", Lines)

    def __init__(
        self,
        events: Events,
        step: int,
        hidden: set[Kind],
        origin_of: Callable[[int], str],
        palette: Palette,
    ) -> None:
        super().__init__()
        self._events = events
        self._hidden = hidden
        self._origin_of = origin_of
        self._origins: dict[int, str] = {}
        self.palette = palette
        self._step = step
        """The step of the picked event: it stays picked when events are added or hidden."""
        self._top = 0
        """The first event in view."""
        self._rows_at = 0
        """The row of the first event, below the kinds."""
        self._list()

    def compose(self) -> ComposeResult:
        with Vertical(id="events") as box:
            box.border_title = "events"
            box.border_subtitle = "enter goes there · letters show and hide · escape stays"
            yield Lines(self.palette, "rows")

    def _list(self) -> None:
        """List the present events, and pick the one nearest to the picked step."""
        self._listed = self._events.listed([kind for kind in Kind if kind not in self._hidden])
        self._known = len(self._events)
        self.picked = self._listed.near(self._step)

    def draw(self) -> None:
        """Redraw: more events may be known, or the origin of a non-finite value."""
        if self._known != len(self._events):
            self._list()
        width, height = self.lines.size
        head = draw_kinds(self._events, self._hidden, width, self.palette)
        head.append(line("", width, self.palette.text))
        room = max(1, height - len(head))
        last = max(0, len(self._listed) - room)
        self._top = min(max(self._top, self.picked - room + 1, 0), self.picked, last)
        rows = []
        for place, event in enumerate(self._listed[self._top : self._top + room], self._top):
            is_picked = place == self.picked
            origin = self._origin(event, is_picked)
            rows.append(draw_event(self._events, event, origin, is_picked, width, self.palette))
        if not rows:
            note = "all events are hidden" if self._known else "no events so far"
            rows.append(line(note, width, self.palette.muted))
        self.lines.show([*head, *rows])
        self._rows_at = len(head)

    def _origin(self, event: RunEvent, is_picked: bool) -> str:
        if event.kind is not Kind.NONFINITE:
            return ""
        # Only for the picked event: replaying to every event in view would take long.
        if is_picked and event.step not in self._origins and (new := self._origin_of(event.step)):
            self._origins[event.step] = new
        return self._origins.get(event.step, "")

    # Keys

    def action_move(self, by: int) -> None:
        if self._listed:
            self.picked = min(max(self.picked + by, 0), len(self._listed) - 1)
            self._step = self._listed[self.picked].step
        self.show()

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.lines.size.height - self._rows_at - 1))

    def action_filter(self, name: str) -> None:
        self._hidden ^= {Kind[name]}
        self._list()
        self.show()

    def action_go(self) -> None:
        self.dismiss(self._listed[self.picked].step if self._listed else None)

    # The mouse

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.action_move(-3)

    def on_click(self, event: Click) -> None:
        """Pick a row; a click on the picked one goes there."""
        offset = event.get_content_offset(self.lines)
        place = self._top + offset.y - self._rows_at if offset is not None else -1
        if not self._top <= place < len(self._listed):
            return
        if place == self.picked:
            self.action_go()
        else:
            self.action_move(place - self.picked)
