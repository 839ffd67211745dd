"""What a session needs from outside: an engine, its runs, and timers.

The real engine is `engine.client.Engine`; a recording (`session.archive`) and the tests' fake one
take its place.
"""

from collections.abc import Callable
from typing import Protocol

from tutor.wire.messages import Event, Job, Question


class AnyRun(Protocol):
    """See `tutor.engine.run.Run`."""

    @property
    def frozen(self) -> bool: ...

    @property
    def line(self) -> int: ...

    @property
    def replayed(self) -> int: ...

    def take(self) -> list[Event]: ...

    def go(self, until: int) -> None: ...

    def pause(self) -> None: ...

    def ask(self, question: Question) -> None: ...

    def close(self) -> None: ...


class AnyEngine(Protocol):
    """See `tutor.engine.client.Engine`."""

    on_change: Callable[[], None] | None

    @property
    def can_run(self) -> bool: ...

    @property
    def device(self) -> str | None: ...

    @property
    def detected(self) -> str | None: ...

    @property
    def failure(self) -> str | None: ...

    def start(self) -> None: ...

    def launch(self, job: Job, notify: Callable[[], None]) -> AnyRun: ...

    def close(self) -> None: ...


class Timer(Protocol):
    """A call that is due later."""

    def stop(self) -> None:
        """Cancel the call."""
        ...


class Later(Protocol):
    """Call a function in the caller's thread after a delay."""

    def __call__(self, seconds: float, call: Callable[[], None], /) -> Timer: ...


class Debounce:
    """Delays a call until the cursor has rested for a moment; a new call replaces the last."""

    REST = 0.1
    """Seconds the cursor must rest on a step before a replay starts."""

    def __init__(self, later: Later) -> None:
        self._later = later
        self._timer: Timer | None = None

    def __call__(self, call: Callable[[], None]) -> None:
        """Call after `REST` seconds, unless another call or `cancel` comes first."""
        self.cancel()
        self._timer = self._later(self.REST, lambda: self._due(call))

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = None

    def _due(self, call: Callable[[], None]) -> None:
        self._timer = None
        call()
