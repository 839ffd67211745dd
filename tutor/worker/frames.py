"""Make a step's frame: its place, its phase, what it changed, and the live values of its note."""

from typing import Any

from torch import Tensor

from tutor.schema.frame import Frame, Inside, Past
from tutor.script.metadata import is_lesson
from tutor.wire.messages import Job
from tutor.worker.capture.capture import Capture
from tutor.worker.capture.requests import Changes
from tutor.worker.expressions import Expression, evaluate
from tutor.worker.instrument import Program
from tutor.worker.phases import Phases

_Evaluated = tuple[tuple[Any, ...], tuple[Any, ...], tuple[tuple[str, str], ...]]


class Frames:
    """Makes the frame of each step.

    Args:
        program: The script.
        namespace: Its globals.
        job: Has the expressions to evaluate, and the state to continue from.
        capture: Finds the changes.
    """

    def __init__(
        self, program: Program, namespace: dict[str, Any], job: Job, capture: Capture
    ) -> None:
        self._sites = program.sites
        self._loops = program.loops
        self._passes = [-1] * len(program.loops)
        self._namespace = namespace
        self._capture = capture
        self._phases = Phases(capture, job.launch.loss)
        slots = job.launch.slots
        is_pure = bool(slots) and not is_lesson(job.launch.source)
        self._slots = {
            line: [Expression(text, spec, is_pure) for text, spec in pairs]
            for line, pairs in slots.items()
        }
        self._show = [Expression(text) for text in job.launch.show]
        self._past = job.past
        self._first = job.begin + 1
        self._ran_backward = False
        self.root: Tensor | None = None
        """The tensor that the running step called `backward()` on; None if it is unknown."""

    def enter(self, loop: int) -> None:
        """Note that an outermost loop is about to begin."""
        self._passes[loop] = -1

    def begin_pass(self, loop: int) -> None:
        """Note that an outermost loop begins an iteration."""
        self._passes[loop] += 1

    def ran_backward(self, root: Tensor | None) -> None:
        """Note that the running step called `backward()` on `root`; None if it is unknown."""
        self._ran_backward = True
        if self._phases.wants_root:
            self.root = root

    def skip(self) -> None:
        """End a step that gets no frame."""
        self.root, self._ran_backward = None, False

    def make(
        self,
        step: int,
        site: int,
        changed: Changes,
        inside: Inside | None,
        raised: str = "",
        with_slots: bool = True,
    ) -> Frame:
        """End a step, and return its frame."""
        ran_backward, self._ran_backward = self._ran_backward, False
        root, self.root = self.root, None
        place = self._sites[site]
        line, loop = place.line, place.loop
        phases = self._phases
        is_new_loss = phases.follow(changed, root)
        phase = phases.name(changed, ran_backward, is_new_loss, loop >= 0)
        slots: tuple[Any, ...] = ()
        shown: tuple[Any, ...] = ()
        problems: tuple[tuple[str, str], ...] = ()
        if self._show or (with_slots and line in self._slots):
            slots, shown, problems = self._evaluate(line if with_slots else 0)
        frame = Frame(
            step,
            line,
            self._loops[loop] if loop >= 0 else 0,
            self._passes[loop] if loop >= 0 else None,
            phase,
            phases.loss,
            is_new_loss,
            changed,
            slots,
            shown,
            problems,
            inside,
            self._capture.root if root is not None else "",
            raised,
        )
        if step == self._first and self._past is not None:
            self._resume(self._past)
        return frame

    def _resume(self, past: Past) -> None:
        """Continue a run whose steps so far were recorded by another worker."""
        self._phases.resume(past)
        self._capture.resume(past.root)

    def _evaluate(self, line: int) -> _Evaluated:
        """Return the slots of a statement, the shown expressions, and the problems of both."""
        problems: list[tuple[str, str]] = []
        slots = evaluate(self._slots.get(line, ()), self._namespace, problems)
        shown = evaluate(self._show, self._namespace, problems)
        return slots, shown, tuple(problems)
