"""Fork a run: what can be changed at a step, and the run that a change makes."""

from tutor.script.lesson import Lesson
from tutor.session import edits
from tutor.session.branch import Branch
from tutor.session.branches import Branches
from tutor.wire.messages import Launch


class Forking:
    """Forks the runs of one script."""

    def __init__(self, lesson: Lesson, branches: Branches) -> None:
        self._lesson = lesson
        self._branches = branches

    def offers(self, branch: Branch, step: int, picked: str | None) -> list[edits.Offer]:
        """Return what can be changed after a step, the likeliest first.

        Args:
            picked: The value that the learner picked on the screen.
        """
        owner = branch.owner(step)
        return edits.offers(self._lesson, owner.timeline, step, owner.session.launch, picked)

    def read(self, branch: Branch, step: int, text: str) -> Launch:
        """Return the launch of a run in which `text` is done after `step`.

        Raises:
            BadChange: it cannot be done; the text is one clear line.
        """
        at = self._turning_point(branch, step, text)
        owner = branch.owner(at)
        return edits.change(text, at, self._lesson, owner.timeline, owner.session.launch)

    def fork(self, branch: Branch, step: int, text: str, launch: Launch) -> Branch:
        """Fork a run, and show the fork.

        Args:
            branch: The run that the learner looked at, and the step.
            text: What they typed.
            launch: What `read` made of it.
        """
        at = self._turning_point(branch, step, text)
        # What lies before a fork is the parent's: it forks there, without the later changes.
        parent = branch.owner(at)
        sibling = edits.instead(launch, parent.session.launch, parent.step, at)
        if sibling is not None:
            # Another value for what this branch was forked for: a sibling of it.
            parent, launch = parent.parent or parent, sibling
        branch.microscope.leave()
        branch.session.playing = False
        name = edits.name_of(launch, parent.session.launch)
        fork = self._branches.fork(parent, at, name, launch)
        fork.typed = text
        if at != step:
            fork.session.run_to_end()
        return fork

    def _turning_point(self, branch: Branch, step: int, text: str) -> int:
        """Return the step to fork after: at a run's end a knob turns where it is assigned."""
        branch = branch.owner(step)
        if not (branch.session.is_over and step == branch.session.tip):
            return step
        return edits.turning_point(text, step, self._lesson, branch.timeline)
