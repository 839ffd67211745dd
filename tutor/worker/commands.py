"""The learner's commands to a run: how far it goes, and what they ask where it waits."""

import os
import select
from collections.abc import Callable
from time import perf_counter

from tutor.wire.messages import Fetched, Go, Question, Sampled, Waited, receive_command
from tutor.wire.shared_page import Sender

INTERVAL = 0.016
"""Seconds between two looks at the commands, and between two batches, while a run does not wait."""


class Commands:
    """Takes commands, in the script's own thread and only between two of its statements.

    Args:
        pipe: Where they come from; its end is the end of this process.
        sender: Where answers go.
        answer: Finds the answer to a question.
    """

    def __init__(
        self, pipe: int, sender: Sender, answer: Callable[[Question], Fetched | Sampled]
    ) -> None:
        self._pipe = pipe
        self._sender = sender
        self._answer = answer
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)
        self._is_interrupted = False
        self.until = 0
        """The step after which the run is to wait."""
        self.next_look = 0.0
        """When to look again."""

    def wait(self, step: int, line: int) -> float:
        """Wait after `step`, before `line`, until the script may go on; the seconds that took."""
        self._sender.append(Waited(step, line))
        self._sender.flush()
        began = perf_counter()
        while step >= self.until:
            self._obey()
        return perf_counter() - began

    def look(self) -> None:
        """In between: send what has gathered, and see whether there is a command."""
        if self._is_interrupted:
            self._is_interrupted = False
            raise KeyboardInterrupt
        self._sender.flush()
        if self._poll.poll(0):
            self._obey()
        self.next_look = perf_counter() + INTERVAL

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt before the next statement."""
        self._is_interrupted = True
        self.next_look = 0.0

    def close(self) -> None:
        os.close(self._pipe)

    def _obey(self) -> None:
        command = receive_command(self._pipe)
        if command is None:
            os._exit(0)  # nobody is there any more
        if isinstance(command, Go):
            self.until = command.until
        else:
            self._sender.append(self._answer(command))
            self._sender.flush()
