"""Collect what a run of a lesson recorded, for `review` to judge."""

from dataclasses import dataclass, field

from tutor.history.record_events import record
from tutor.history.timeline import Timeline
from tutor.wire.messages import Ended, Event, Sampled, Started, Trespassed


@dataclass
class LessonRun:
    """The record of one guarded run of a lesson."""

    timeline: Timeline = field(default_factory=Timeline)
    device: str = "cpu"
    samples: list[Sampled] = field(default_factory=list)
    """The values of the lesson's plots at the end of the run."""
    trespasses: list[Trespassed] = field(default_factory=list)
    """Files that the script left outside its folder, and hosts that it tried to reach."""
    left: list[str] = field(default_factory=list)
    """Files left in the lesson's own folder by other processes than the script's."""
    ended: Ended | None = None
    """None if the run was stopped after more statements than the lesson may run."""

    def take(self, event: Event) -> None:
        """Add an event of the run."""
        record(self.timeline, event)
        match event:
            case Started(environment=environment):
                self.device = environment["device"]
            case Sampled():
                self.samples.append(event)
            case Trespassed():
                self.trespasses.append(event)
            case Ended():
                self.ended = event

    @property
    def has_finished(self) -> bool:
        """Whether the script ran to its end."""
        return self.ended is not None and self.ended.outcome == "finished"
