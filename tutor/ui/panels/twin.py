"""The twin lesson: the values that should agree, iteration by iteration, and its source."""

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.script.twin import draw_twin
from tutor.ui.draw.text.strips import strip, wrap
from tutor.ui.panels.panel import Panel


class TwinPanel(Panel):
    """The twin is shown at the iteration that the shown run is at."""

    def inputs(self, moment: Moment) -> object:
        twin = self.view.twin
        if twin is None:
            return self.view.twin_problem
        comparison = twin.comparison(moment.timeline)
        iterations = comparison.iterations(moment.step)
        if comparison.advance(moment.step):
            self.call_later(self.draw_soon)
        return (
            comparison,
            iterations or -moment.step,
            comparison.their_step(moment.step),
            comparison.compared_iterations,
            twin.failure,
            sum(map(len, moment.timeline.edited.values())),
        )

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        twin, problem = self.view.twin, self.view.twin_problem
        if twin is None:
            style = self.palette.warning if problem else self.palette.muted
            starts = "the twin starts with the lesson" if self.lesson.metadata.twin else ""
            rows = wrap([(problem or starts or "this lesson has no twin", style)], width)
            return [strip(row, width, self.palette.text) for row in rows]
        comparison = twin.comparison(moment.timeline)
        pairs = comparison.compared(moment.step)
        theirs = twin.timeline.frame(comparison.their_step(moment.step))
        return draw_twin(
            twin.lesson.slug,
            comparison.iterations(moment.step),
            pairs,
            [comparison.agrees(pair) for pair in pairs],
            twin.lesson.source,
            theirs.line if theirs else 0,
            width,
            height,
            self.palette,
            twin.failure,
        )
