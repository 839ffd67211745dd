"""The runs of one script: a tree of forks, and the one that is shown."""

from typing import Protocol

from tutor.history.timeline import Timeline
from tutor.session.branch import Branch
from tutor.wire.messages import Launch

LONGEST = 40
"""Characters of a branch's name."""

MARKS = "abcdefghijklmnopqrstuvwxyz"
"""In the order in which runs were made."""


class MakeBranch(Protocol):
    """Make a run; the arguments are what differs from one to the next."""

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

    def __init__(self, main: Branch, make: MakeBranch) -> None:
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
        """Return the name, cut to `LONGEST`, with a number added if another run has it."""
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
        """Drop a branch and its recording; return why that cannot be, or ""."""
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
        """Return the index for a new fork: after all descendants of `parent`."""
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
