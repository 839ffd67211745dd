"""What the statement did, operation by operation."""

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.graph.operations import draw_operations
from tutor.ui.panels.lens_panel import LensPanel


class OperationsPanel(LensPanel):
    """Keeps the current operation in the middle unless the learner scrolled away."""

    scrolled = 0
    _seen: object = None

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        place = (self.lens.step, self.lens.at)
        if place != self._seen:
            self._seen, self.scrolled = place, 0
        return draw_operations(self.lens, width, height, self.palette, self.scrolled)

    def inputs(self, moment: Moment) -> object:
        return self.lens, self.scrolled

    def _paint(self) -> None:
        super()._paint()
        self.show_step()

    def action_scroll(self, by: int) -> None:
        self.scrolled += by
        self.draw_now()
