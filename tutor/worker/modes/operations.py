"""Note the operations of each step, recorded or not."""

from tutor.schema.frame import Inside
from tutor.wire.messages import Audited
from tutor.worker import torch_private
from tutor.worker.capture.requests import Changes
from tutor.worker.interrupts import uninterruptible
from tutor.worker.modes.parts import Parts
from tutor.worker.modes.recording import RecordingMode
from tutor.worker.modes.stepping import WaitingMode
from tutor.worker.operations.operations import Operations


class NotingOperations(WaitingMode):
    """Replays steps whose operations a later one needs, and records none of them."""

    def __init__(self, last: int, parts: Parts, operations: Operations) -> None:
        super().__init__(last, parts)
        self._output = parts.output
        self._frames = parts.frames
        self._operations = operations

    def enter(self) -> None:
        self._operations.is_noting = True

    @uninterruptible
    def after(self, site: int, raised: str = "") -> None:
        with self._operations.paused():
            step = self._steps.step + 1
            self._output.end_step(step >= self._commands.until)
            self._frames.skip()
            self._operations.skip(step)
            self._steps.finish(step)

    def wrote(self, stream: int, content: bytes) -> None:
        """Drop it: the recorded run has it already."""

    def close(self) -> None:
        """The run ends before anything was recorded."""
        self._operations.is_noting = False

    def _wait(self) -> None:
        with self._operations.paused():
            super()._wait()


class RecordingOperations(RecordingMode):
    """Records steps with their operations."""

    def __init__(self, last: int, parts: Parts, operations: Operations) -> None:
        super().__init__(last, parts)
        self._operations = operations

    def enter(self) -> None:
        self._operations.is_noting = True

    @uninterruptible
    def after(self, site: int, raised: str = "") -> None:
        with self._operations.paused():
            super().after(site, raised)

    def close(self) -> Inside | None:
        self._operations.is_noting = False
        return super().close()

    def _inside(self, changed: Changes) -> Inside | None:
        capture, steps = self._capture, self._steps
        with torch_private.unobserved():
            tensors = capture.tensors(dict.fromkeys([*changed, *capture.bound]))
            return self._operations.take(steps.step + 1, steps.line, capture.names, tensors)

    def _wait(self) -> None:
        with self._operations.paused():
            super()._wait()


class Auditing(RecordingOperations):
    """Records one step, and audits the gradients that it computes.

    Args:
        last: This step.
        wanted: The names to audit; none for every leaf that the step reaches.
    """

    def __init__(
        self, last: int, parts: Parts, operations: Operations, wanted: tuple[str, ...]
    ) -> None:
        super().__init__(last, parts, operations)
        self._wanted = wanted

    def _changes(self, is_complete: bool) -> Changes:
        changed = super()._changes(is_complete)
        named = self._capture.tensors(self._capture.watches)
        audits = self._operations.audit(self._wanted, named)
        self._sender.append(Audited(self.last, tuple(audits)))
        return changed
