"""The loss as a curve over the steps that computed it."""

import importlib
from threading import Thread

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.plots.loss import Curve, draw_loss, suits_log
from tutor.ui.panels.panel import Panel


class LossPanel(Panel):
    """The other runs' curves are drawn as far as they go, this one's up to where the learner is."""

    INTERVAL = 1 / 10

    run_name = ""
    """What the run is called, where there are others."""
    others: tuple[Curve, ...] = ()

    def on_mount(self) -> None:
        # Takes a tenth of a second, which the first curve would have to wait for.
        Thread(target=importlib.import_module, args=["plotext"], daemon=True).start()

    def inputs(self, moment: Moment) -> object:
        steps, losses = moment.timeline.losses(moment.step)
        others = [(one.mark, one.name, len(one.steps)) for one in self.others]
        return len(steps), losses[-1] if losses else None, self.run_name, others

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        steps, losses = moment.timeline.losses(moment.step)
        title = self.lesson.metadata.loss or ""
        log = suits_log(losses, *(one.losses for one in self.others))
        return draw_loss(
            steps,
            losses,
            width,
            height,
            self.palette,
            log=log,
            title=title,
            name=self.run_name,
            others=self.others,
        )
