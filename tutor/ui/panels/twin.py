"""The lesson beside this one: the values that should agree, pass by pass, and its source."""

from textual.strip import Strip

from tutor.timeline import Moment
from tutor.ui.draw.strips import line
from tutor.ui.draw.twin import draw_twin
from tutor.ui.panels.panel import Panel
from tutor.ui.twin import Twin


class TwinPanel(Panel):
    """Where the twin is follows from where the run is that is shown."""

    twin: Twin | None = None
    problem = ""
    """Why there is no twin, where the lesson names one."""

    def inputs(self, moment: Moment) -> object:
        if self.twin is None:
            return self.problem
        beside = self.twin.beside(moment.timeline)
        passes = beside.passes(moment.step)
        return beside, passes or -moment.step, beside.their_step(moment.step)

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        if self.twin is None:
            told = self.problem or "this lesson has no twin beside it"
            return [line(told, width, self.palette.warning if self.problem else self.palette.muted)]
        beside = self.twin.beside(moment.timeline)
        pairs = beside.compared(moment.step)
        theirs = self.twin.timeline.frame(beside.their_step(moment.step))
        return draw_twin(
            self.twin.lesson.slug,
            beside.passes(moment.step),
            pairs,
            [beside.agrees(pair) for pair in pairs],
            self.twin.lesson.source,
            theirs.line if theirs else 0,
            width,
            height,
            self.palette,
        )
