"""The keys of a lesson that ask something: each opens a dialog, or tells why it cannot."""

from typing import TYPE_CHECKING

from textual.screen import Screen

from tutor import changes
from tutor.engine.protocol import Launch
from tutor.timeline import Timeline
from tutor.ui.branch import Branch, Branches
from tutor.ui.draw.palette import Palette
from tutor.ui.lens import Lens
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.screens.audit import audit_of
from tutor.ui.screens.branches import BranchesScreen
from tutor.ui.screens.edit import EditScreen
from tutor.ui.screens.go import GoScreen, Place
from tutor.ui.screens.why import WhyScreen, question_about

if TYPE_CHECKING:
    from tutor.engine.client import Engine
    from tutor.lesson import Lesson
    from tutor.ui.panes import Panes


class Asking(Screen[None]):
    """What a lesson's screen asks of the learner, and what they ask of it."""

    branches: Branches | None
    engine: "Engine"
    lesson: "Lesson"
    lens: Lens
    palette: Palette
    panes: "Panes"

    @property
    def branch(self) -> Branch | None:
        """The run that is shown; None before there is one."""
        return self.branches.current if self.branches is not None else None

    @property
    def picked(self) -> str | None:
        """The value that the learner picked in the pane of tensors."""
        picked = self.panes.query_one(TensorsPanel).selected
        moment = self.branch.session.moment if self.branch else None
        return picked if moment and picked in moment.names() else None

    @property
    def timeline(self) -> Timeline:
        """What the run has recorded."""
        return self.branch.timeline if self.branch else Timeline()

    def show(self) -> None:
        """Bring everything on the screen up to date with the run that is shown."""
        raise NotImplementedError

    def can_replay(self) -> bool:
        """Whether the script can be run at all; tells so where it cannot."""
        return True

    def visit(self, step: int) -> None:
        """Show a recorded step, from outside, while something is asked about it."""
        if (branch := self.branch) is not None:
            branch.microscope.leave()
            branch.session.cursor = min(step, branch.session.tip)
            self.show()

    # About a number

    def action_audit(self) -> None:
        """Audit the picked parameter, or all, in the last backward pass up to here."""
        if self.branch is None or not self.can_replay():
            return
        asked = audit_of(self.branch.session, self.lesson, self.engine, self.picked, self.palette)
        if asked is None:
            self._warn("no backward pass up to here: there is no gradient to audit")
        else:
            self.app.push_screen(asked)

    def action_why(self) -> None:
        """Why the picked number is what it is; inside a statement, that of the operation."""
        branch = self.branch
        if branch is None or not self.can_replay():
            return
        session, microscope = branch.session, branch.microscope
        lens = self.lens if microscope.is_open else Lens()
        question = question_about(session, lens, microscope.shadow, self.picked)
        if question is None:
            self._warn("nothing has a value yet: → runs a statement")
            return
        place = session.cursor, microscope.place

        def close(step: int | None) -> None:
            if step is None:
                session.cursor, microscope.place = place
            self.show()

        self.app.push_screen(WhyScreen(self, microscope.shadow, question, self.palette), close)

    def action_change(self, forwards: bool) -> None:
        """To the next or the previous step that changed the picked value."""
        if (branch := self.branch) is None:
            return
        if (name := self.picked) is None:
            self._warn("pick a value first: 3, then j and k")
        elif forwards:
            branch.session.next_change(name)
        elif not branch.session.previous_change(name):
            self._warn(f"no step before this one changed {name}")
        self.show()

    # Branches

    def action_edit(self) -> None:
        """Fork the run here, with something changed."""
        branch = self.branch
        if branch is None or not self.can_replay():
            return
        session, lesson, launch = branch.session, self.lesson, branch.session.launch
        step, timeline = session.cursor, session.timeline
        offers = changes.offers(lesson, timeline, step, launch, self.picked)

        def read(text: str) -> Launch:
            return changes.change(text, step, lesson, timeline, launch)

        self.app.push_screen(EditScreen(step, offers, read, self.palette), self._fork)

    def _fork(self, launch: Launch | None) -> None:
        if launch is None or self.branches is None:
            return
        parent = self.branches.current
        parent.microscope.leave()
        parent.session.playing = False
        self.branches.fork(changes.name_of(launch, parent.session.launch), launch)
        self.show()

    def action_branches(self) -> None:
        """The runs: look at another one, rename or drop it."""
        if self.branches is not None:
            self.app.push_screen(BranchesScreen(self.branches, self.palette), self._switch)

    def _switch(self, branch: Branch | None) -> None:
        if branch is not None and self.branches is not None:
            self.branches.switch(branch)
        self.show()

    # Going somewhere

    def action_go(self) -> None:
        self.app.push_screen(GoScreen(), self.go_to)

    def go_to(self, place: Place | None) -> None:
        """Show a step or an iteration, running on to it where it is not recorded yet."""
        if place is None or self.branch is None:
            return
        session = self.branch.session
        if place.is_iteration:
            session.go_to_iteration(place.number)
        else:
            session.go_to_step(place.number)
        frame = session.moment.frame
        reached = frame and (frame.iteration if place.is_iteration else frame.step)
        if session.ended is not None and reached != place.number:
            self._warn(
                f"no {'iteration' if place.is_iteration else 'step'} {place.number} was recorded"
            )
        self.show()

    def _warn(self, text: str) -> None:
        self.notify(text, severity="warning")
