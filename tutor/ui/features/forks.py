"""Change something, which forks the run; switch between the runs."""

from functools import partial
from typing import ClassVar

from textual.screen import ModalScreen

from tutor.session.branch import Branch
from tutor.ui.dialogs.branches import BranchesDialog
from tutor.ui.dialogs.edit import EditDialog
from tutor.ui.features.feature import Feature, Key
from tutor.wire.messages import Launch


class Forks(Feature):
    KEYS: ClassVar = (
        Key("e", "edit", "edit", "Change a value here, in a forked run", True),
        Key("b", "branches", "runs", "The runs: show, rename or drop one"),
    )

    def setup(self) -> None:
        self.controller.reports.fork_failed = self._ask_again

    def action_edit(self) -> None:
        """Ask for a change, and fork the run here with it."""
        if self.controller.can_replay():
            self._ask(self.controller.branch, self.controller.session.cursor)

    def action_branches(self) -> None:
        controller = self.controller
        dialog = BranchesDialog(controller.branches, controller.engine.can_run, self.palette)
        self.open(dialog, self._switch)

    def _ask(self, branch: Branch, step: int, typed: str = "", problem: str = "") -> None:
        forking = self.controller.forking
        offers = forking.offers(branch, step, self.panes.picked)
        read = partial(forking.read, branch, step)
        dialog = EditDialog(step, offers, read, self.palette, typed, problem)
        # The run may go on meanwhile: the fork starts where the learner was when they pressed `e`.
        self.open(dialog, partial(self._fork, branch, step))

    def _fork(self, branch: Branch, step: int, answer: tuple[str, Launch] | None) -> None:
        if answer is not None:
            self.controller.fork(branch, step, *answer)

    def _ask_again(self, fork: Branch) -> None:
        """Show why the fork could not be made, and let the learner correct the change."""
        problem = f"nothing forked: {fork.failure}"
        if fork.parent is not None and not isinstance(self.screen.app.screen, ModalScreen):
            self._ask(fork.parent, fork.step, fork.typed, problem)
        else:
            self.screen.notify(problem, severity="error", timeout=10)

    def _switch(self, branch: Branch | None) -> None:
        if branch is not None:
            self.controller.switch(branch)
        self.show()
