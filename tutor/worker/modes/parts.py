"""The objects that the modes of one run share."""

from dataclasses import dataclass

from tutor.wire.shared_page import Sender
from tutor.worker.between_steps import BetweenSteps
from tutor.worker.capture.capture import Capture
from tutor.worker.commands import Commands
from tutor.worker.exceptions import Exceptions
from tutor.worker.frames import Frames
from tutor.worker.output import Output
from tutor.worker.steps import StepCounter


@dataclass(frozen=True)
class Parts:
    """The objects of one run that its modes use."""

    steps: StepCounter
    commands: Commands
    exceptions: Exceptions
    output: Output
    frames: Frames
    capture: Capture
    between: BetweenSteps
    sender: Sender
    exact: bool
    """Capture every large tensor at every step, whatever it costs."""
