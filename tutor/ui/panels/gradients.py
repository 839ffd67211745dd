"""The gradient of each parameter, and what this backward pass added to it."""

from collections.abc import Sequence

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.tensors.gradients import draw_gradients
from tutor.ui.panels.panel import Panel


class GradientsPanel(Panel):
    INTERVAL = 1 / 10

    def inputs(self, moment: Moment) -> object:
        phase = moment.frame.phase if moment.frame else ""
        return phase, tuple(moment.changed), moment.values

    def draw(self, moment: Moment, width: int, height: int) -> Sequence[Strip]:
        return draw_gradients(moment, width, self.palette)
