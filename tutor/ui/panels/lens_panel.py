"""A pane that shows the inside of a statement."""

from textual.events import Show
from textual.message import Message
from textual.reactive import var

from tutor.history.timeline import Moment
from tutor.session.inside_view import Lens
from tutor.ui.panels.panel import Panel


class LensPanel(Panel):
    lens: var[Lens] = var(Lens())

    class Revealed(Message):
        """The pane can be seen now, so that what it shows is wanted."""

    def watch_lens(self) -> None:
        self.draw_soon()

    def on_show(self, event: Show) -> None:
        super().on_show(event)
        self.post_message(self.Revealed())

    def inputs(self, moment: Moment) -> object:
        return self.lens

    def show_step(self) -> None:
        """While statements ask torch for nothing, the last one that did stays in view."""
        step, shown = self.lens.step, self.moment.step if self.moment else 0
        self._tell(f"of step {step}" if self.lens.rows and 0 < step < shown else "")
