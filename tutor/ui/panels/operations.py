"""The operations of the statement, one a row."""

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.graph.operations import draw_operations
from tutor.ui.panels.inside_panel import InsidePanel


class OperationsPanel(InsidePanel):
    """Keeps the current operation in the middle unless the learner scrolled away."""

    scrolled = 0
    _drawn_place: object = None

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        place = (self.lens.step, self.lens.at)
        if place != self._drawn_place:
            self._drawn_place, self.scrolled = place, 0
        return draw_operations(self.lens, width, height, self.palette, self.scrolled)

    def inputs(self, moment: Moment) -> object:
        return self.lens, self.scrolled

    def _paint(self) -> None:
        super()._paint()
        self.show_step()

    def action_scroll(self, by: int) -> None:
        self.scrolled += by
        self.draw_now()
