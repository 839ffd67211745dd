"""The script: the statement just run, the next one, and what just changed at the line's end."""

from textual.strip import Strip

from tutor.frame import GRAD
from tutor.timeline import Moment
from tutor.ui.draw.numbers import change
from tutor.ui.draw.source import draw_source
from tutor.ui.panels.panel import Panel

_MARGIN = 3
"""Lines kept in view above and below the statement just run and the next one, where they fit."""

_CHANGE = 24
"""Cells that a changed value at a line's end takes at least."""


class SourcePanel(Panel):
    """Scrolls only when the statements at hand leave the window."""

    _first_runs: dict[int, int] | None = None
    _known = 0
    _seen: object = None

    def on_mount(self) -> None:
        self.border_title = f"{self.border_title} · {self.lesson.path.name}"

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        frame = moment.frame
        values = {frame.line: _changes(moment, width // 2)} if frame else {}
        ahead = self.ahead
        return draw_source(
            self.lesson.source,
            width,
            self.palette,
            done=frame.line if frame else 0,
            next=0 if ahead.is_failing else ahead.line,
            values=values,
            error=ahead.line if ahead.is_failing else 0,
            ran=self._ran(moment),
        )

    def inputs(self, moment: Moment) -> object:
        return moment, self.ahead

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
        wanted = [self.ahead.line, moment.frame.line if moment.frame else 0]
        seen = (*wanted, self.size)
        # Whoever scrolled away to read stays there until the next step.
        if seen == self._seen:
            return
        self._seen = seen
        height = self.size.height
        margin = min(_MARGIN, (height - 1) // 2)
        # What comes next wins where both do not fit; what just ran is moved into view first.
        for line in reversed(wanted):
            if line and not self.top + margin < line <= self.top + height - margin:
                above = line <= self.top + margin
                self.top = max(0, line - 1 - margin if above else line - height + margin)


def _changes(moment: Moment, width: int) -> str:
    """What this step did, in a few words."""
    names = [name for name, view in moment.changed.items() if view is not None]
    # A gradient that appears is what a backward pass is about; a loop's counter is not.
    names.sort(key=lambda name: not name.endswith(GRAD))
    count = min(len(names), max(1, width // _CHANGE))
    told = [change(n, moment.view(n), moment.before(n), width // count - 2) for n in names[:count]]
    return "  ".join(told) + (f" +{len(names) - count}" if len(names) > count else "")
