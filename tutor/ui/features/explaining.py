"""Explain a number, and audit a gradient."""

from typing import ClassVar

from tutor.session.inside_view import InsideView
from tutor.session.provenance import ExplanationTrail, first_question
from tutor.session.replays.audit import last_backward_pass
from tutor.ui.dialogs.audit import AuditDialog
from tutor.ui.dialogs.why import WhyDialog
from tutor.ui.draw.tensors.changes import by_interest
from tutor.ui.features.feature import Feature, Key


class Explaining(Feature):
    KEYS: ClassVar = (
        Key("w", "why", "why", "Explain a number: what computed it"),
        Key("a", "audit", "audit", "Check a gradient against finite differences"),
    )

    def action_why(self) -> None:
        """Explain the picked number; inside a statement, that of the current operation."""
        controller, panes = self.controller, self.panes
        if not controller.can_replay():
            return
        session, microscope = controller.session, controller.microscope
        lens = microscope.lens(session) if microscope.is_open else InsideView()
        moment = session.moment
        names = [panes.picked] if panes.picked else [*by_interest(moment), *[*moment.values][::-1]]
        question = first_question(session, lens, microscope.replay, names)
        if question is None:
            controller.warn("nothing has a value yet: → runs a statement")
            return
        place = session.cursor, microscope.place

        def close(step: int | None) -> None:
            if step is None:
                session.cursor, microscope.place = place
            self.show()

        provenance = ExplanationTrail(session.timeline, microscope.replay, question)
        dialog = WhyDialog(provenance, session.timeline, controller.lesson.source,
                           controller.visit, self.palette)  # fmt: skip
        self.open(dialog, close)

    def action_audit(self) -> None:
        """Audit the picked parameter, or all of them, in the last backward pass up to here."""
        controller, session = self.controller, self.controller.session
        if not controller.can_replay():
            return
        audited = last_backward_pass(session, self.panes.picked)
        if audited is None:
            controller.warn("no backward pass up to here: there is no gradient to audit")
            return
        compare = controller.lesson.metadata.closed_forms
        dialog = AuditDialog(controller.engine, session.launch, session.timeline, audited, compare,
                             self.palette)  # fmt: skip
        self.open(dialog)
