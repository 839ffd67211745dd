"""What is to be asked of a run at a recorded step: a second run replays up to it and waits there to
be asked for parts of large values, or for what a plot shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from tutor.history import replay_check
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.session.engine_protocol import AnyEngine, AnyRun
from tutor.session.replays.refill import replaying
from tutor.wire.messages import Digested, Ended, Fetched, Launch, Question, Sampled, Waited

_LAST = "\npass\n"
"""A run waits before a statement: this is one more, so that it waits after the script's last."""


Found = TypeVar("Found", Fetched, Sampled)


@dataclass(frozen=True)
class Answer(Generic[Found]):
    """What was asked for, as it was after `step`."""

    step: int
    found: Found


class Pager(Generic[Found]):
    """At most one replay at a time; a later step is brought by letting it run on.

    Args:
        kind: What answers come as.
        wake: Called from another thread when `drain` has something.
    """

    def __init__(
        self, kind: type[Found], engine: AnyEngine, launch: Launch, wake: Callable[[], None]
    ) -> None:
        self._kind: type[Found] = kind
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._run: AnyRun | None = None
        self._step = 0
        self._wanted: Question | None = None
        self._asked: tuple[int, Question] | None = None
        """What the replay was asked and has not answered yet."""
        self._is_there = False
        """Whether the replay waits at the step."""
        self.answer: Answer[Found] | None = None
        """To what was wanted last; None while it is still to come."""
        self.failure = ""
        """Why there will be no answer, in a line."""

    @property
    def is_running(self) -> bool:
        """Whether an answer is to come."""
        return self._run is not None and self.answer is None

    @property
    def progress(self) -> str:
        """How far the replay is; "" where an answer is there, or none is to come."""
        if self._run is None or self.answer is not None:
            return ""
        done = self._step if self._is_there else min(self._run.replayed, self._step)
        return replaying(done, self._step)

    def want(self, step: int, question: Question) -> None:
        """Ask as it was after `step`; what was wanted before no longer is."""
        if self._run is not None and (step, question) == (self._step, self._wanted):
            if self.answer is not None:
                self._wake()
            return
        self.answer, self.failure, self._wanted = None, "", question
        if self._run is None or step < self._step:
            self._begin(step)
        elif step > self._step:
            self._is_there = False
            self._run.go(step)
        self._step = step
        self._ask()

    def drain(self, timeline: Timeline) -> None:
        """Take in what the replay said."""
        for event in self._run.take() if self._run else ():
            if isinstance(event, Frame | Digested):
                replay_check.check(timeline, event, self._launch.source)
            elif isinstance(event, Waited):
                self._is_there = event.step >= self._step
            elif isinstance(event, self._kind):
                if self._asked == (self._step, self._wanted):
                    self.answer = Answer(self._step, event)
                self._asked = None
            elif isinstance(event, Ended):
                self.failure = _why(event, self._step)
                self.answer = None
                self.close()
        self._ask()

    def close(self) -> None:
        """End the replay; what is wanted next begins another."""
        if self._run is not None:
            self._run.close()
        self._run = self._asked = self._wanted = None
        self._is_there = False

    def _begin(self, step: int) -> None:
        wanted = self._wanted
        self.close()
        self._wanted = wanted
        launch = msgspec.structs.replace(
            self._launch, source=self._launch.source + _LAST, begin=step - 1, exact=False,
            show=(), slots={}, operations=None, audit=None,
        )  # fmt: skip
        self._run = self._engine.launch(launch, self._wake)
        self._run.go(step)

    def _ask(self) -> None:
        """One question at a time: of several that come while it is out only the newest is asked."""
        if self._run is None or self._wanted is None or self.answer is not None:
            return
        if self._is_there and self._asked is None:
            self._asked = (self._step, self._wanted)
            self._run.ask(self._wanted)


def _why(ended: Ended, step: int) -> str:
    if ended.outcome in ("died", "refused"):
        return f"the replay to step {step:,} ended: {ended.message}"
    return f"the script came to its end in step {step:,}: nothing is left to look at"
