"""Replay steps that another run has recorded, at next to no cost."""

from time import perf_counter

from tutor.wire.shared_page import LINE, STEP
from tutor.worker.interrupts import uninterruptible
from tutor.worker.modes.parts import Parts
from tutor.worker.steps import Hook


class Counting:
    """Counts steps, and drops their output: the recorded run has it already.

    Args:
        last: The last step to count.
    """

    def __init__(self, last: int, parts: Parts) -> None:
        self.last = last
        self.before: Hook = self._start
        self._steps = parts.steps
        self._commands = parts.commands
        self._exceptions = parts.exceptions
        self._output = parts.output
        self._frames = parts.frames
        self._header = parts.sender.page.header
        self._step = 0
        self._due = 0

    def enter(self) -> None:
        self._step, self._due = self._steps.step, self._steps.due

    @uninterruptible
    def _start(self, site: int) -> None:
        """Wait for the first command. There is no wait before later statements."""
        steps = self._steps
        steps.site = site
        self._header[LINE] = steps.line
        self._exceptions.begin(site)
        self._commands.wait(steps.step, steps.line)
        self.before = self._exceptions.begin
        steps.install(self)

    @uninterruptible
    def after(self, site: int) -> None:
        step = self._step + 1
        if step < self._due:
            self._step = step
        else:
            self._finish(step, site)

    def raised(self, site: int, message: str) -> None:
        self.after(site)

    def wrote(self, stream: int, content: bytes) -> None:
        """Drop it."""

    def close(self) -> None:
        """Do nothing: nothing was recorded."""

    @uninterruptible
    def _finish(self, step: int, site: int) -> None:
        """End a step at whose end something is due."""
        steps = self._steps
        steps.site = site
        # Before the step is counted, so that its output is dropped.
        self._output.drain()
        self._frames.skip()
        self._header[STEP] = step
        steps.finish(step)
        self._step, self._due = step, steps.due
        if step < self.last and perf_counter() > self._commands.next_look:
            self._commands.look()
            if step >= self._commands.until:
                self._commands.wait(step, steps.line)
