"""Command the worker of a run, and know what it does."""

from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic

from tutor.schema.frame import Frame
from tutor.session.interfaces import AnyEngine
from tutor.wire import messages

_BURST = 0.05
"""Seconds within which requested steps add up; later ones are dropped while the statement runs.

So a few fast key presses each count, and a held key does not queue minutes of work. Before the run
has started all count: the learner waits for the engine, not for a statement.
"""


class WorkerHandle:
    """Commands a worker. Knows steps by their numbers only.

    Args:
        wake: Called from another thread when `take` has something.
    """

    def __init__(
        self,
        engine: AnyEngine,
        job: messages.Job,
        wake: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.started: messages.Started | None = None
        self.ended: messages.Ended | None = None
        self.tip = job.begin
        """The newest recorded step, or the step that it replays to first."""
        self.is_held = False
        """Whether the learner paused it."""
        self.breakpoint: messages.BreakpointHit | None = None
        """Why it is paused, if a breakpoint of the script did that."""
        self._waited: messages.Waited | None = None
        self._goal = 0
        self._events: deque[messages.Event] = deque()
        """Received from the run, but not taken yet."""
        self.is_behind = False
        """Whether there may be events that `take` had no time for."""
        self._clock = clock
        self._asked = self._progressed = clock()
        self._run = engine.launch(job, wake)
        self.close = self._run.close

    @property
    def busy(self) -> bool:
        """Whether it runs: it was asked for a step that it has not recorded yet."""
        return self.ended is None and self._goal > self.tip

    @property
    def rushing(self) -> bool:
        """Whether it was asked for more than one further step."""
        return self.busy and self._goal > self.tip + 1

    @property
    def replayed(self) -> int:
        """How many steps it has replayed without recording them."""
        return self._run.replayed

    @property
    def settled(self) -> bool:
        """Whether its newest step is complete: `Waited` follows a moment after the step's frame."""
        waits = self._waited is not None and self._waited.step >= self.tip
        return waits or self.busy or self.frozen or self.ended is not None

    @property
    def frozen(self) -> bool:
        """Whether it is stopped in the middle of a statement."""
        return self.is_held and self.ended is None and self._run.frozen

    @property
    def line(self) -> int:
        """The line of the statement that it runs or waits before."""
        # The statement that it waited before is the one that runs now, whatever the page says.
        if self._waited is not None and self._waited.step == self.tip:
            return self._waited.line
        return self._run.line

    @property
    def running_for(self) -> float:
        """Seconds that the running statement has taken so far."""
        return self._clock() - self._progressed if self.busy else 0.0

    def go(self, until: int) -> None:
        """Run until this step is recorded."""
        if not self.busy:
            self._asked = self._progressed = self._clock()
        self._goal = until
        self.is_held = False
        self.breakpoint = None
        self._run.go(until)

    def step(self) -> None:
        """Run the next statement, or one more if the last request was a moment ago."""
        if not self.busy:
            self.go(self.tip + 1)
        elif self._goal != messages.FOREVER and (
            self.started is None or self._clock() - self._asked < _BURST
        ):
            self.go(self._goal + 1)

    def pause(self) -> None:
        """Wait before the next statement, or stop inside this one if it takes longer."""
        if self.busy:
            self._goal = 0
            self.is_held = True
            self._run.pause()

    def take(self, seconds: float) -> Iterator[messages.Event]:
        """Yield the events since the last call, for about so many seconds."""
        until = self._clock() + seconds
        # Even if nothing is left here, the run may have reported more while this one was full.
        self.is_behind = True
        while self._clock() <= until:
            # Only what is taken makes room for more: an endless run must not pile up here either.
            if not self._events:
                self._events.extend(self._run.take())
            if not self._events:
                self.is_behind = False
                return
            event = self._events.popleft()
            match event:
                case Frame():
                    self.tip = event.step
                    self._progressed = self._clock()
                case messages.Waited():
                    self._waited = event
                case messages.BreakpointHit():
                    self._goal = 0
                    self.is_held = True
                    self.breakpoint = event
                case messages.Started():
                    self.started = event
                case messages.Ended():
                    self.ended = event
            yield event
