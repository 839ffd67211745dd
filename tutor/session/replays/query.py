"""Ask a question about a recorded step: a second run replays up to it, waits there and answers.

Questions are parts of large values, and what a plot shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tutor.history.timeline import Timeline
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.replay import Replay, replaying
from tutor.wire.messages import Ended, Event, Fetched, Job, Launch, Question, Sampled, Waited

Found = TypeVar("Found", Fetched, Sampled)


@dataclass(frozen=True)
class Answer(Generic[Found]):
    """What a question found after `step`."""

    step: int
    found: Found


class QueryReplay(Replay, Generic[Found]):
    """Answers the newest question. A question about a later step lets the replay run on.

    Args:
        kind: The message that answers come as.
    """

    def __init__(
        self, kind: type[Found], engine: AnyEngine, launch: Launch, wake: Callable[[], None]
    ) -> None:
        super().__init__(engine, launch, wake)
        self._kind: type[Found] = kind
        self._wanted: Question | None = None
        self._sent: tuple[int, Question] | None = None
        """The step and the question that the replay has not answered yet."""
        self._is_there = False
        """Whether the replay waits at the step."""
        self.answer: Answer[Found] | None = None
        """The answer to the newest question; None while it is awaited."""
        self.failure = ""
        """Why there will be no answer, in one line."""

    @property
    def is_awaited(self) -> bool:
        """Whether an answer is to come."""
        return self.is_running and self.answer is None

    @property
    def progress(self) -> str:
        """How far the replay is; "" if no answer is awaited."""
        if not self.is_awaited:
            return ""
        return replaying(self._until, self._until) if self._is_there else super().progress

    def ask(self, step: int, question: Question) -> None:
        """Ask about the state after `step`, in place of what was asked before."""
        if self.is_running and (step, question) == (self._until, self._wanted):
            if self.answer is not None:
                self._wake()
            return
        self.answer, self.failure = None, ""
        if not self.is_running or step < self._until:
            self._sent, self._is_there = None, False
            # After the script's last statement it must wait too.
            self._start(Job(self._replayed(exact=False), step - 1, waits_at_end=True), step)
        elif step > self._until:
            self._is_there = False
            self._go(step)
        self._wanted = question
        self._send()

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        if isinstance(event, Waited):
            self._is_there = event.step >= self._until
        elif isinstance(event, self._kind):
            if self._sent == (self._until, self._wanted):
                self.answer = Answer(self._until, event)
            self._sent = None
        elif isinstance(event, Ended):
            self.failure = _why(event, self._until)
            self.answer = None
            self.close()
        self._send()

    def close(self) -> None:
        self._end()
        self._sent = self._wanted = None
        self._is_there = False

    def _send(self) -> None:
        """Send one question at a time: of those asked while it is out only the newest is sent."""
        is_free = self._is_there and self._sent is None
        if is_free and self._wanted is not None and self.answer is None:
            self._sent = (self._until, self._wanted)
            self._ask(self._wanted)


def _why(ended: Ended, step: int) -> str:
    if ended.outcome in ("died", "refused"):
        return f"the replay to step {step:,} ended: {ended.message}"
    return f"the script came to its end in step {step:,}: nothing is left to look at"
