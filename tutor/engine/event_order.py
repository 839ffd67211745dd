"""Check that each event of a run fits those before it: the script can spoil its own process."""

from tutor.schema.frame import Frame
from tutor.wire.messages import Completed, Digested, Edited, Event, Job, Printed


class EventOrder:
    """The events of one run, in order."""

    def __init__(self, job: Job) -> None:
        self.step = job.begin
        """The last step."""
        self._shown = len(job.launch.show)
        self._printed = 0
        """The step of the last output."""

    def next(self, event: Event) -> Event:
        """Return the next event.

        Raises:
            ValueError: it does not fit.
        """
        step = self.step
        match event:
            case Frame():
                fits = event.step == step + 1 and len(event.shown) == self._shown
                self.step += fits
            case Printed():
                # What a thread writes may come after later output.
                self._printed = max(self._printed, event.step)
                event = Printed(self._printed, event.output)
                fits = event.step <= step + 1
            case Edited():
                fits = event.step == step
            case Completed() | Digested():
                fits = event.step <= step
            case _:
                return event
        if not fits:
            raise ValueError(f"{type(event).__name__} {event.step} cannot follow step {step}")
        return event
