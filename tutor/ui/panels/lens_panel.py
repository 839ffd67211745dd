"""A pane that shows the inside of a statement."""

from textual.events import Show

from tutor.history.timeline import Moment
from tutor.session.inside_view import Lens
from tutor.ui.panels.panel import Panel


class LensPanel(Panel):
    @property
    def lens(self) -> Lens:
        return self.view.lens

    def on_show(self, event: Show) -> None:
        super().on_show(event)
        self.post_message(self.NeedsChanged())

    def inputs(self, moment: Moment) -> object:
        return self.lens

    def show_step(self) -> None:
        """While statements ask torch for nothing, the last one that did stays in view."""
        step, shown = self.lens.step, self.view.moment.step
        self._tell(f"of step {step}" if self.lens.rows and 0 < step < shown else "")
