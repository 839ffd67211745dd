"""Record each statement as a frame."""

from tutor.schema.frame import Inside
from tutor.wire.messages import Completed, Printed
from tutor.worker import torch_private
from tutor.worker.capture.requests import Changes
from tutor.worker.interrupts import uninterruptible
from tutor.worker.modes.parts import Parts
from tutor.worker.modes.stepping import WaitingMode


class RecordingMode(WaitingMode):
    """Sends what each step changed, and what the script writes."""

    def __init__(self, last: int, parts: Parts) -> None:
        super().__init__(last, parts)
        self._output = parts.output
        self._frames = parts.frames
        self._sender = parts.sender
        self._capture = parts.capture
        self._between = parts.between
        self._exact = parts.exact
        self._has_written = False
        """Whether the script wrote something since the last step."""

    @uninterruptible
    def after(self, site: int, raised: str = "") -> None:
        steps = self._steps
        step = steps.step + 1
        is_last = step >= self._commands.until
        is_complete = is_last or self._exact
        self._output.end_step(is_complete)
        changed = self._changes(is_complete)
        inside = self._inside(changed)
        self._has_written = False
        self._sender.append(self._frames.make(step, site, changed, inside, raised))
        if is_last:
            self._sender.flush()
        # Only now: a step that could not be sent is no step.
        steps.finish(step)
        # What the handler of a signal raises may be caught around this statement.
        self._commands.interrupts.deliver()

    def wrote(self, stream: int, content: bytes) -> None:
        self._has_written = True
        self._sender.append(Printed(self._steps.step + 1, ((stream, content),)))

    def close(self) -> Inside | None:
        """Record output and changes since the last finished statement as a step of their own."""
        self._output.drain()
        with torch_private.unobserved():
            changed = self._capture.changes(complete=True)
        inside = self._inside(changed)
        if changed or self._has_written:
            steps = self._steps
            step = steps.step + 1
            frame = self._frames.make(step, steps.site, changed, inside, with_slots=False)
            self._sender.append(frame)
            self._between.end_within(step)
            steps.step, inside = step, None
        self._complete()
        return inside

    def _changes(self, is_complete: bool) -> Changes:
        """Return what the step changed; `is_complete` asks for the content of large tensors."""
        with torch_private.unobserved():
            return self._capture.changes(is_complete, self._frames.root)

    def _inside(self, changed: Changes) -> Inside | None:
        """Return the operations of the step that changed these values; this mode notes none."""
        return None

    def _wait(self) -> None:
        self._complete()
        super()._wait()

    def _complete(self) -> None:
        """Send the content of values that frames reported without it: now there is time."""
        if self._steps.step:
            with torch_private.unobserved():
                views = self._capture.completed()
            if views:
                self._sender.append(Completed(self._steps.step, views))
