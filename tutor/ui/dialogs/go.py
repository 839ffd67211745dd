"""Ask where to go: a step, an iteration, or the first step where a condition holds."""

from typing import ClassVar

from textual.binding import Binding
from textual.content import Content

from tutor.insight import predicate
from tutor.insight.search import Condition, ConditionError
from tutor.session.navigation import Destination, parse
from tutor.ui.dialogs.typed import TypedDialog


class GoDialog(TypedDialog[Destination | Condition | None]):
    """A dialog that returns the place to go to; None to stay."""

    BINDINGS: ClassVar = [Binding("enter", "go", "go there")]
    BOX = "go"
    HINT = (
        "120 is a step, i20 an iteration, loss < 0.1 the first step where it holds. "
        "Steps that are not recorded yet are run."
    )
    MAX_LENGTH = predicate.MAX_LENGTH

    heading = "go to"

    def action_go(self) -> None:
        if not self.typed.strip():
            self.dismiss(None)
            return
        try:
            place = parse(self.typed)
        except ConditionError as error:
            self.why.update(Content(f"{error}."))
        else:
            self.dismiss(place)
