"""The lesson beside this one: the values that should agree, pass by pass, and its source."""

from textual.message import Message
from textual.strip import Strip

from tutor.course.catalog import neighbours
from tutor.history.budget import Budget
from tutor.history.timeline import Moment
from tutor.schema.errors import BadRequest
from tutor.script.lesson import LessonError
from tutor.session.engine_protocol import AnyEngine
from tutor.session.request import Request
from tutor.session.twin_run import Twin
from tutor.ui.draw.script.twin import draw_twin
from tutor.ui.draw.text.strips import strip, wrap
from tutor.ui.panels.panel import Panel


class TwinPanel(Panel):
    """Where the twin is follows from where the run is that is shown."""

    class Reported(Message):
        """The twin has something to tell."""

    class Walked(Message):
        """More of the twin is known."""

    twin: Twin | None = None
    _problem = ""
    """Why there is no twin, where the lesson names one."""

    def begin(self, engine: AnyEngine, request: Request, budget: Budget) -> None:
        """Run the twin, if the lesson has one. See `Twin`."""
        metadata = self.lesson.metadata
        if not metadata.twin:
            return
        path = neighbours(self.lesson.path).get(metadata.twin)
        if path is None:
            self._problem = f"the twin {metadata.twin} is no lesson; `tutor list` shows their names"
            return
        try:
            self.twin = Twin(path, metadata.compare, engine, request, budget, self._tell_twin)
        except (LessonError, BadRequest) as error:
            self._problem = str(error)

    def _tell_twin(self) -> None:
        """Called in another thread."""
        self.post_message(self.Reported())

    def on_twin_panel_reported(self) -> None:
        if self.twin is not None:
            self.twin.drain()
            self.draw_soon()
            self.post_message(self.Walked())

    def on_unmount(self) -> None:
        if self.twin is not None:
            self.twin.close()

    def inputs(self, moment: Moment) -> object:
        if self.twin is None:
            return self._problem
        beside = self.twin.beside(moment.timeline)
        passes = beside.passes(moment.step)
        if beside.advance(moment.step):
            self.call_later(self.draw_soon)
        there = beside.their_step(moment.step)
        return (
            beside,
            passes or -moment.step,
            there,
            beside.compared_passes,
            self.twin.failure,
            sum(map(len, moment.timeline.edited.values())),
        )

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        if self.twin is None:
            style = self.palette.warning if self._problem else self.palette.muted
            rows = wrap([(self._problem or self._nothing(), style)], width)
            return [strip(row, width, self.palette.text) for row in rows]
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
            self.twin.failure,
        )

    def _nothing(self) -> str:
        if self.lesson.metadata.twin:
            return "the twin runs beside the lesson, not beside a recording of it"
        return "this lesson has no twin beside it"
