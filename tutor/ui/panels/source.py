"""The script: the statement just run, the next one, and what just changed at the line's end."""

from textual.strip import Strip

from tutor.course.questions import masked_lines
from tutor.history.timeline import Moment
from tutor.ui.draw.script.source import draw_source, loop_around
from tutor.ui.draw.tensors.changes import draw_changes
from tutor.ui.panels.lens_panel import LensPanel


class SourcePanel(LensPanel):
    """Scrolls by half a window when the statement just run leaves the middle of it."""

    _first_runs: dict[int, int] | None = None
    _known = 0
    _seen: object = None

    def on_mount(self) -> None:
        self.border_title = f"{self.border_title} · {self.lesson.path.name}"

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        frame = moment.frame
        values = {frame.line: draw_changes(moment, width // 2)} if frame else {}
        ahead = self.view.ahead
        raised = frame.line if frame and frame.raised else 0
        if frame and raised:
            values[raised] = frame.raised.partition("\n")[0]
        ran = self._ran(moment)
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
            made=self._made(),
        )

    def _made(self) -> int:
        """The line of the operation that the learner is at, 0 from outside."""
        return self.lens.current.line if self.lens.current is not None else 0

    def inputs(self, moment: Moment) -> object:
        return moment, self.view.ahead, self._made()

    def _ran(self, moment: Moment) -> set[int]:
        """The lines that had run by this moment."""
        if self._first_runs is None:
            self._first_runs = {}
        for step in range(self._known + 1, len(moment.timeline) + 1):
            if frame := moment.timeline.frame(step):
                self._first_runs.setdefault(frame.line, step)
        self._known = len(moment.timeline)
        return {line for line, step in self._first_runs.items() if step <= moment.step}

    def keep_in_view(self, moment: Moment) -> None:
        line = self._made() or (moment.frame.line if moment.frame else self.view.ahead.line)
        seen = (line, self.view.ahead.line, self.size)
        # Whoever scrolled away to read stays there until the next step.
        if seen == self._seen:
            return
        self._seen = seen
        # What is shown depends on the line alone: a step looks the same however it is reached. A
        # loop that has room is shown whole, so that nothing scrolls in it; else a page is half a
        # window.
        height = self.size.height
        first, last = loop_around(self.lesson.source, line)
        if first and last - first < height:
            self.top = max(0, first - 1 - (height - (last - first + 1)) // 2)
        else:
            page = max(1, height // 2)
            self.top = max(0, (line - 1 - page // 2) // page * page)
        # Long notes may stand between: what runs next is seen too, where both have room.
        if line < self.view.ahead.line <= line + height - 1:
            self.top = max(self.top, self.view.ahead.line - height)
