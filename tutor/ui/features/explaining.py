"""Explain a number, and audit a gradient."""

from typing import ClassVar

from tutor.session.inside_view import Lens
from tutor.ui.features.feature import Feature, Key
from tutor.ui.screens.audit import audit_of
from tutor.ui.screens.why import WhyScreen, question_about


class Explaining(Feature):
    KEYS: ClassVar = (
        Key("w", "why", "why", "Why this number: what made it"),
        Key("a", "audit", "audit", "Hold a gradient against finite differences"),
    )

    def action_why(self) -> None:
        """Explain the picked number; inside a statement, that of the operation."""
        controller = self.controller
        if not controller.can_replay():
            return
        branch, session, microscope = controller.branch, controller.session, controller.microscope
        lens = microscope.lens(session) if microscope.is_open else Lens()
        question = question_about(session, lens, microscope.replay, self.panes.picked)
        if question is None:
            controller.warn("nothing has a value yet: → runs a statement")
            return
        place = session.cursor, microscope.place

        def close(step: int | None) -> None:
            if step is None:
                session.cursor, microscope.place = place
            self.show()

        screen = WhyScreen(branch, controller.lesson.source, controller.visit, question,
                           self.palette)  # fmt: skip
        self.screen.app.push_screen(screen, close)

    def action_audit(self) -> None:
        """Audit the picked parameter, or all, in the last backward pass up to here."""
        controller = self.controller
        if not controller.can_replay():
            return
        screen = audit_of(controller.session, controller.lesson, controller.engine,
                          self.panes.picked, self.palette)  # fmt: skip
        if screen is None:
            controller.warn("no backward pass up to here: there is no gradient to audit")
        else:
            self.screen.app.push_screen(screen)
