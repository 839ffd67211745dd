"""Run the twin of a lesson, and align both runs by loop iteration."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from tutor.course.catalog import neighbours
from tutor.history.budget import Budget
from tutor.history.timeline import Timeline
from tutor.insight.pairing import TwinComparison
from tutor.schema.errors import BadRequest
from tutor.script.lesson import Lesson, LessonError, read
from tutor.session.interfaces import AnyEngine
from tutor.session.launch import prepare
from tutor.session.request import Request
from tutor.session.session import Session

MARK = "="
"""Marks the end of the twin's loss curve."""


class Twin:
    """The run of a twin. It runs to its end at once; how much of it is shown follows the lesson.

    Args:
        path: The twin's script.
        pairs: (name in the lesson, name in the twin) of values that should agree.
        request: The request for the lesson; settings of knobs that the twin has too hold for both.
        budget: Shared with the runs of the lesson.
        report: Called from another thread when `drain` has something to take.

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
        report: "Callable[[Twin], None]",
    ) -> None:
        self.lesson: Lesson = read(path)
        self._pairs = pairs
        shared = _shared(request, self.lesson)
        # Nothing replays a twin, so every value is kept.
        launch = prepare(self.lesson, str(path), shared, engine.detected, exact=True)
        self.session = Session(engine, launch, Timeline(budget=budget), lambda: report(self))
        self.session.run_to_end()
        self.drained_at = 0.0
        """When it was last drained, in seconds."""
        self._comparison: TwinComparison | None = None

    @property
    def timeline(self) -> Timeline:
        return self.session.timeline

    @property
    def failure(self) -> str:
        """Why the run did not finish; "" if it did, or still runs."""
        ended = self.session.ended
        return ended.message if ended is not None and ended.outcome != "finished" else ""

    def drain(self) -> bool:
        """Take what the run did since the last call; return whether it stands still."""
        self.drained_at = monotonic()
        self.session.drain()
        return self.session.worker.settled

    def comparison(self, ours: Timeline) -> TwinComparison:
        """Return the comparison of the twin with a run."""
        if self._comparison is None or self._comparison.ours is not ours:
            self._comparison = TwinComparison(ours, self.timeline, self._pairs)
        return self._comparison

    def losses(self, ours: Timeline, step: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return the twin's losses up to where it is shown, at the steps of the lesson's losses."""
        _, losses = self.timeline.losses(self.comparison(ours).their_step(step))
        steps, _ = ours.losses(len(ours))
        count = min(len(losses), len(steps))
        return steps[:count], losses[:count]

    def close(self) -> None:
        """End the process."""
        self.session.worker.close()


def _shared(request: Request, twin: Lesson) -> Request:
    known = {knob.name for knob in twin.knobs}
    settings = {name: text for name, text in request.settings.items() if name in known}
    return Request(request.device, request.seed, settings)


def start_twin(
    lesson: Lesson,
    engine: AnyEngine,
    request: Request,
    budget: Budget,
    report: Callable[[Twin], None],
) -> tuple[Twin | None, str]:
    """Start the twin that a lesson names; see `Twin`.

    Returns:
        The twin, and why there is none if the lesson names one that cannot run.
    """
    name, pairs = lesson.metadata.twin, lesson.metadata.compare
    if not name:
        return None, ""
    path = neighbours(lesson.path).get(name)
    if path is None:
        return None, f"the twin {name} is no lesson; `tutor list` shows their names"
    try:
        return Twin(path, pairs, engine, request, budget, report), ""
    except (LessonError, BadRequest) as error:
        return None, str(error)
