"""The loss as a curve over the steps that computed it, for all runs."""

import importlib
from threading import Thread

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.session.twin_run import MARK
from tutor.ui.draw.plots.loss import Curve, draw_loss, suits_log
from tutor.ui.panels.panel import Panel


class LossPanel(Panel):
    """The curve of this run ends at the cursor; the other runs are drawn to their last step."""

    INTERVAL = 1 / 10

    def on_mount(self) -> None:
        # Importing it takes a tenth of a second, which the first curve would wait for.
        Thread(target=importlib.import_module, args=["plotext"], daemon=True).start()

    def inputs(self, moment: Moment) -> object:
        steps, losses = moment.timeline.losses(moment.step)
        others = [(one.mark, one.name, len(one.steps)) for one in self._others(moment)]
        return len(steps), losses[-1] if losses else None, self._run_name, others

    @property
    def _run_name(self) -> str:
        """The run's name if there are others; the lesson's if there is only a twin; else ""."""
        return self.view.name or (self.lesson.slug if self.view.twin else "")

    def _others(self, moment: Moment) -> tuple[Curve, ...]:
        runs = tuple(
            Curve(one.mark, one.name, *one.timeline.losses(one.step)) for one in self.view.others
        )
        if (twin := self.view.twin) is None:
            return runs
        return (*runs, Curve(MARK, twin.lesson.slug, *twin.losses(moment.timeline, moment.step)))

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        steps, losses = moment.timeline.losses(moment.step)
        title = self.lesson.metadata.loss or ""
        others = self._others(moment)
        log = suits_log(losses, *(one.losses for one in others))
        return draw_loss(
            steps,
            losses,
            width,
            height,
            self.palette,
            log=log,
            title=title,
            name=self._run_name,
            others=others,
        )
