"""Show a recording on the lesson screen: it takes the place of the engine, and runs nothing."""

from collections.abc import Callable

from tutor.history.budget import Budget
from tutor.history.recording.tree import RecordedRun, Recording
from tutor.session.branch import Branch
from tutor.session.branches import MARKS, Branches, MakeBranch
from tutor.wire.messages import FOREVER, Ended, Event, Job, Question, Started

NOTHING = "a recording runs nothing; open its script to go on"


class ArchivedRun:
    """A run that has ended: all its events are recorded."""

    frozen = False
    replayed = 0

    def __init__(self, events: list[Event], line: int) -> None:
        self.line = line
        """The line of the statement that would have run next."""
        self._events = events

    def take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def go(self, until: int) -> None:
        """Do nothing: the run has ended."""

    def pause(self) -> None:
        """Do nothing: the run has ended."""

    def ask(self, question: Question) -> None:
        """Do nothing: `Ended` was the last event."""

    def close(self) -> None:
        """Do nothing: there is no process."""


class Archive:
    """Takes the place of the engine on a screen that shows a recording."""

    can_run = False
    detected = failure = None
    on_change: Callable[[], None] | None = None

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        environment = recording.runs[0].environment
        self.device = f"recorded on {environment.get('device', 'an unknown device')}"
        self.description = environment
        self._opening: RecordedRun | None = None

    def branches(self, make: MakeBranch) -> Branches:
        """Return the saved runs; see `restored`."""
        return restored(self.recording, make, self._open)

    def _open(self, run: RecordedRun) -> None:
        """Let the next launch stand for this run; it is not a replay."""
        self._opening = run

    def launch(self, job: Job, notify: Callable[[], None]) -> ArchivedRun:
        run, self._opening = self._opening, None
        if run is None:
            events: list[Event] = [Ended("refused", NOTHING)]
            line = 0
        else:
            line = run.waits_at
            ended = run.ended or Ended("finished", "the recording ends here", line)
            last = run.timeline.frame(len(run.timeline))
            events = [Started(0, run.environment), *([last] if last else []), ended]
        notify()
        return ArchivedRun(events, line)

    def start(self) -> None:
        """Do nothing: there is no process."""

    def close(self) -> None:
        """Do nothing: there is no process."""


def restored(
    recording: Recording,
    make: MakeBranch,
    opening: Callable[[RecordedRun], None] = lambda run: None,
) -> Branches:
    """Return the runs of a recording, with the cursor where the learner left it.

    Args:
        make: See `Branches`.
        opening: Called with each run before it is made.
    """
    made: list[Branch] = []
    found: Branches | None = None
    for run in recording.runs:
        opening(run)
        if found is None or run.parent is None:
            branch = make(run.name, MARKS[0], run.launch, run.timeline)
            found = Branches(branch, make)
        else:
            parent = made[recording.runs.index(run.parent)]
            branch = found.add(run.name, run.launch, run.timeline, parent, run.step)
        # It was made already: a replay that fails must not drop what is recorded.
        branch.session.has_begun = True
        made.append(branch)
    if found is None:
        raise ValueError("a recording has at least one run")
    found.current = made[recording.shown]
    found.current.session.cursor = min(recording.cursor, found.current.session.tip)
    return found


def recorded(branches: Branches, most: int = FOREVER) -> Recording:
    """Return all runs as they are now. Their timelines are copies that share large values.

    Args:
        most: The most steps of a run, unless the cursor or a fork is at a later one.
    """
    # The copies are short-lived: no value of the learner's may be dropped to make room for them.
    budget = Budget(2**62)
    made: dict[Branch, RecordedRun] = {}
    for branch in branches.all:
        session = branch.session
        started = session.worker.started
        forks = [fork.step for fork in branches.forks(branch)]
        cursor = session.cursor if branch is branches.current else 0
        tip = min(session.tip, max(most, branch.step, cursor, *forks))
        is_whole = tip == session.tip
        made[branch] = RecordedRun(
            branch.name,
            session.launch,
            session.timeline.fork(tip, budget),
            made[branch.parent] if branch.parent else None,
            branch.step,
            started.environment if started else {},
            session.ended if is_whole else None,
            session.worker.line if is_whole else 0,
        )
    shown = branches.all.index(branches.current)
    return Recording(list(made.values()), shown, branches.current.session.cursor)
