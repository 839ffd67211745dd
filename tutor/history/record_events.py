"""Record the events of a run in its timeline."""

from tutor.history import replay_check
from tutor.history.timeline import Divergence, Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import Completed, Digested, Edited, Ended, Event, Printed, Started, Waited


def record(timeline: Timeline, event: Event) -> None:
    """Record an event about steps. Other events, such as `Waited`, are ignored."""
    match event:
        case Frame():
            timeline.append(event)
        case Printed():
            timeline.output_log.append(event.step, event.output)
        case Completed():
            timeline.complete(event.step, event.views)
        case Edited():
            timeline.edit(event.step, event.changed)
        case Digested():
            timeline.digests[event.step] = event.digest
        case Ended(outcome="finished"):
            timeline.iterations.finish()


class ResumeRecorder:
    """Records a run that repeats what is recorded of it and then goes on.

    Up to the last recorded step the run is a replay and is compared with the recording.

    Args:
        source: The script.
    """

    def __init__(self, timeline: Timeline, source: str) -> None:
        self.has_caught_up = False
        """Whether the replay has reached the last recorded step and made the edits after it."""
        self._timeline = timeline
        self._source = source
        self._recorded = len(timeline)
        self._step = 0
        """The last step of the run."""
        self._found: dict[str, TensorView | None] = {}
        """The changes of the last replayed step, before the learner's edits after it."""

    @property
    def is_replaying(self) -> bool:
        """Whether the run has recorded steps to repeat and has not caught up yet."""
        return self._recorded > 0 and not self.has_caught_up

    def take(self, event: Event) -> None:
        """Record an event, or compare it with the recording."""
        timeline = self._timeline
        match event:
            case Started() if event.environment.get("device", "").startswith("mps"):
                timeline.divergence = Divergence(1, "MPS does not compute the same twice")
            case Frame() | Digested() if event.step <= self._recorded:
                self._compare(event)
            case Printed() if event.step <= self._recorded:
                pass  # the output is recorded already
            case Edited():
                # A value that only an earlier edit changed is again as the script made it.
                names = timeline.edited.get(event.step, ())
                restored = {name: view for name, view in self._found.items() if name in names}
                timeline.edit(event.step, restored | event.changed)
            case _:
                record(timeline, event)
        match event:
            case Frame():
                self._step = event.step
            case Ended(outcome="refused"):
                pass  # the run did not begin
            case Waited() | Ended():
                self.has_caught_up = self.has_caught_up or self._step >= self._recorded

    def _compare(self, event: Frame | Digested) -> None:
        replay_check.check(self._timeline, event, self._source)
        if isinstance(event, Frame):
            self._found = event.changed
            edited = self._timeline.edited.get(event.step, ())
            changed = event.changed.items()
            views = {name: view for name, view in changed if view and name not in edited}
            self._timeline.complete(event.step, views)
