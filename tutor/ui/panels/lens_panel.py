"""A pane that shows the inside of a statement."""

from textual.reactive import var

from tutor.timeline import Moment
from tutor.ui.lens import Lens
from tutor.ui.panels.panel import Panel


class LensPanel(Panel):
    lens: var[Lens] = var(Lens())

    def watch_lens(self) -> None:
        self.draw_soon()

    def inputs(self, moment: Moment) -> object:
        return self.lens
