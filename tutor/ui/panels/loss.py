"""The loss as a curve over the steps that computed it."""

import importlib
from threading import Thread

from textual.strip import Strip

from tutor.timeline import Moment
from tutor.ui.draw.loss import draw_loss, suits_log
from tutor.ui.panels.panel import Panel


class LossPanel(Panel):
    INTERVAL = 1 / 10

    def on_mount(self) -> None:
        # Takes a tenth of a second, which the first curve would have to wait for.
        Thread(target=importlib.import_module, args=["plotext"], daemon=True).start()

    def inputs(self, moment: Moment) -> object:
        steps, losses = moment.timeline.losses(moment.step)
        return len(steps), losses[-1] if losses else None

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        steps, losses = moment.timeline.losses(moment.step)
        title = self.lesson.loss or ""
        log = suits_log(losses)
        return draw_loss(steps, losses, width, height, self.palette, log=log, title=title)
