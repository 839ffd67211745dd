"""What the screen wants of an engine, and of a run: a real one, or a recording in its place."""

from collections.abc import Callable
from typing import Protocol

from tutor.wire.messages import Event, Launch, Question


class AnyRun(Protocol):
    """See `tutor.engine.run.Run`."""

    launch: Launch

    @property
    def frozen(self) -> bool: ...

    @property
    def line(self) -> int: ...

    @property
    def replayed(self) -> int: ...

    def take(self) -> list[Event]: ...

    def go(self, until: int) -> None: ...

    def hold(self) -> None: ...

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

    def launch(self, launch: Launch, notify: Callable[[], None]) -> AnyRun: ...

    def close(self) -> None: ...
