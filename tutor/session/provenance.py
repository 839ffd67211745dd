"""Explain a value by the operation that made it, then the inputs of that operation, and so on."""

from collections.abc import Sequence
from dataclasses import dataclass

from tutor.history.timeline import Timeline
from tutor.insight.explain import why
from tutor.insight.explain.explanation import Explanation, Origin
from tutor.schema.frame import GRAD
from tutor.session.inside_view import InsideView, StepOperations
from tutor.session.replays.operations import OperationsReplay
from tutor.session.session import Session


@dataclass(frozen=True, eq=False)
class ValueQuestion:
    """A value or a gradient, as it was after a step."""

    step: int
    name: str = ""
    """Its name in the script; "" for an intermediate result."""
    origin: Origin | None = None
    """The operation that made it; None if the name identifies it."""
    replay: int = 0
    """The number of the replay that the origin's id belongs to."""
    row: int | None = None
    """A row of the step, which says which of its backward passes is meant."""


def first_question(
    session: Session, lens: InsideView, replay: OperationsReplay, names: Sequence[str]
) -> ValueQuestion | None:
    """Return a question about the current operation, or else about the first of the names.

    Args:
        lens: The inside of the statement; without a current operation if the learner is outside.
        names: Values of the step, the most interesting first.

    Returns:
        None if there is neither.
    """
    if (current := lens.current) is not None:
        is_gradient = current.order is not None
        origin = Origin(current.id, "", None, is_gradient=is_gradient)
        return ValueQuestion(lens.step, "", origin, replay.number, lens.at)
    if not names:
        return None
    return ValueQuestion(session.timeline.changed_at(names[0], session.cursor), names[0])


class ExplanationTrail:
    """A trail of questions, each about an input of the value before it."""

    def __init__(self, timeline: Timeline, replay: OperationsReplay, first: ValueQuestion) -> None:
        self._timeline = timeline
        self._replay = replay
        self._trail = [first]
        self._interior = StepOperations()
        self._interior_of = (0, 0)
        """The step that was read, and the replay that noted it."""

    @property
    def question(self) -> ValueQuestion:
        """The question that is asked now."""
        return self._trail[-1]

    @property
    def version(self) -> object:
        """Changes when `explain` may return something else."""
        return self.question, self._replay.number

    def has_operations(self) -> bool:
        """Return whether the operations of the step are known; start a replay if they are not."""
        self._replay.attend(self._timeline, self.question.step)
        return self._replay.has(self.question.step)

    def explain(self) -> tuple[Explanation, str] | None:
        """Return what made the value, and for a gradient the whole chain rule in one formula.

        Returns:
            None if no operation of torch's made it.
        """
        lens = self._lens()
        origin = self._origin(lens)
        if origin is None:
            return None
        if origin.is_gradient:
            return lens.explain_gradient(origin.id, origin.number), _chain_rule(origin, lens)
        operations, labels = lens.operations, lens.labels
        return why.explain_value(origin.id, operations, labels, origin.number), ""

    def follow(self, origin: Origin) -> None:
        """Ask about an input of the value, at the step that made it."""
        self._trail.append(self._question_about(origin))

    def back(self) -> bool:
        """Return to the question before; False if this is the first."""
        if len(self._trail) == 1:
            return False
        self._trail.pop()
        return True

    def _question_about(self, origin: Origin) -> ValueQuestion:
        step, replay = self.question.step, self._replay
        if origin.is_gradient:
            return ValueQuestion(step, "", origin, replay.number, self.question.row)
        one = replay.known(step).get(origin.id)
        name = one.name if one is not None and one.kind in ("leaf", "data") else ""
        if name and (made := self._timeline.changed_at(name, step - 1)):
            return ValueQuestion(made, name)
        return ValueQuestion(replay.step_of(origin.id) or step, "", origin, replay.number)

    def _lens(self) -> InsideView:
        """Return the operations of the step; they are read once."""
        replay, step, name = self._replay, self.question.step, self.question.name
        if self._interior_of != (step, replay.number):
            self._interior_of = (step, replay.number)
            self._interior = StepOperations(replay.inside(step), replay.known(step), replay.labels)
        row = self.question.row
        if row is None and name.endswith(GRAD):
            row = _last_row_of(name.removesuffix(GRAD), self._interior)
        return InsideView(step, self._interior, row)

    def _origin(self, lens: InsideView) -> Origin | None:
        """Return the operation that made the value, among those of the step."""
        question = self.question
        if question.origin is not None and question.replay == self._replay.number:
            return question.origin
        name = question.name
        if name.endswith(GRAD):
            owner = name.removesuffix(GRAD)
            for one in lens.walked:
                its_name = one.name if one.kind == "leaf" else lens.labels.get(one.id)
                if its_name == owner and one.order is not None:
                    return Origin(one.id, name, None, is_gradient=True)
            return None
        inside = lens.interior.inside
        made = inside.made.get(name) if inside else None
        return Origin(made, name, None) if made else None


def _last_row_of(owner: str, interior: StepOperations) -> int | None:
    """Return the last row in which a backward pass reached the leaf or value of this name."""
    for row in range(len(interior.rows) - 1, -1, -1):
        one = interior.rows[row]
        name = one.name if one.kind == "leaf" else interior.labels.get(one.id)
        if one.order is not None and name == owner:
            return row
    return None


def _chain_rule(origin: Origin, lens: InsideView) -> str:
    """Return the chain rule from the root of the pass to a node, in one formula."""
    reached = [one for one in lens.walked if one.order is not None]
    if not reached:
        return ""
    root = min(reached, key=lambda one: one.order or 0)
    return why.gradient_formula(origin.id, root.id, lens.operations, lens.labels) or ""
