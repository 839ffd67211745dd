"""Take the commands of a run: how far to go, and questions while it waits."""

import select
from collections.abc import Callable, Sequence
from os import _exit
from time import perf_counter

from tutor.wire.messages import Fetched, Go, Question, Sampled, Waited
from tutor.wire.private_descriptor import PrivateDescriptor
from tutor.wire.shared_page import Sender
from tutor.wire.stream import receive_command
from tutor.worker.capture.time_budget import TimeBudget
from tutor.worker.interrupts import Interrupts, interruptible

_poll, _POLLIN = select.poll, select.POLLIN

INTERVAL = 0.016
"""Seconds between two looks for commands while a run does not wait; events are sent then too."""


class Commands:
    """Takes commands in the script's own thread, between two of its statements.

    Args:
        pipe: Where commands come from; this process ends when it is closed.
        sender: Sends the answers.
        answer: Returns the answer to a question.
        budgets: Time spent waiting is excluded from these.
        interrupts: Handlers of signals that were postponed are called at the next look.
    """

    def __init__(
        self,
        pipe: PrivateDescriptor,
        sender: Sender,
        answer: Callable[[Question], Fetched | Sampled],
        budgets: Sequence[TimeBudget],
        interrupts: Interrupts,
    ) -> None:
        self._pipe = pipe
        self._sender = sender
        self._answer = answer
        self._budgets = budgets
        self.interrupts = interrupts
        interrupts.on_postponed = self._look_soon
        self.until = 0
        """The step after which the run waits."""
        self.next_look = 0.0
        """The time of the next look, by `perf_counter`."""

    def wait(self, step: int, line: int) -> None:
        """Wait after `step`, before the statement on `line`, until a command lets the run go on."""
        self._sender.append(Waited(step, line))
        self._sender.flush()
        began = perf_counter()
        self.interrupts.deliver()
        while step >= self.until:
            self._obey()
        for budget in self._budgets:
            budget.exclude(perf_counter() - began)
        self.interrupts.deliver()

    def look(self) -> None:
        """Send the events so far, and obey a command if there is one."""
        self.interrupts.deliver()
        self._sender.flush()
        if self._is_asked():
            self._obey()
        self.next_look = perf_counter() + INTERVAL

    def wait_after(self, step: int) -> None:
        """Wait after `step`, whatever was asked for so far."""
        while self._is_asked():
            self._obey()
        if self.until > step:
            self.until = step

    def _is_asked(self) -> bool:
        """Return True if there is a command."""
        poll = _poll()
        poll.register(self._pipe.fileno(), _POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._pipe.close()

    def _look_soon(self) -> None:
        self.next_look = 0.0

    @interruptible
    def _obey(self) -> None:
        command = receive_command(self._pipe.fileno())
        if command is None:
            _exit(0)  # the client is gone
        if isinstance(command, Go):
            self.until = command.until
        else:
            self._sender.append(self._answer(command))
            self._sender.flush()
