"""What a run tells, taken into its timeline."""

from tutor.history import replay_check
from tutor.history.timeline import Doubt, Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import Completed, Digested, Edited, Ended, Event, Printed, Started, Waited


def record(timeline: Timeline, event: Event) -> None:
    """Record what a run tells of its steps; what it tells of itself is not recorded."""
    match event:
        case Frame():
            timeline.append(event)
        case Printed():
            timeline.transcript.append(event.step, event.output)
        case Completed():
            timeline.complete(event.step, event.views)
        case Edited():
            timeline.edit(event.step, event.changed)
        case Digested():
            timeline.digests[event.step] = event.digest
        case Ended(outcome="finished"):
            timeline.passes.finish()


class Intake:
    """Takes in a run that goes on after what is recorded of it: up to there it is a replay, and is
    held against the recording.

    Args:
        source: The script.
    """

    def __init__(self, timeline: Timeline, source: str) -> None:
        self.is_there = False
        """Whether the replay came to the end of what is recorded, and made the learner's changes
        there."""
        self._timeline = timeline
        self._source = source
        self._recorded = len(timeline)
        self._tip = 0
        self._found: dict[str, TensorView | None] = {}
        """What the last replayed step came to, before the learner's edits after it."""

    @property
    def is_replaying(self) -> bool:
        """Whether there is something to replay, and the replay goes on."""
        return self._recorded > 0 and not self.is_there

    def take(self, event: Event) -> None:
        """Take in what the run tells."""
        timeline = self._timeline
        match event:
            case Started() if event.environment.get("device", "").startswith("mps"):
                timeline.doubt = Doubt(1, "MPS does not compute the same twice")
            case Frame() | Digested() if event.step <= self._recorded:
                self._compare(event)
            case Printed() if event.step <= self._recorded:
                pass  # the transcript has it
            case Edited():
                # What an earlier edit changed may be again what the script made it.
                names = timeline.edited.get(event.step, ())
                restored = {name: view for name, view in self._found.items() if name in names}
                timeline.edit(event.step, restored | event.changed)
            case _:
                record(timeline, event)
        match event:
            case Frame():
                self._tip = event.step
            case Ended(outcome="refused"):
                pass  # it never was anywhere
            case Waited() | Ended():
                self.is_there = self.is_there or self._tip >= self._recorded

    def _compare(self, event: Frame | Digested) -> None:
        replay_check.check(self._timeline, event, self._source)
        if isinstance(event, Frame):
            self._found = event.changed
            edited = self._timeline.edited.get(event.step, ())
            changed = event.changed.items()
            views = {name: view for name, view in changed if view and name not in edited}
            self._timeline.complete(event.step, views)
