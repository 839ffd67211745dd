"""A pane that shows the operations inside a statement."""

from textual.events import Show

from tutor.history.timeline import Moment
from tutor.session.inside_view import InsideView
from tutor.ui.panels.panel import Panel


class InsidePanel(Panel):
    """A pane that shows operations; a replay notes them while the pane is visible."""

    @property
    def lens(self) -> InsideView:
        return self.view.lens

    def on_show(self, event: Show) -> None:
        super().on_show(event)
        self.post_message(self.NeedsChanged())

    def inputs(self, moment: Moment) -> object:
        return self.lens

    def show_step(self) -> None:
        """Name the step in the border if it is an earlier one: a step without operations keeps the
        last ones in view."""
        step, shown = self.lens.step, self.view.moment.step
        self._show_subtitle(f"of step {step}" if self.lens.rows and 0 < step < shown else "")
