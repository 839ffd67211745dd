"""The script's output up to this step."""

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.ui.draw.script.output import STDERR, draw_output
from tutor.ui.panels.panel import Panel


class OutputPanel(Panel):
    """Stays at the newest line unless the learner scrolled back."""

    back = 0
    """Lines scrolled back from the newest."""

    def inputs(self, moment: Moment) -> object:
        pieces = self._pieces(moment)
        # Old pieces are dropped when there are many, so equal counts do not mean equal output.
        last = pieces[-1] if pieces else None
        return len(pieces), last, moment.timeline.output_log.dropped, self.back

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        timeline = moment.timeline
        pieces = self._pieces(moment)
        rows = draw_output(
            pieces, width, height + self.back, self.palette, dropped=timeline.output_log.dropped
        )
        self.back = max(0, min(self.back, len(rows) - height))
        return rows[: len(rows) - self.back][-height:]

    def _pieces(self, moment: Moment) -> list[tuple[int, bytes]]:
        """Return the output, and the traceback if the script fails next."""
        pieces = moment.timeline.output(moment.step)
        failure = self.view.ahead.failure
        if failure is not None and self.view.ahead.is_failing and failure.traceback:
            return [*pieces, (STDERR, failure.traceback.encode())]
        return pieces

    def action_scroll(self, by: int) -> None:
        self.back = max(0, self.back - by)
        self.draw_now()
