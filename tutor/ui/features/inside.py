"""Step through the operations inside a statement."""

from typing import ClassVar

from tutor.ui.features.feature import Feature, Key


class InsideKeys(Feature):
    KEYS: ClassVar = (
        Key("i", "inside", "inside", "Into the operations of this statement"),
        Key("o", "outside", "out", "Out of the statement again"),
    )

    def action_inside(self) -> None:
        controller = self.controller
        if not controller.can_replay():
            return
        if problem := controller.microscope.enter(controller.session):
            self.screen.notify(problem, severity="warning")
        self.show()
        if controller.microscope.is_open:
            self.panes.enter_statement()

    def action_outside(self) -> None:
        self.controller.microscope.leave()
        self.show()
        self.panes.leave_statement()
