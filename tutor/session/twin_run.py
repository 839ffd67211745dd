"""The lesson that is shown beside another one: a run of its own, matched pass by pass."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tutor.history.budget import Budget
from tutor.history.timeline import Timeline
from tutor.insight.pairing import Beside
from tutor.script.lesson import Lesson, read
from tutor.session.engine_protocol import AnyEngine
from tutor.session.launch import prepare
from tutor.session.request import Request
from tutor.session.session import Session

MARK = "="
"""Stands at the end of the twin's loss curve."""


class Twin:
    """Runs to its end at once; how much of it is shown depends on where the other run is.

    Args:
        path: The twin's script.
        pairs: Names of the other lesson and of this one that should agree.
        request: What the other lesson was asked for: settings that both know hold for both.
        budget: Shared with the runs of the other lesson.
        wake: Called from another thread when `drain` has something.

    Raises:
        LessonError: the script cannot be read.
    """

    def __init__(
        self,
        path: Path,
        pairs: Sequence[tuple[str, str]],
        engine: AnyEngine,
        request: Request,
        budget: Budget,
        wake: Callable[[], None],
    ) -> None:
        self.lesson: Lesson = read(path)
        self._pairs = pairs
        shared = _shared(request, self.lesson)
        # Nothing replays a twin: what is to be compared is kept.
        launch = prepare(self.lesson, str(path), shared, engine.detected, exact=True)
        self._session = Session(engine, launch, Timeline(budget=budget), wake)
        self._session.run_to_end()
        self._beside: Beside | None = None

    @property
    def timeline(self) -> Timeline:
        return self._session.timeline

    @property
    def failure(self) -> str:
        """Why it did not come to its end; "" if it did, or may yet."""
        ended = self._session.ended
        return ended.message if ended is not None and ended.outcome != "finished" else ""

    def drain(self) -> None:
        """Take in what it did."""
        self._session.drain()

    def beside(self, ours: Timeline) -> Beside:
        """It and the run that is shown, matched."""
        if self._beside is None or self._beside.ours is not ours:
            self._beside = Beside(ours, self.timeline, self._pairs)
        return self._beside

    def losses(self, ours: Timeline, step: int) -> tuple[Sequence[int], Sequence[float]]:
        """Its losses up to where it is shown, over the steps of ours: the first over the first."""
        _, losses = self.timeline.losses(self.beside(ours).their_step(step))
        steps, _ = ours.losses(len(ours))
        count = min(len(losses), len(steps))
        return steps[:count], losses[:count]

    def close(self) -> None:
        """End its process."""
        self._session.worker.close()


def _shared(request: Request, twin: Lesson) -> Request:
    known = {knob.name for knob in twin.knobs}
    settings = {name: text for name, text in request.settings.items() if name in known}
    return Request(request.device, request.seed, settings)
