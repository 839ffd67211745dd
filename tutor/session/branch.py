"""One run of the script: the first, or one forked from another with something changed."""

from collections.abc import Callable
from time import monotonic

from tutor.history.timeline import Divergence, Moment, Timeline
from tutor.insight.events.detect import Events
from tutor.session.interfaces import AnyEngine, Later
from tutor.session.microscope import Microscope
from tutor.session.replays.divergence import DivergenceReplay
from tutor.session.replays.plots import PlotEvaluator
from tutor.session.replays.query import QueryReplay
from tutor.session.replays.refill import RefillReplay
from tutor.session.session import Session
from tutor.wire.messages import Fetched, Launch


class Branch:
    """A run, and the second runs that replay it.

    Args:
        name: What the learner calls it.
        mark: One character that stands for it on the loss curve.
        launch: The run from its beginning.
        timeline: What was recorded up to the fork; empty for the first run.
        report: Called from any thread when `drain` has something to take.
        later: Calls back in the caller's thread.
        parent: The run that it was forked from.
        step: The step after which it was forked, 0 for the first run.
    """

    def __init__(
        self,
        name: str,
        mark: str,
        engine: AnyEngine,
        launch: Launch,
        timeline: Timeline,
        report: "Callable[[Branch], None]",
        later: Later,
        parent: "Branch | None" = None,
        step: int = 0,
    ) -> None:
        self.name = name
        self.mark = mark
        self.parent = parent
        self.step = step
        self.typed = ""
        """What the learner typed to fork it."""
        self.events = Events(timeline)
        self.reported: Divergence | None = None
        """The divergence of its replays that the learner was notified of."""
        self.drained_at = 0.0
        """When it was last drained, in seconds."""
        self._report = report
        self._is_reported = False
        wake = self._wake
        self.session = Session(engine, launch, timeline, wake)
        self.refill = RefillReplay(engine, launch, wake, later)
        self.microscope = Microscope(engine, launch, wake)
        self.query = QueryReplay(Fetched, engine, launch, wake)
        self.divergence = DivergenceReplay(engine, launch, wake)
        self.plots = PlotEvaluator(engine, launch, wake)
        self._replays = (
            self.refill, self.microscope.replay, self.query, self.divergence, self.plots,
        )  # fmt: skip

    def _wake(self) -> None:
        """Report once until the next `drain`. Called from any thread."""
        if not self._is_reported:
            self._is_reported = True
            self._report(self)

    def drain(self) -> bool:
        """Take what the run and its replays did since the last call.

        Returns:
            Whether a replay did something, or the run stands still: the screen is worth a redraw.
            Between a step and the line that comes next a redraw would be twice the work, and a
            flicker.
        """
        self._is_reported = False
        self.drained_at = monotonic()
        self.session.drain()
        news = [replay.drain(self.timeline) for replay in self._replays]
        return any(news) or self.session.worker.settled

    @property
    def timeline(self) -> Timeline:
        return self.session.timeline

    @property
    def is_at_work(self) -> bool:
        """Whether something runs or replays, so that the status changes without an event."""
        is_asked = self.query.is_awaited or self.plots.is_awaited
        return self.session.worker.busy or self.refill.is_running or is_asked

    def owner(self, step: int) -> "Branch":
        """Return the run that recorded this step: what lies before a fork is the parent's."""
        return self if self.parent is None or step >= self.step else self.parent.owner(step)

    @property
    def failure(self) -> str:
        """Why the fork could not be made, in one line; "" if it was, or is still being made."""
        ended = self.session.ended
        if self.parent is None or ended is None or self.session.has_begun:
            return ""
        return ended.message or "the replay ended before it came to the fork"

    @property
    def parent_moment(self) -> Moment | None:
        """The parent at the cursor's step; None where it has no such step."""
        step = self.session.cursor
        if self.parent is None or step > self.parent.session.tip:
            return None
        return self.parent.timeline.at(step)

    def close(self) -> None:
        """End its processes; what is recorded stays."""
        for replay in self._replays:
            replay.close()
        self.session.worker.close()
