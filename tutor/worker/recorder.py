"""The hooks: record each statement as a frame, and wait for commands in the script's frame."""

import builtins
from collections.abc import Callable
from time import perf_counter
from typing import Any

from tutor.schema.frame import Inside
from tutor.wire.messages import (
    Audited,
    Completed,
    Fetched,
    Launch,
    Printed,
    Question,
    Sample,
    Sampled,
)
from tutor.wire.shared_page import LINE, STEP, Sender
from tutor.worker import plot_samples, slices, torch_private
from tutor.worker.between_steps import Interludes
from tutor.worker.capture.capture import Capture, Changes
from tutor.worker.commands import Commands
from tutor.worker.exceptions import Caught, words
from tutor.worker.frames import Frames
from tutor.worker.instrument import AFTER, BEFORE, CAUGHT, ENTER, HOOKS, PASS, WITHIN, Program
from tutor.worker.operations.operations import Operations
from tutor.worker.operations.tape import Tape
from tutor.worker.output import Output
from tutor.worker.replay import Replay

DRAIN = 0.001
"""Seconds between two looks at what was written past Python: a child process takes longer."""


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
        self._lines = [site.line for site in program.sites]
        self._header = sender.page.header
        self._namespace = namespace
        self._begin = launch.begin
        self._past = launch.past
        self._exact = launch.exact
        self._sender = sender
        self._capture = Capture(namespace)
        self._inside_after = launch.operations or 0
        self.operations: Operations | None = None
        if launch.operations is not None:
            script, name_of = program.code.co_filename, self._capture.module_name
            self.operations = Operations(script, launch.exact, name_of)
            self.operations.tape = Tape() if launch.audit is not None else None
        self._audit = launch.audit
        self._samples = launch.samples
        self.frames = Frames(program, namespace, launch, self._capture)
        self._caught = Caught(program)
        self._interludes = Interludes(namespace, launch, self._capture, sender)
        self._replay = Replay(launch.begin, self._interludes, self._turn)
        self.commands = Commands(commands, sender, self._answer)
        self._output = Output(self._wrote, files)
        self._has_written = False
        self._next_drain = 0.0
        self._site = 0
        self._step = 0
        self._look_in()
        self.critical = {
            Recorder._before.__code__,
            Recorder._after.__code__,
            Recorder._catch.__code__,
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
        frames, caught = self.frames, self._caught
        vars(builtins).update({ENTER: frames.enter, PASS: frames.begin_pass})
        vars(builtins).update({WITHIN: caught.end, CAUGHT: self._catch})
        self._hook(self._before, self._after)

    @staticmethod
    def _hook(before: Callable[[int], object], after: Callable[[int], object]) -> None:
        vars(builtins).update({BEFORE: before, AFTER: after})

    def leave(self) -> None:
        """This process is a child that the script forked: it has no part in the recording."""
        vars(builtins).update(dict.fromkeys(HOOKS, bool))
        self._output.bypass()
        self.commands.close()
        self._sender.close()

    def close(self) -> Inside | None:
        """The script is over: what came after its last finished statement is a step of its own.

        Returns:
            What went on inside a last statement that is no step.
        """
        self._look_away()
        self._output.drain()
        if self._step < self._begin:
            return None
        with torch_private.unobserved():
            changed = self._capture.changes(complete=True)
        inside = self._look_inside(self.operations, changed) if self.operations else None
        if changed or self._has_written:
            step = self._step + 1
            frame = self.frames.make(step, self._site, changed, inside, with_slots=False)
            self._sender.append(frame)
            self._interludes.miss(step)
            self._step, inside = step, None
        self._complete()
        for wanted in self._samples:
            self._sender.append(plot_samples.sample(wanted, self._namespace))
        return inside

    # Hooks

    def _before(self, site: int) -> None:
        self._site = site
        self._header[LINE] = self._lines[site]
        self._caught.begin(site)
        if self._step >= self.commands.until:
            self._wait()
            if self._step + 1 < self._begin and self.operations is None:
                self._replay.go_on(self._step)
                self._hook(self._caught.begin, self._replay.count)
        elif perf_counter() > self.commands.next_look:
            self._look()

    def _after(self, site: int, raised: str = "") -> None:
        self._look_away()
        step = self._step + 1
        is_last = step >= self.commands.until
        if is_last or self._exact or perf_counter() > self._next_drain:
            self._output.drain()
            self._next_drain = perf_counter() + DRAIN
        else:
            self._output.flush()
        if step > self._begin:
            with torch_private.unobserved():
                changed = self._capture.changes(is_last or self._exact, self.frames.root)
            inside = None
            if self.operations is not None:
                if self._audit is not None:
                    self._send_audit(step, self.operations, self._audit)
                inside = self._look_inside(self.operations, changed)
            self._has_written = False
            self._sender.append(self.frames.make(step, site, changed, inside, raised))
            if step == self._begin + 1 and self._past is not None:
                self.frames.resume(self._past)
            if is_last:
                self._sender.flush()
        else:
            self.frames.skip()
            if self.operations is not None:
                self.operations.skip(step)
        # Only now: a step that could not be sent is no step.
        self._finish(step)
        self._look_in()

    def _catch(self) -> None:
        """The script caught an exception: the statement that raised it has come to its end."""
        if (found := self._caught.take()) is None:
            return
        site, error = found
        # In a replay too: it may be the script's own code that finds these words.
        told = words(error)
        if not self._replay.is_under_way and self._step >= self.commands.until:
            # A loop's head raises behind a pass: this step has not been asked for yet.
            self._before(site)
            self._caught.end(site)
        if self._replay.is_under_way:
            self._replay.count(site)
        else:
            self._site = site
            self._after(site, told)

    def _turn(self, step: int, site: int) -> None:
        """The end of a replayed step after which there is more to do than to count."""
        self._site = site
        # Before the step is counted: what it wrote was written in the recorded run too.
        self._output.drain()
        self._header[STEP] = step
        self._finish(step)
        self._replay.go_on(step)
        if not self._replay.is_under_way:
            self.frames.skip()
            self._hook(self._before, self._after)
        elif perf_counter() > self.commands.next_look:
            self._look()

    def _finish(self, step: int) -> None:
        self._step = step
        if step == self._interludes.due:
            self._interludes.hold(step)

    # Recording

    def _look_in(self) -> None:
        """Note what the script asks torch for, if it is the time for that."""
        if self.operations is not None:
            self.operations.on = self._step >= self._inside_after

    def _look_away(self) -> None:
        """What comes is the recorder's own doing."""
        if self.operations is not None:
            self.operations.on = False

    def _look_inside(self, operations: Operations, changed: Changes) -> Inside | None:
        """What went on inside the step that changed this."""
        capture = self._capture
        with torch_private.unobserved():
            tensors = capture.tensors(dict.fromkeys([*changed, *capture.bound]))
            return operations.take(self._step + 1, self.line, capture.names, tensors)

    def _send_audit(self, step: int, operations: Operations, wanted: tuple[str, ...]) -> None:
        """Audit the gradients of the step that was replayed to; one audit is all there is."""
        self._audit = None
        named = self._capture.tensors(self._capture.watches)
        audits = operations.audit(wanted, named)
        operations.tape = None
        self._sender.append(Audited(step, tuple(audits)))

    def _complete(self) -> None:
        """Bring what the last frames reported without content: now there is time."""
        if self._step:
            with torch_private.unobserved():
                views = self._capture.completed()
            if views:
                self._sender.append(Completed(self._step, views))

    def _wrote(self, stream: int, content: bytes) -> None:
        if self._step < self._begin:
            return
        self._has_written = True
        self._sender.append(Printed(self._step + 1, ((stream, content),)))

    # Commands

    def _wait(self) -> None:
        """Let the learner look until a command lets the script go on."""
        self._look_away()
        self._complete()
        waited = self.commands.wait(self._step, self.line)
        self._capture.excuse(waited)
        if self.operations is not None:
            self.operations.stills.excuse(waited)
        self._look_in()

    def wait_at_end(self) -> None:
        """Wait after the script's last statement, where the run is to go no further."""
        if self._step >= self.commands.until:
            self._wait()

    def _look(self) -> None:
        self.commands.look()
        if self._step >= self.commands.until:
            self._wait()

    def _answer(self, question: Question) -> Fetched | Sampled:
        if isinstance(question, Sample):
            return plot_samples.sample(question, self._namespace)
        with torch_private.unobserved():
            return slices.fetch(question, self._capture.value(question.name))
