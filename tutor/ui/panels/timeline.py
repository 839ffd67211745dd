"""Where we are among the recorded steps; a click goes there."""

from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tutor.timeline import Moment
from tutor.ui.draw.timeline import cell_to_step, draw_timeline
from tutor.ui.panels.panel import Panel


class TimelinePanel(Panel):
    """A bar of all recorded steps; with one row the bar alone, as the status line has the words."""

    # Its one row would leave the rest of the screen empty.
    ALLOW_MAXIMIZE = False

    @dataclass
    class StepPicked(Message):
        step: int

    def inputs(self, moment: Moment) -> object:
        return len(moment.timeline), moment.step, self.ahead.failure

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        return draw_timeline(
            moment.timeline, moment.step, width, self.palette, error=self.ahead.failure is not None
        )[: max(1, height)]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if self.moment is not None and offset is not None and len(self.moment.timeline):
            width = self.size.width
            failed = self.ahead.failure is not None
            step = cell_to_step(self.moment.timeline, offset.x, width, error=failed)
            self.post_message(self.StepPicked(step))
