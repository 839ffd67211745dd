"""Where we are among the recorded steps; a click goes there."""

from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.time.timeline import cell_to_step, draw_timeline, remarks
from tutor.ui.panels.panel import Panel


class TimelinePanel(Panel):
    """A bar of all recorded steps; with one row the bar alone, as the status line has the words."""

    # Its one row would leave the rest of the screen empty.
    ALLOW_MAXIMIZE = False

    @dataclass
    class StepPicked(Message):
        step: int

    def inputs(self, moment: Moment) -> object:
        timeline, events, fork = moment.timeline, self.view.events, self.view.fork
        found = events and (events, len(events), events.reached == len(timeline))
        failure = self.view.ahead.failure
        return timeline, len(timeline), moment.step, failure, found, timeline.divergence, fork

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        return draw_timeline(
            moment.timeline,
            moment.step,
            width,
            self.palette,
            error=self.view.ahead.failure is not None,
            events=self.view.events,
            fork=self.view.fork,
        )[: max(1, height)]

    def _tell(self, subtitle: str) -> None:
        # With one row there is no other place for what is to be known of the whole run.
        told = remarks(self.view.moment.timeline, self.view.fork)
        super()._tell(" · ".join(told))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        timeline = self.view.moment.timeline
        if offset is not None and len(timeline):
            width = self.size.width
            failed = self.view.ahead.failure is not None
            step = cell_to_step(timeline, offset.x, width, error=failed)
            self.post_message(self.StepPicked(step))
