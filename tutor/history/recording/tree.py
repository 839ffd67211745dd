"""Open and save the runs of a script with all their branches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tutor.history.budget import Budget
from tutor.history.record_events import record
from tutor.history.recording.file import RecordingError, run_number
from tutor.history.recording.messages import Event, Footer, RunHeader
from tutor.history.recording.reader import messages
from tutor.history.recording.writer import writing
from tutor.history.timeline import Timeline
from tutor.script.lesson import LessonError, parse
from tutor.wire.messages import Digested, Edited, Ended, Launch, Printed, Started, Waited

MAIN = "main"
"""The name of a script's first run."""


@dataclass(eq=False)
class RecordedRun:
    """A run, or a branch of a run, with all that it recorded."""

    name: str
    """`MAIN`, or the name of the branch. Names are unique."""
    launch: Launch
    timeline: Timeline
    parent: "RecordedRun | None" = None
    step: int = 0
    """The step of the parent after which it was forked."""
    environment: dict[str, str] = field(default_factory=dict)
    """The software and hardware that results depend on; empty if the run never started."""
    ended: Ended | None = None
    """None if the run was waiting when it was saved."""
    waits_at: int = 0
    """The line of the statement that comes next, 0 if unknown."""
    folder: str = ""
    """The working folder, of a run that is to be continued."""


@dataclass(eq=False)
class Recording:
    """The runs of one script, parents before their branches."""

    runs: list[RecordedRun]
    shown: int = 0
    """The number of the run that the learner was looking at."""
    cursor: int = 0
    """The step that the learner was looking at."""

    def show(self, path: str | Path, branch: str) -> None:
        """Select another run, at its last step.

        Raises:
            RecordingError: there is no run with this name.
        """
        names = [run.name for run in self.runs]
        self.shown = run_number(path, branch, names)
        self.cursor = len(self.runs[self.shown].timeline)


def save(path: str | Path, recording: Recording) -> None:
    """Write a recording to a file.

    Raises:
        RecordingError: the file cannot be written. The old one is kept.
    """
    numbers = {id(run): number for number, run in enumerate(recording.runs)}
    with writing(path, recording.shown, recording.cursor) as writer:
        for run in recording.runs:
            parent = None if run.parent is None else numbers[id(run.parent)]
            writer.begin(
                run.name, run.launch, parent, run.step, run.timeline.divergence, run.folder
            )
            for event in _events(run):
                writer.take(event)


def open_(path: str | Path, budget: Budget | None = None) -> Recording:
    """Open a recording.

    Args:
        budget: Shared by all its runs.

    Raises:
        RecordingError: there is none, or it is damaged.
    """
    budget = budget or Budget()
    found = Recording([])
    for message in messages(path):
        if isinstance(message, RunHeader):
            found.runs.append(_new_run(path, message, found.runs, budget))
        elif isinstance(message, Footer):
            found.shown, found.cursor = message.shown, message.cursor
        else:
            _add(found.runs[-1], message)
    return found


def _new_run(
    path: str | Path, header: RunHeader, runs: Sequence[RecordedRun], budget: Budget
) -> RecordedRun:
    if header.parent is None:
        parent = None
        timeline = Timeline(_cells(path, header.launch), budget)
    else:
        parent = runs[header.parent]
        timeline = parent.timeline.fork(header.step)
    timeline.divergence = header.divergence
    return RecordedRun(
        header.name, header.launch, timeline, parent, header.step, folder=header.folder
    )


def _cells(path: str | Path, launch: Launch) -> list[int]:
    """Return the first lines of the cells in the recorded script."""
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


def _edits(timeline: Timeline, step: int) -> Iterator[Edited]:
    if step in timeline.edited:
        names = sorted(timeline.edited[step])
        yield Edited(step, {name: timeline.view(name, step) for name in names})


def _events(run: RecordedRun) -> Iterator[Event]:
    """Yield the events of a run in the order in which a worker sends them."""
    timeline, last = run.timeline, len(run.timeline)
    pieces = zip(timeline.output_log.steps, timeline.output(last), strict=True)
    output = {
        step: tuple(piece for _, piece in group)
        for step, group in groupby(pieces, itemgetter(0))
        if step > run.step
    }
    if run.environment:
        yield Started(0, run.environment)
    yield from _edits(timeline, run.step)
    for frame in timeline.frames(run.step):
        step = frame.step
        if step in output:
            yield Printed(step, output.pop(step))
        yield frame
        if step in timeline.digests:
            yield Digested(step, timeline.digests[step])
        yield from _edits(timeline, step)
    for step, left in output.items():
        yield Printed(step, left)
    yield run.ended or Waited(last, run.waits_at)
