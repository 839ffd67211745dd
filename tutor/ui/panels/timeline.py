"""Where we are among the recorded steps; a click goes there."""

from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.insight.events.detect import Events
from tutor.ui.draw.time.timeline import cell_to_step, draw_timeline, remarks
from tutor.ui.panels.panel import Panel


class TimelinePanel(Panel):
    """A bar of all recorded steps; with one row the bar alone, as the status line has the words."""

    # Its one row would leave the rest of the screen empty.
    ALLOW_MAXIMIZE = False

    events: Events | None = None
    """The events of the moment's timeline, as far as they were looked for."""
    fork = 0
    """The step after which the run left the one it was forked from, 0 if it was not."""

    @dataclass
    class StepPicked(Message):
        step: int

    def inputs(self, moment: Moment) -> object:
        timeline, events = moment.timeline, self.events
        found = events and (events, len(events), events.reached == len(timeline))
        failure = self.ahead.failure
        return timeline, len(timeline), moment.step, failure, found, timeline.doubt, self.fork

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        return draw_timeline(
            moment.timeline,
            moment.step,
            width,
            self.palette,
            error=self.ahead.failure is not None,
            events=self.events,
            fork=self.fork,
        )[: max(1, height)]

    def _tell(self, subtitle: str) -> None:
        # With one row there is no other place for what is to be known of the whole run.
        told = remarks(self.moment.timeline, self.fork) if self.moment is not None else []
        super()._tell(" · ".join(told))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if self.moment is not None and offset is not None and len(self.moment.timeline):
            width = self.size.width
            failed = self.ahead.failure is not None
            step = cell_to_step(self.moment.timeline, offset.x, width, error=failed)
            self.post_message(self.StepPicked(step))
