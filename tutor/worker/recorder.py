"""Record one run: create its parts, and list the modes that it goes through."""

from collections.abc import Callable
from functools import partial
from sys import exception
from typing import Any

from tutor.schema.frame import Inside
from tutor.wire.messages import FOREVER, Fetch, Fetched, Job, Question, Sample, Sampled
from tutor.wire.private_descriptor import PrivateDescriptor
from tutor.wire.shared_page import Sender
from tutor.worker import endings, guard, own_builtins, plot_samples, process, slices, torch_private
from tutor.worker.between_steps import BetweenSteps
from tutor.worker.capture.capture import Capture
from tutor.worker.commands import Commands
from tutor.worker.exceptions import Exceptions, message
from tutor.worker.frames import Frames
from tutor.worker.instrument import CAUGHT, ENTER, PASS, WITHIN, Program
from tutor.worker.interrupts import Interrupts, is_fault, uninterruptible
from tutor.worker.modes.counting import Counting
from tutor.worker.modes.operations import Auditing, NotingOperations, RecordingOperations
from tutor.worker.modes.parts import Parts
from tutor.worker.modes.recording import RecordingMode
from tutor.worker.operations.call_log import CallLog
from tutor.worker.operations.operations import Operations
from tutor.worker.output import Output
from tutor.worker.steps import Mode, StepCounter


class Recorder:
    """Records one run.

    Args:
        program: The instrumented script.
        namespace: Its globals.
        job: What to record.
        sender: Sends the events.
        commands: The pipe that commands come from; this process ends when it is closed.
        files: Files to take the place of descriptors 1 and 2.
    """

    def __init__(
        self,
        program: Program,
        namespace: dict[str, Any],
        job: Job,
        sender: Sender,
        commands: PrivateDescriptor,
        files: tuple[int, int],
    ) -> None:
        launch = job.launch
        capture = Capture(namespace)
        budgets = [capture.budget]
        self.operations: Operations | None = None
        if job.operations is not None:
            script = program.code.co_filename
            self.operations = Operations(script, launch.exact, capture.module_name)
            self.operations.call_log = CallLog() if job.audit is not None else None
            budgets.append(self.operations.snapshots.budget)
        self.frames = Frames(program, namespace, job, capture)
        between = BetweenSteps(namespace, job, capture, sender)
        self.steps = StepCounter(program, between)
        self.interrupts = Interrupts(program.code.co_filename)
        self.commands = Commands(commands, sender, self._answer, budgets, self.interrupts)
        self.is_in_child = False
        """Whether this process is one that the script forked."""
        self._namespace = namespace
        self._job = job
        self._parts = Parts(
            self.steps,
            self.commands,
            Exceptions(program),
            Output(self._wrote, files, self.interrupts, sender.page),
            self.frames,
            capture,
            between,
            sender,
            launch.exact,
        )

    def install(self) -> None:
        """Let the instrumented code call the hooks, and guard the script's signal handlers."""
        self.interrupts.install()
        frames, exceptions = self.frames, self._parts.exceptions
        hooks: dict[str, Callable[..., object]] = {
            ENTER: frames.enter,
            PASS: frames.begin_pass,
            WITHIN: exceptions.end,
            CAUGHT: self._caught,
        }
        self.steps.start(hooks, self._modes())

    def begin(self) -> None:
        """Note that from now on the script may end the process."""
        self._parts.sender.page.runs_script = True

    def leave(self) -> None:
        """Record nothing in a child that the script forked: its parent owns pipes and page."""
        self.is_in_child = True
        self.steps.stop()
        self._parts.output.bypass()
        self.commands.close()
        self._parts.sender.close()

    def flush(self) -> None:
        """Pass on what Python's streams hold."""
        self._parts.output.flush()

    def close(self) -> Inside | None:
        """End the recording: the script is over.

        Returns:
            The operations of a last statement that is no step.
        """
        inside = self.steps.mode.close()
        if self.steps.step >= self._job.begin:
            for wanted in self._job.samples:
                self._parts.sender.append(plot_samples.sample(wanted, self._namespace))
        return inside

    def wait_at_end(self) -> None:
        """Wait after the script's last statement, unless the run was asked to go to its end."""
        steps = self.steps
        if steps.step >= self.commands.until:
            self.commands.wait(steps.step, steps.line)

    def _modes(self) -> list[Mode]:
        """Return the modes that this run goes through, in order."""
        begin, parts, operations = self._job.begin, self._parts, self.operations
        noted = FOREVER if self._job.operations is None else self._job.operations
        modes: list[Mode] = []
        if counted := min(begin, noted):
            modes.append(Counting(counted, parts))
        if noted > begin:
            modes.append(RecordingMode(noted, parts))
        if operations is not None:
            if noted < begin:
                modes.append(NotingOperations(begin, parts, operations))
            if (wanted := self._job.audit) is not None:
                modes.append(Auditing(begin + 1, parts, operations, wanted))
            modes.append(RecordingOperations(FOREVER, parts, operations))
        return modes

    @uninterruptible
    def _caught(self) -> None:
        """End the step that raised an exception, which the script has just caught."""
        error = exception()
        if error is not None and is_fault(error):
            # What the script does in its handler is no answer to a fault of the recorder.
            with own_builtins.everywhere():
                ended = endings.failed(error, self._job.launch.path, self.steps.line)
            process.leave(self._parts.sender, ended)
        found = guard.attempt(self._parts.exceptions.take, otherwise=lambda problem: None)
        if found is None:
            return
        site, error = found
        # In a replay too: the message may be computed by the script's own code.
        self.steps.mode.raised(site, message(error))

    def _wrote(self, stream: int, content: bytes) -> None:
        self.steps.mode.wrote(stream, content)

    def _answer(self, question: Question) -> Fetched | Sampled:
        if isinstance(question, Sample):
            return plot_samples.sample(question, self._namespace)
        with torch_private.unobserved():
            return guard.attempt(self._fetch, question, otherwise=partial(_no_answer, question))

    def _fetch(self, question: Fetch) -> Fetched:
        return slices.fetch(question, self._parts.capture.value(question.name))


def _no_answer(question: Fetch, problem: str) -> Fetched:
    return Fetched(question, problem=f"{question.name} {problem}")
