"""Go to a step, a change of a value, an event, or where a condition first holds."""

from typing import ClassVar

from tutor.insight.events.first_nonfinite import first_nonfinite
from tutor.insight.events.wording import describe
from tutor.insight.search import Condition
from tutor.session.navigation import Destination
from tutor.ui.dialogs.events import EventsDialog
from tutor.ui.dialogs.go import GoDialog
from tutor.ui.features.feature import Feature, Key


class Jumping(Feature):
    KEYS: ClassVar = (
        Key("g", "go", "go to", "Go to a step, an iteration, or where loss < 0.1 first holds",
            True),
        Key("n", "change(True)", "next change", "To the picked value's next change"),
        Key("N", "change(False)", "who wrote", "To the picked value's last change"),
        Key("exclamation_mark", "event", "event", "To the next event, such as a NaN"),
        Key("E", "events", "events", "The list of events"),
    )  # fmt: skip

    def action_go(self) -> None:
        self.open(GoDialog(), self._go_to)

    def action_change(self, forwards: bool) -> None:
        """Go to the next or the previous step that changed the picked value."""
        if (name := self.panes.picked) is None:
            self.controller.warn("pick a value first: 3, then j and k")
        else:
            self.controller.go_to_change(name, forwards)

    def action_event(self) -> None:
        """Go to the next event of the kinds that are not hidden in the list."""
        event = self.controller.next_event()
        if event is None:
            self.controller.warn("no event after this step is recorded: E lists them all")
        else:
            self.controller.warn(describe(self.controller.branch.events, event))

    def action_events(self) -> None:
        branch, hidden = self.controller.branch, self.controller.hidden_events

        def origin(step: int) -> str:
            """Return the operation that made a value non-finite; "" while a replay looks for it."""
            replay = branch.microscope.replay
            replay.attend(branch.timeline, step)
            inside = replay.inside(step)
            return first_nonfinite(inside) if inside else ""

        dialog = EventsDialog(branch.events, branch.session.cursor, hidden, origin, self.palette)
        self.open(dialog, lambda step: self._go_to(Destination(step) if step else None))

    def _go_to(self, place: Destination | Condition | None) -> None:
        if place is not None:
            self.controller.go_to(place)
