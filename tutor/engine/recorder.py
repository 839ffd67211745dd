"""The hooks: record each statement as a frame, and wait for commands in the script's frame."""

import builtins
import os
import select
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from time import perf_counter
from typing import Any, NoReturn

import torch

from tutor.engine import parts, private, sampling
from tutor.engine.capture import Capture
from tutor.engine.caught import Caught, words
from tutor.engine.digest import digest
from tutor.engine.edits import EditError, apply
from tutor.engine.expressions import Expression, evaluate
from tutor.engine.instrument import AFTER, BEFORE, CAUGHT, ENTER, PASS, Program
from tutor.engine.operations import Operations
from tutor.engine.output import Output
from tutor.engine.page import LINE, STEP, Sender
from tutor.engine.phases import Phases
from tutor.engine.protocol import (
    DIGESTED,
    FOREVER,
    Audited,
    Completed,
    Digested,
    Edited,
    Ended,
    Fetch,
    Launch,
    Printed,
    Sample,
    Waited,
    receive_command,
)
from tutor.engine.tape import Tape
from tutor.frame import Frame, Inside

DRAIN = 0.001
"""Seconds between two looks at what was written past Python: a child process takes longer."""

INTERVAL = 0.016
"""Seconds between two looks at the commands, and between two batches, while a run does not wait."""

_Evaluated = tuple[tuple[Any, ...], tuple[Any, ...], tuple[tuple[str, str], ...]]


class Recorder:
    """Records one run.

    Args:
        program: The instrumented script.
        namespace: Its globals.
        launch: What to record.
        sender: Where events go.
        commands: The pipe that commands come from; its end is the end of this process.
        files: What stands for the script's descriptors 1 and 2.
    """

    def __init__(
        self,
        program: Program,
        namespace: dict[str, Any],
        launch: Launch,
        sender: Sender,
        commands: int,
        files: tuple[int, int],
    ) -> None:
        self._exceptions = Caught(program)
        self._sites = program.sites
        self._lines = [site.line for site in program.sites]
        self._header = sender.page.header
        self._loops = program.loops
        self._passes = [-1] * len(program.loops)
        self._namespace = namespace
        self._begin = launch.begin
        self._past = launch.past
        self._due = 0
        self._is_counting = False
        self._exact = launch.exact
        self._sender = sender
        self._commands = commands
        self._capture = Capture(namespace)
        self._phases = Phases(self._capture, launch.loss)
        self._inside_after = launch.operations or 0
        self.operations: Operations | None = None
        if launch.operations is not None:
            script, name_of = program.code.co_filename, self._capture.module_name
            self.operations = Operations(script, launch.exact, name_of)
            self.operations.tape = Tape() if launch.audit is not None else None
        self._audit = launch.audit
        self._samples = launch.samples
        self._slots = {
            line: [Expression(text, spec) for text, spec in slots]
            for line, slots in launch.slots.items()
        }
        self._show = [Expression(text) for text in launch.show]
        self._edits = defaultdict(list)
        for edit in launch.edits:
            self._edits[edit.step].append(edit)
        self._output = Output(self._wrote, files)
        self._has_written = False
        self._root: torch.Tensor | None = None
        self._ran_backward = False
        self._until = 0
        self._next_look = 0.0
        self._next_drain = 0.0
        self._is_interrupted = False
        self._poll = select.poll()
        self._poll.register(commands, select.POLLIN)
        self._site = 0
        self.step = 0
        self._look_in()
        self.critical = {
            Recorder._before.__code__,
            Recorder._after.__code__,
            Recorder._caught.__code__,
            Recorder._turn.__code__,
        }
        """The code in which an interrupt would tear a message apart."""
        self.waiting = Recorder._wait.__code__
        """The part of it in which an interrupt does no harm."""

    @property
    def line(self) -> int:
        """The statement that runs, or is about to."""
        return self._lines[self._site] if self._lines else 0

    def install(self) -> None:
        """Let the instrumented code call the hooks."""
        self._hook(self._before, self._after)
        vars(builtins).update({ENTER: self._enter, PASS: self._pass, CAUGHT: self._caught})

    @staticmethod
    def _hook(before: Callable[[int], Any], after: Callable[[int], Any]) -> None:
        vars(builtins).update({BEFORE: before, AFTER: after})

    def ran_backward(self, root: torch.Tensor | None) -> None:
        """The statement that is running called `backward()` on `root`, None if that is unknown."""
        self._ran_backward = True
        if self._phases.wants_root:
            self._root = root

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt before the next statement."""
        self._is_interrupted = True
        self._next_look = 0.0

    def leave(self) -> None:
        """This process is a child that the script forked: it has no part in the recording."""
        vars(builtins).update(dict.fromkeys((BEFORE, AFTER, ENTER, PASS, CAUGHT), bool))
        self._output.bypass()
        os.close(self._commands)
        self._sender.close()

    def close(self) -> Inside | None:
        """The script is over: what came after its last finished statement is a step of its own.

        Returns:
            What went on inside a last statement that is no step.
        """
        self._look_away()
        self._output.drain()
        if self.step < self._begin:
            return None
        with private.unobserved():
            changed = self._capture.changes(complete=True)
        inside = None
        if changed or self._has_written:
            self._send(self.step + 1, self._site, changed, with_slots=False)
            self.step += 1
            if self.step in self._edits:
                self._refuse("the script came to its end within it")
        elif self.operations is not None:
            inside = self._look_inside(self.operations, changed)
        self._complete()
        for wanted in self._samples:
            self._sender.append(sampling.sample(wanted, self._namespace))
        return inside

    # Hooks

    def _before(self, site: int) -> None:
        self._site = site
        self._header[LINE] = self._lines[site]
        self._exceptions.begin(site)
        if self.step >= self._until:
            self._wait()
            if self.step + 1 < self._begin and self.operations is None:
                self._pass_over()
        elif perf_counter() > self._next_look:
            self._look()

    def _after(self, site: int, raised: str = "") -> None:
        self._look_away()
        step = self.step + 1
        is_last = step >= self._until
        if is_last or self._exact or perf_counter() > self._next_drain:
            self._output.drain()
            self._next_drain = perf_counter() + DRAIN
        else:
            self._output.flush()
        if step > self._begin:
            with private.unobserved():
                changed = self._capture.changes(is_last or self._exact, self._root)
            if self._audit is not None and self.operations is not None:
                self._send_audit(step, self.operations, self._audit)
            self._send(step, site, changed, raised=raised)
            if step == self._begin + 1 and self._past is not None:
                self._phases.resume(self._past)
                self._capture.resume(self._past.root)
            if is_last:
                self._sender.flush()
        elif self.operations is not None:
            self.operations.skip(step)
        # Only now: a step that could not be sent is no step.
        self.step = step
        if step % DIGESTED == 0:
            self._send_digest()
        if step in self._edits:
            self._edit()
        self._look_in()

    def _caught(self) -> None:
        """The script caught an exception: the statement that raised it has come to its end."""
        if (found := self._exceptions.take()) is None:
            return
        site, error = found
        if self._is_counting:
            self._count(site)
        else:
            self._site = site
            self._after(site, words(error))

    # Steps that are replayed and not recorded cost next to nothing: they are only counted.

    def _pass_over(self) -> None:
        """Count the steps up to the one that is to be recorded."""
        self._is_counting = True
        self._plan()
        self._hook(self._exceptions.begin, self._count)

    def _count(self, site: int) -> None:
        step = self.step + 1
        if step < self._due:
            self.step = step
        else:
            self._turn(site)

    def _turn(self, site: int) -> None:
        """The end of a step after which there is more to do than to count."""
        self._site = site
        # Before the step is counted: what it wrote was written in the recorded run too.
        self._output.drain()
        self.step = step = self.step + 1
        self._header[STEP] = step
        if step % DIGESTED == 0:
            self._send_digest()
        if step in self._edits:
            self._edit()
        if step < self._begin:
            self._plan()
            if perf_counter() > self._next_look:
                self._look()
        else:
            self._root, self._ran_backward = None, False
            self._is_counting = False
            self._hook(self._before, self._after)

    def _plan(self) -> None:
        """Set the next step that is more than counted."""
        edits = sorted(self._edits)
        following = bisect_right(edits, self.step)
        edited = edits[following] if following < len(edits) else FOREVER
        self._due = min(self._begin, edited, (self.step // DIGESTED + 1) * DIGESTED)

    def _enter(self, loop: int) -> None:
        self._passes[loop] = -1

    def _pass(self, loop: int) -> None:
        self._passes[loop] += 1

    # Recording

    def _send(
        self,
        step: int,
        site: int,
        changed: dict[str, Any],
        with_slots: bool = True,
        raised: str = "",
    ) -> None:
        ran_backward, self._ran_backward = self._ran_backward, False
        self._has_written = False
        place = self._sites[site]
        line, loop = place.line, place.loop
        phases = self._phases
        root, self._root = self._root, None
        is_new_loss = phases.follow(changed, root)
        phase = phases.name(changed, ran_backward, is_new_loss, loop >= 0)
        slots: tuple[Any, ...] = ()
        shown: tuple[Any, ...] = ()
        problems: tuple[tuple[str, str], ...] = ()
        if self._show or (with_slots and line in self._slots):
            slots, shown, problems = self._evaluate(line if with_slots else 0)
        inside = None
        if self.operations is not None:
            inside = self._look_inside(self.operations, changed)
        self._sender.append(
            Frame(
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
        )

    def _look_in(self) -> None:
        """Note what the script asks torch for, if it is the time for that."""
        if self.operations is not None:
            self.operations.on = self.step >= self._inside_after

    def _look_away(self) -> None:
        """What comes is the recorder's own doing."""
        if self.operations is not None:
            self.operations.on = False

    def _send_audit(self, step: int, operations: Operations, wanted: tuple[str, ...]) -> None:
        """Audit the gradients of the step that was replayed to; one audit is all there is."""
        self._audit = None
        named = self._capture.tensors(self._capture.watches)
        audits = operations.audit(wanted, named)
        operations.tape = None
        self._sender.append(Audited(step, tuple(audits)))

    def _look_inside(self, operations: Operations, changed: dict[str, Any]) -> Inside | None:
        capture = self._capture
        with private.unobserved():
            tensors = capture.tensors(dict.fromkeys([*changed, *capture.bound]))
            return operations.take(self.step + 1, self.line, capture.names, tensors)

    def _evaluate(self, line: int) -> _Evaluated:
        """The slots of the statement on `line`, the shown expressions, and what ails them."""
        problems: list[tuple[str, str]] = []
        slots = evaluate(self._slots.get(line, ()), self._namespace, problems)
        shown = evaluate(self._show, self._namespace, problems)
        return slots, shown, tuple(problems)

    def _complete(self) -> None:
        """Bring what the last frames reported without content: now there is time."""
        if self.step:
            with private.unobserved():
                views = self._capture.completed()
            if views:
                self._sender.append(Completed(self.step, views))

    def _wrote(self, stream: int, content: bytes) -> None:
        if self.step < self._begin:
            return
        self._has_written = True
        self._sender.append(Printed(self.step + 1, ((stream, content),)))

    def _edit(self) -> None:
        """Make the learner's edits after this step, and tell what they changed."""
        for edit in self._edits[self.step]:
            try:
                apply(self._namespace, edit)
            except EditError as error:
                self._refuse(str(error))
        if self.step > self._begin:
            with private.unobserved():
                changed = self._capture.changes(complete=True)
            self._sender.append(Edited(self.step, changed))

    def _refuse(self, problem: str) -> NoReturn:
        """End the run: an edit after this step cannot be made."""
        self._sender.append(Ended("refused", f"edit at step {self.step}: {problem}"))
        self._sender.flush()
        # An exception would run through the script's own handlers.
        os._exit(0)

    def _send_digest(self) -> None:
        with private.unobserved():
            found = digest(self._namespace)
        self._sender.append(Digested(self.step, found))

    # Commands

    def _wait(self) -> None:
        """Let the learner look until a command lets the script go on."""
        self._look_away()
        self._complete()
        self._sender.append(Waited(self.step, self.line))
        self._sender.flush()
        began = perf_counter()
        while self.step >= self._until:
            self._obey()
        waited = perf_counter() - began
        self._capture.excuse(waited)
        if self.operations is not None:
            self.operations.stills.excuse(waited)
        self._look_in()

    def _look(self) -> None:
        """In between: send what has gathered, and see whether there is a command."""
        if self._is_interrupted:
            self._is_interrupted = False
            raise KeyboardInterrupt
        self._sender.flush()
        if self._poll.poll(0):
            self._obey()
            if self.step >= self._until:
                self._wait()
        self._next_look = perf_counter() + INTERVAL

    def _obey(self) -> None:
        command = receive_command(self._commands)
        if command is None:
            os._exit(0)  # nobody is there any more
        if isinstance(command, Fetch):
            with private.unobserved():
                found = parts.fetch(command, self._capture.value(command.name))
            self._sender.append(found)
            self._sender.flush()
        elif isinstance(command, Sample):
            self._sender.append(sampling.sample(command, self._namespace))
            self._sender.flush()
        else:
            self._until = command.until
