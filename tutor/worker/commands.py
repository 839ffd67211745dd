"""The learner's commands to a run: how far it goes, and what they ask where it waits."""

import os
import select
from collections.abc import Callable, Sequence
from time import perf_counter

from tutor.wire.messages import Fetched, Go, Question, Sampled, Waited, receive_command
from tutor.wire.shared_page import Sender
from tutor.worker.capture.time_budget import TimeBudget
from tutor.worker.interrupts import interruptible

INTERVAL = 0.016
"""Seconds between two looks at the commands, and between two batches, while a run does not wait."""


class Commands:
    """Takes commands, in the script's own thread and only between two of its statements.

    Args:
        pipe: Where they come from; its end is the end of this process.
        sender: Where answers go.
        answer: Finds the answer to a question.
        budgets: From which time spent waiting is excluded.
    """

    def __init__(
        self,
        pipe: int,
        sender: Sender,
        answer: Callable[[Question], Fetched | Sampled],
        budgets: Sequence[TimeBudget],
    ) -> None:
        self._pipe = pipe
        self._sender = sender
        self._answer = answer
        self._budgets = budgets
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)
        self._is_interrupted = False
        self.until = 0
        """The step after which the run is to wait."""
        self.next_look = 0.0
        """When to look again."""

    def wait(self, step: int, line: int) -> None:
        """Wait after `step`, before `line`, until the script may go on."""
        self._sender.append(Waited(step, line))
        self._sender.flush()
        began = perf_counter()
        while step >= self.until:
            self._obey()
        for budget in self._budgets:
            budget.exclude(perf_counter() - began)

    def look(self) -> None:
        """In between: send what has gathered, and see whether there is a command."""
        self._raise_interrupt()
        self._sender.flush()
        if self._poll.poll(0):
            self._obey()
        self.next_look = perf_counter() + INTERVAL

    def postpone_interrupt(self) -> None:
        """Raise KeyboardInterrupt at the next look."""
        self._is_interrupted = True
        self.next_look = 0.0

    def close(self) -> None:
        os.close(self._pipe)

    def _raise_interrupt(self) -> None:
        """Raise the interrupt that was postponed, if there is one."""
        if self._is_interrupted:
            self._is_interrupted = False
            raise KeyboardInterrupt

    @interruptible
    def _obey(self) -> None:
        self._raise_interrupt()
        command = receive_command(self._pipe)
        if command is None:
            os._exit(0)  # nobody is there any more
        if isinstance(command, Go):
            self.until = command.until
        else:
            self._sender.append(self._answer(command))
            self._sender.flush()
