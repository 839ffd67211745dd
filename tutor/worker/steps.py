"""Count the steps of a run, and give each part of the run its mode."""

import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from tutor.schema.frame import Inside
from tutor.worker.between_steps import BetweenSteps
from tutor.worker.instrument import AFTER, BEFORE, HOOKS, Program

Hook = Callable[[int], object]
"""Takes the site of a statement."""


class Mode(Protocol):
    """Handles the steps of one part of a run."""

    last: int
    """The step at whose end the next mode takes over; FOREVER for none."""

    @property
    def before(self) -> Hook:
        """The hook to call before a statement."""

    @property
    def after(self) -> Hook:
        """The hook to call after a statement: a step ends."""

    def enter(self) -> None:
        """Begin, after everything that was due at the end of the step before."""

    def raised(self, site: int, message: str) -> None:
        """End a step by an exception that the script caught."""

    def wrote(self, stream: int, content: bytes) -> None:
        """Take what the script wrote to stdout (1) or stderr (2)."""

    def close(self) -> Inside | None:
        """End the run: the script is over.

        Returns:
            The operations of a last statement that is no step.
        """


class StepCounter:
    """Counts finished steps, and switches from one mode to the next.

    Nothing else writes to `builtins`.

    Args:
        program: The instrumented script.
        between: What is due between two steps.
    """

    def __init__(self, program: Program, between: BetweenSteps) -> None:
        self.step = 0
        """The number of finished steps."""
        self.site = 0
        """The statement that runs, or is about to."""
        self.due = 0
        """The next step at whose end something is due, a change of modes included."""
        self.lines = [site.line for site in program.sites]
        """By site."""
        self.mode: Mode
        self._between = between
        self._following: Iterator[Mode] = iter(())

    @property
    def line(self) -> int:
        """The line of `site`."""
        return self.lines[self.site] if self.lines else 0

    def start(self, hooks: Mapping[str, Callable[..., object]], modes: Sequence[Mode]) -> None:
        """Install the first mode, and the hooks that are the same in all modes."""
        vars(builtins).update(hooks)
        self._following = iter(modes)
        self._switch()
        self._plan()
        self.mode.enter()

    def stop(self) -> None:
        """Let the hooks do nothing from now on."""
        vars(builtins).update(dict.fromkeys(HOOKS, bool))

    def install(self, mode: Mode) -> None:
        """Let the instrumented code call the hooks of a mode."""
        self.mode = mode
        vars(builtins).update({BEFORE: mode.before, AFTER: mode.after})

    def finish(self, step: int) -> None:
        """Note that a step is over, and do what is due at its end."""
        self.step = step
        if step == self.due:
            is_last = step == self.mode.last
            if is_last:
                # What an edit writes belongs to the next step, and so to the next mode.
                self._switch()
            self._between.run(step)
            self._plan()
            if is_last:
                self.mode.enter()

    def _switch(self) -> None:
        self.install(next(self._following))

    def _plan(self) -> None:
        self.due = min(self.mode.last, self._between.due)
