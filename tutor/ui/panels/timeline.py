"""The recorded steps as a bar, with the cursor and the events; a click goes to a step."""

from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.time.timeline import cell_to_step, draw_timeline, remarks
from tutor.ui.panels.panel import Panel


class TimelinePanel(Panel):
    """The bar of all recorded steps; with more rows, also a legend."""

    # Its few rows would leave the rest of the screen empty.
    ALLOW_MAXIMIZE = False

    @dataclass
    class StepPicked(Message):
        """The learner clicked a step."""

        step: int

    def inputs(self, moment: Moment) -> object:
        timeline, events, fork = moment.timeline, self.view.events, self.view.fork
        searched = events and (events, len(events), events.reached == len(timeline))
        failure = self.view.ahead.failure
        return timeline, len(timeline), moment.step, failure, searched, timeline.divergence, fork

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

    def _show_subtitle(self, subtitle: str) -> None:
        # With one row the border is the only place for remarks on the whole run.
        super()._show_subtitle(" · ".join(remarks(self.view.moment.timeline, self.view.fork)))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        timeline = self.view.moment.timeline
        if offset is not None and len(timeline):
            width = self.size.width
            failed = self.view.ahead.failure is not None
            step = cell_to_step(timeline, offset.x, width, error=failed)
            self.post_message(self.StepPicked(step))
