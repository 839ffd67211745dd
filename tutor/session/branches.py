"""One run of the script: the first, or one that was forked from another with something changed."""

from collections.abc import Callable
from typing import Protocol

from textual.message import Message
from textual.timer import Timer

from tutor.history.timeline import Doubt, Moment, Timeline
from tutor.insight.events.detect import Events
from tutor.session.engine_protocol import AnyEngine
from tutor.session.microscope import Microscope
from tutor.session.replays.first_difference import Prover
from tutor.session.replays.plots import Plotter
from tutor.session.replays.query import Pager
from tutor.session.replays.refill import Refill
from tutor.session.session import Session
from tutor.wire.messages import Fetched, Launch

LONGEST = 40
"""Characters of a branch's name."""

MARKS = "abcdefghijklmnopqrstuvwxyz"
"""In the order in which runs were made."""


class Branch:
    """A run with all that looks at it.

    Args:
        name: What the learner calls it.
        mark: One character that stands for it on the loss curve.
        launch: The run from its beginning.
        timeline: What it begins with: what was recorded up to the fork.
        post: Takes a message from any thread.
        later: Calls back after so many seconds, unless its timer is stopped.
        parent: What it was forked from.
        step: The step that it was forked after, 0 for the first run.
    """

    class Reported(Message):
        """The run has something to tell."""

        def __init__(self, branch: "Branch") -> None:
            super().__init__()
            self.branch = branch

    class Refilled(Reported):
        """The replay that brings values back has something to tell."""

    class Proved(Reported):
        """The replay that looks for the first difference has something to tell."""

    class Paged(Reported):
        """The replay that brings parts of large values has something to tell."""

    class Sampled(Reported):
        """The replay that plots are drawn from has something to tell."""

    class Noted(Reported):
        """The replay that notes operations has something to tell."""

    def __init__(
        self,
        name: str,
        mark: str,
        engine: AnyEngine,
        launch: Launch,
        timeline: Timeline,
        post: Callable[[Message], object],
        later: Callable[[float, Callable[[], None]], Timer],
        parent: "Branch | None" = None,
        step: int = 0,
    ) -> None:
        self.name = name
        self.mark = mark
        self.parent = parent
        self.events = Events(timeline)
        self.told: Doubt | None = None
        """The doubt about its replays that the learner was told of."""
        self.drained_at = 0.0
        """When what it told was last taken in."""
        self.step = step
        self.text = ""
        """What the learner typed to fork it."""
        self._post = post
        self.session = Session(engine, launch, timeline, self._told(Branch.Reported))
        self.refill = Refill(engine, launch, self._told(Branch.Refilled), later)
        self.microscope = Microscope(engine, launch, self._told(Branch.Noted))
        self.pager = Pager(Fetched, engine, launch, self._told(Branch.Paged))
        self.prover = Prover(engine, launch, self._told(Branch.Proved))
        self.plotter = Plotter(engine, launch, self._told(Branch.Sampled))

    def _told(self, kind: "type[Branch.Reported]") -> Callable[[], None]:
        """What a run calls from its thread: the screen gets a message."""

        def tell() -> None:
            self._post(kind(self))

        return tell

    @property
    def timeline(self) -> Timeline:
        return self.session.timeline

    def owner(self, step: int) -> "Branch":
        """The run that recorded this step of it: what lies before a fork is the parent's."""
        return self if self.parent is None or step >= self.step else self.parent.owner(step)

    @property
    def failure(self) -> str:
        """Why the fork came to nothing, in a line; "" if it did not, or not yet."""
        ended = self.session.ended
        if self.parent is None or ended is None or self.session.has_begun:
            return ""
        return ended.message or "the replay ended before it came to the fork"

    def parent_at(self, step: int) -> Moment | None:
        """The parent as it was at the same step; None where it has no such step."""
        if self.parent is None or step > self.parent.session.tip:
            return None
        return self.parent.timeline.at(step)

    def close(self) -> None:
        """End its processes; what is recorded stays."""
        self.refill.cancel()
        self.microscope.close()
        self.pager.close()
        self.prover.close()
        self.plotter.close()
        self.session.worker.close()


class Make(Protocol):
    """Makes a run: what differs from one to the next."""

    def __call__(
        self,
        name: str,
        mark: str,
        launch: Launch,
        timeline: Timeline,
        parent: Branch | None = None,
        step: int = 0,
    ) -> Branch:
        """See `Branch`."""
        ...


class Branches:
    """The runs of one script: a tree of forks, and the one that is on the screen.

    Args:
        main: The first run.
        make: Makes a branch.
    """

    def __init__(self, main: Branch, make: "Make") -> None:
        self.all = [main]
        """Parents before their forks."""
        self.current = main
        self._make = make
        self._made = 1

    def __len__(self) -> int:
        return len(self.all)

    def add(
        self, name: str, launch: Launch, timeline: Timeline, parent: Branch, step: int
    ) -> Branch:
        """Add a run that was forked from `parent` after `step`."""
        mark = MARKS[self._made % len(MARKS)]
        self._made += 1
        branch = self._make(name, mark, launch, timeline, parent, step)
        self.all.insert(self._after(parent), branch)
        return branch

    def fork(self, parent: Branch, step: int, name: str, launch: Launch) -> Branch:
        """Fork a run after a recorded step, and show the branch."""
        timeline = parent.timeline.fork(step)
        self.current = self.add(self.unique(name), launch, timeline, parent, step)
        return self.current

    def unique(self, name: str) -> str:
        """This name, no longer than `LONGEST`, with a number behind it if another run has it."""
        name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        taken = {branch.name for branch in self.all}
        names = (name if number == 1 else f"{name} ({number})" for number in range(1, 10**6))
        return next(one for one in names if one not in taken)

    def forks(self, branch: Branch) -> list[Branch]:
        return [one for one in self.all if one.parent is branch]

    def depth(self, branch: Branch) -> int:
        """How many forks lie between a branch and the first run."""
        return 0 if branch.parent is None else 1 + self.depth(branch.parent)

    def switch(self, branch: Branch) -> None:
        """Show another run, at the same step where it has that."""
        step = self.current.session.cursor
        self.current.session.playing = False
        self.current = branch
        branch.session.cursor = min(step, branch.session.tip)

    def drop(self, branch: Branch) -> str:
        """Drop a branch with what it recorded; a line where that cannot be."""
        if branch.parent is None:
            return "the first run cannot be dropped"
        if forks := self.forks(branch):
            return f"{branch.name} has forks: drop {forks[0].name} first"
        if branch is self.current:
            self.switch(branch.parent)
        self.all.remove(branch)
        branch.close()
        branch.timeline.release()
        return ""

    def close(self) -> None:
        for branch in self.all:
            branch.close()

    def _after(self, parent: Branch) -> int:
        """Where a new fork of `parent` stands: behind all that came of it so far."""
        place = self.all.index(parent) + 1
        while place < len(self.all) and self._descends(self.all[place], parent):
            place += 1
        return place

    def _descends(self, branch: Branch, ancestor: Branch) -> bool:
        while branch.parent is not None:
            branch = branch.parent
            if branch is ancestor:
                return True
        return False
