"""The runs of a script and their branches, opened and saved whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tutor.history.budget import Budget
from tutor.history.record_events import record
from tutor.history.recording.file import RecordingError, number_of
from tutor.history.recording.messages import Began, Completion, Event
from tutor.history.recording.reader import messages
from tutor.history.recording.writer import writing
from tutor.history.timeline import Timeline
from tutor.script.lesson import LessonError, parse
from tutor.wire.messages import Digested, Edited, Ended, Launch, Printed, Started, Waited

MAIN = "main"
"""What the first run of a script is called."""


@dataclass(eq=False)
class RecordedRun:
    """One run, or a branch of one, with all that it recorded."""

    name: str
    """`MAIN`, or what the branch is called; no two runs share one."""
    launch: Launch
    timeline: Timeline
    parent: "RecordedRun | None" = None
    step: int = 0
    """The step of the parent that it was forked after."""
    environment: dict[str, str] = field(default_factory=dict)
    """What decides the last digits; empty where the run never started."""
    ended: Ended | None = None
    """None: it was waiting when it was saved."""
    waits_at: int = 0
    """The line of the statement that would have come next, 0 where that is unknown."""


@dataclass(eq=False)
class Recording:
    """The runs of one script, parents before their branches."""

    runs: list[RecordedRun]
    shown: int = 0
    """The number of the run that the learner looked at."""
    cursor: int = 0
    """The step of it that they looked at."""

    def show(self, path: str | Path, branch: str) -> None:
        """Look at another run, from its last step.

        Raises:
            RecordingError: there is none of this name.
        """
        names = [run.name for run in self.runs]
        self.shown = number_of(path, branch, names)
        self.cursor = len(self.runs[self.shown].timeline)


def save(path: str | Path, recording: Recording) -> None:
    """Write a recording to a file.

    Raises:
        RecordingError: it cannot be written, and what was there before is untouched.
    """
    numbers = {id(run): number for number, run in enumerate(recording.runs)}
    with writing(path, recording.shown, recording.cursor) as writer:
        for run in recording.runs:
            parent = None if run.parent is None else numbers[id(run.parent)]
            writer.begin(run.name, run.launch, parent, run.step, run.timeline.doubt)
            for event in _told(run):
                writer.take(event)


def open_(path: str | Path, budget: Budget | None = None) -> Recording:
    """The recording in a file.

    Args:
        budget: Of all its runs together.

    Raises:
        RecordingError: there is none, or it is damaged.
    """
    budget = budget or Budget()
    found = Recording([])
    for message in messages(path):
        if isinstance(message, Began):
            found.runs.append(_begun(path, message, found.runs, budget))
        elif isinstance(message, Completion):
            found.shown, found.cursor = message.shown, message.cursor
        else:
            _add(found.runs[-1], message)
    return found


def _begun(
    path: str | Path, began: Began, runs: Sequence[RecordedRun], budget: Budget
) -> RecordedRun:
    if began.parent is None:
        parent = None
        timeline = Timeline(_cells(path, began.launch), budget)
    else:
        parent = runs[began.parent]
        timeline = parent.timeline.fork(began.step)
    timeline.doubt = began.doubt
    return RecordedRun(began.name, began.launch, timeline, parent, began.step)


def _cells(path: str | Path, launch: Launch) -> list[int]:
    """The first lines of the script's cells."""
    try:
        lesson = parse(launch.source, Path(launch.path))
    except LessonError as error:
        raise RecordingError(f"{path}: its script cannot be read here: {error}") from None
    return [cell.first for cell in lesson.cells]


def _add(run: RecordedRun, event: Event) -> None:
    record(run.timeline, event)
    match event:
        case Started():
            run.environment = event.environment
        case Ended():
            run.ended = event
        case Waited():
            run.waits_at = event.line


def _told(run: RecordedRun) -> Iterator[Event]:
    """What a run said, in the order in which it would have."""
    timeline, last = run.timeline, len(run.timeline)
    pieces = zip(timeline.transcript.steps, timeline.output(last), strict=True)
    output = {
        step: tuple(piece for _, piece in group)
        for step, group in groupby(pieces, itemgetter(0))
        if step > run.step
    }
    if run.environment:
        yield Started(0, run.environment)
    for step in range(run.step, last + 1):
        if step > run.step:
            if step in output:
                yield Printed(step, output.pop(step))
            if (frame := timeline.frame(step)) is not None:
                yield frame
            if step in timeline.digests:
                yield Digested(step, timeline.digests[step])
        if step in timeline.edited:
            names = sorted(timeline.edited[step])
            yield Edited(step, {name: timeline.view(name, step) for name in names})
    for step, left in output.items():
        yield Printed(step, left)
    yield run.ended or Waited(last, run.waits_at)
