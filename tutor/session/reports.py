"""Take what the runs report, a slice at a time, so that keys come first."""

from collections.abc import Callable
from time import monotonic

from tutor.session.branch import Branch
from tutor.session.branches import Branches
from tutor.session.interfaces import Later
from tutor.session.twin_run import Twin

FRAME = 1 / 30
"""Seconds between two looks at a run that goes on by itself."""

BREATH = 0.003
"""Seconds between two slices of what a run reported, in which keys are answered."""

Source = Branch | Twin
"""What reports that it has something to drain."""


class Reports:
    """What the runs of one script report.

    Args:
        script: The file name of the script, for messages.
        later: Calls back in the caller's thread.
        refresh: Redraws the screen.
    """

    def __init__(
        self, branches: Branches, script: str, later: Later, refresh: Callable[[], None]
    ) -> None:
        self.fork_failed: Callable[[Branch], None] = lambda branch: None
        """Called with a fork that could not be made, after it was dropped."""
        self._branches = branches
        self._script = script
        self._later = later
        self._refresh = refresh
        self._due: set[Source] = set()
        """What is drained in a moment."""
        self._drawn_at = 0.0
        """When the screen was last redrawn for a report, in seconds."""
        self._followed: set[Branch] = set()
        """The runs with more steps to look for events in."""

    def hear(self, source: Source) -> None:
        """Drain a run that reported; one that goes on by itself at most once per `FRAME`."""
        wait = source.drained_at + FRAME - monotonic()
        if source.session.rushing and wait > 0:
            self._drain_later(source, wait)
        elif source not in self._due:
            self._drain(source)

    def _drain_later(self, source: Source, seconds: float) -> None:
        if source not in self._due:
            self._due.add(source)
            self._later(seconds, lambda: self._drain(source))

    def _drain(self, source: Source) -> None:
        self._due.discard(source)
        if isinstance(source, Branch) and source not in self._branches.all:
            return  # it was dropped meanwhile
        is_settled = source.drain()
        if isinstance(source, Branch):
            if source.failure:
                self._drop_failed(source)
            else:
                self._follow_events(source)
        if source.session.worker.is_behind:
            self._drain_later(source, BREATH)
            if monotonic() < self._drawn_at + FRAME:
                return
        if is_settled or source is not self._branches.current:
            self._drawn_at = monotonic()
            self._refresh()

    def _drop_failed(self, fork: Branch) -> None:
        """Drop a fork that could not be made; one that has forks itself waits for theirs."""
        while fork.parent is not None and fork.failure and not self._branches.drop(fork):
            self.fork_failed(fork)
            fork = fork.parent

    def _follow_events(self, branch: Branch) -> None:
        """Look for events in what was recorded, a slice at a time."""
        ended = branch.session.ended
        if ended is not None and ended.outcome == "raised":
            path = branch.session.launch.path
            branch.events.fail(ended.message.replace(path, self._script))
        if branch.events.advance() and branch not in self._followed:
            self._followed.add(branch)
            self._later(FRAME, lambda: self._follow_on(branch))

    def _follow_on(self, branch: Branch) -> None:
        self._followed.discard(branch)
        if branch not in self._branches.all:
            return
        known = len(branch.events)
        self._follow_events(branch)
        if len(branch.events) != known or branch not in self._followed:
            self._refresh()
