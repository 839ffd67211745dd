"""The keys of a lesson that ask about a number: each opens a dialog, or tells why it cannot."""

from typing import TYPE_CHECKING

from textual.screen import Screen

from tutor.history.timeline import Timeline
from tutor.session.archive import NOTHING
from tutor.session.branches import Branch, Branches
from tutor.session.engine_protocol import AnyEngine
from tutor.session.inside_view import Lens
from tutor.ui.draw.text.palette import Palette
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.screens.audit import audit_of
from tutor.ui.screens.why import WhyScreen, question_about

if TYPE_CHECKING:
    from tutor.script.lesson import Lesson
    from tutor.ui.panes import Panes


class Asking(Screen[None]):
    """What a lesson's screen asks of the learner, and what they ask of it."""

    branches: Branches | None
    engine: AnyEngine
    lesson: "Lesson"
    lens: Lens
    palette: Palette
    panes: "Panes"

    def __init__(self) -> None:
        super().__init__()
        self.remark = 0, ""
        """What is to be said of a step, as long as the learner stays there."""

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
        """Whether the script can be run again; tells so where it cannot."""
        if not self.engine.can_run:
            self.warn(NOTHING)
        return self.engine.can_run

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
            self.warn("no backward pass up to here: there is no gradient to audit")
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
            self.warn("nothing has a value yet: → runs a statement")
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
            self.warn("pick a value first: 3, then j and k")
        elif forwards:
            branch.session.next_change(name, lambda: self.warn(f"{name} does not change again"))
        elif not branch.session.previous_change(name):
            self.warn(f"no step before this one changed {name}")
        self.show()

    def warn(self, text: str) -> None:
        """Say it in the status line, until the learner goes elsewhere."""
        if self.branch is not None:
            self.remark = self.branch.session.cursor, text
        self.show()
