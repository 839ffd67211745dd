"""Take the commands of a run: how far to go, and questions while it waits."""

import os
import select
from collections.abc import Callable, Sequence
from time import perf_counter

from tutor.wire.messages import Fetched, Go, Question, Sampled, Waited
from tutor.wire.shared_page import Sender
from tutor.wire.stream import receive_command
from tutor.worker.capture.time_budget import TimeBudget
from tutor.worker.interrupts import interruptible

INTERVAL = 0.016
"""Seconds between two looks for commands while a run does not wait; events are sent then too."""


class Commands:
    """Takes commands in the script's own thread, between two of its statements.

    Args:
        pipe: Where commands come from; this process ends when it is closed.
        sender: Sends the answers.
        answer: Returns the answer to a question.
        budgets: Time spent waiting is excluded from these.
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
        """The step after which the run waits."""
        self.next_look = 0.0
        """The time of the next look, by `perf_counter`."""

    def wait(self, step: int, line: int) -> None:
        """Wait after `step`, before the statement on `line`, until a command lets the run go on."""
        self._sender.append(Waited(step, line))
        self._sender.flush()
        began = perf_counter()
        while step >= self.until:
            self._obey()
        for budget in self._budgets:
            budget.exclude(perf_counter() - began)

    def look(self) -> None:
        """Send the events so far, and obey a command if there is one."""
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
            os._exit(0)  # the client is gone
        if isinstance(command, Go):
            self.until = command.until
        else:
            self._sender.append(self._answer(command))
            self._sender.flush()
