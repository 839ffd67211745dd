"""The script: marks the statement just run and the next one, and shows the values it changed."""

from textual.content import Content
from textual.strip import Strip

from tutor.course.questions import masked_lines
from tutor.history.timeline import Moment
from tutor.script.lesson import Lesson
from tutor.ui.draw.script.source import draw_source, loop_around
from tutor.ui.draw.tensors.changes import draw_changes
from tutor.ui.draw.text.palette import Palette
from tutor.ui.panels.inside_panel import InsidePanel


class SourcePanel(InsidePanel):
    """The pane scrolls by half its height when the statement leaves the middle of it."""

    def __init__(self, key: str, lesson: Lesson, palette: Palette) -> None:
        super().__init__(key, lesson, palette)
        self._scrolled_for: object = None
        """What `top` was last set for."""

    def on_mount(self) -> None:
        # Not as markup: a file may be called `[link=…]`.
        self.border_title = Content(f"{self.border_title} · {self.lesson.path.name}")

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        frame = moment.frame
        values = {frame.line: draw_changes(moment, width // 2)} if frame else {}
        ahead = self.view.ahead
        raised = frame.line if frame and frame.raised else 0
        if frame and raised:
            values[raised] = frame.raised.partition("\n")[0]
        ran = moment.timeline.steps.ran(moment.step)
        return draw_source(
            self.lesson.source,
            width,
            self.palette,
            done=frame.line if frame else 0,
            next=0 if ahead.is_failing else ahead.line,
            values=values,
            error=ahead.line if ahead.is_failing else raised,
            ran=ran,
            masked=masked_lines(self.lesson, ran),
            made=self._operation_line(),
        )

    def _operation_line(self) -> int:
        """Return the line of the current operation, 0 if the learner is outside the statement."""
        return self.lens.current.line if self.lens.current is not None else 0

    def inputs(self, moment: Moment) -> object:
        return moment, self.view.ahead, self._operation_line()

    def keep_in_view(self, moment: Moment) -> None:
        line = self._operation_line() or (
            moment.frame.line if moment.frame else self.view.ahead.line
        )
        key = (line, self.view.ahead.line, self.size)
        # Until the next step the learner may scroll away to read.
        if key == self._scrolled_for:
            return
        self._scrolled_for = key
        # `top` depends on the line alone, so a step looks the same however it is reached. A loop
        # that fits is shown whole, so that nothing scrolls in it; otherwise the pane scrolls by
        # half its height.
        height = self.size.height
        first, last = loop_around(self.lesson.source, line)
        if first and last - first < height:
            self.top = max(0, first - 1 - (height - (last - first + 1)) // 2)
        else:
            page = max(1, height // 2)
            self.top = max(0, (line - 1 - page // 2) // page * page)
        # A long note may stand between the two statements: show both if they fit.
        if line < self.view.ahead.line <= line + height - 1:
            self.top = max(self.top, self.view.ahead.line - height)
