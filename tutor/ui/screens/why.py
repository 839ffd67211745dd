"""Why this number: what made it, with the numbers filled in, and on to what that was made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.getters import query_one

from tutor.insight.explain import why
from tutor.insight.explain.explanation import Explanation, Origin
from tutor.schema.frame import GRAD
from tutor.session.branch import Branch
from tutor.session.inside_view import Interior, Lens
from tutor.session.replays.operations import OperationsReplay
from tutor.session.session import Session
from tutor.ui.draw.graph.why import draw_why
from tutor.ui.draw.tensors.changes import by_interest
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import line
from tutor.ui.screens.dialog import LiveDialog
from tutor.ui.widgets.lines import Lines


@dataclass(frozen=True, eq=False)
class Question:
    """A value or a gradient, as it was after a step."""

    step: int
    name: str = ""
    """What the script calls it; "" for what an operation made in between."""
    origin: Origin | None = None
    """None: the name says it."""
    replay: int = 0
    """Which replay the origin's id belongs to."""
    at: int | None = None
    """The row of the step that is asked about: it tells which backward pass is meant."""


class WhyScreen(LiveDialog[int | None]):
    """Answers with the step to stay at; None to go back to where the learner was.

    Args:
        branch: The run that is asked about.
        source: The script.
        visit: Shows a step in the screen below.
    """

    BINDINGS: ClassVar = [
        Binding("enter", "follow", "follow"),
        Binding("backspace,left,h", "back", "back"),
        Binding("j,down", "pick(1)", "down"),
        Binding("k,up", "pick(-1)", "up"),
        Binding("o", "stay", "go there"),
        Binding("escape,q,w", "dismiss", "close"),
    ]

    lines = query_one("#rows", Lines)

    def __init__(
        self,
        branch: Branch,
        source: str,
        visit: Callable[[int], None],
        question: Question,
        palette: Palette,
    ) -> None:
        super().__init__()
        self._timeline = branch.timeline
        self._replay = branch.microscope.replay
        self._source = source.splitlines()
        self._visit = visit
        self.palette = palette
        self.trail = [question]
        self._picked = 0
        self.explained: Explanation | None = None
        self._read = (0, 0)
        self._interior = Interior()

    def compose(self) -> ComposeResult:
        with Vertical(id="why") as box:
            box.border_title = "why this number"
            box.border_subtitle = "enter follows · backspace goes back · o stays there · escape"
            yield Lines(self.palette, "rows")

    def on_mount(self) -> None:
        self.call_after_refresh(self.renew)

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self.renew)

    def renew(self) -> None:
        """Bring what is shown up to date: a replay may have brought what was missing."""
        question = self.trail[-1]
        width = self.lines.size.width
        self._replay.attend(self._timeline, question.step)
        if not self._replay.has(question.step):
            self.explained = None
            self.lines.show([line("replaying…", width, self.palette.warning)])
            return
        lens = self._lens(question)
        found = self._origin(question, lens)
        if found is None:
            self.explained = None
            told = self._told_plainly(question)
            self.lines.show([line(text, width, self.palette.text) for text in told])
            return
        self.explained = (
            lens.explain_gradient(found.id, found.number)
            if found.is_gradient
            else why.explain_value(found.id, lens.operations, lens.labels, found.number)
        )
        chain = _chain(found, lens)
        where = self._where(question.step)
        strips, at = draw_why(self.explained, chain, where, width, self.palette, self._picked)
        self.lines.show(strips, at)

    def _lens(self, question: Question) -> Lens:
        """The step of the question, read once."""
        replay, step = self._replay, question.step
        if self._read != (step, replay.number):
            self._read = (step, replay.number)
            self._interior = Interior(replay.inside(step), replay.known(step), replay.labels)
        at = question.at
        if at is None and question.name.endswith(GRAD):
            at = _row_of(question.name.removesuffix(GRAD), self._interior)
        return Lens(step, self._interior, at)

    def _origin(self, question: Question, lens: Lens) -> Origin | None:
        """What the question is about, among the operations of its step."""
        if question.origin is not None and question.replay == self._replay.number:
            return question.origin
        name = question.name
        if name.endswith(GRAD):
            owner = name.removesuffix(GRAD)
            for one in lens.walked:
                is_it = (
                    one.name == owner if one.kind == "leaf" else lens.labels.get(one.id) == owner
                )
                if is_it and one.order is not None:
                    return Origin(one.id, name, None, is_gradient=True)
            return None
        inside = lens.interior.inside
        made = inside.made.get(name) if inside else None
        return Origin(made, name, None) if made else None

    def _where(self, step: int) -> str:
        frame = self._timeline.frame(step) if step <= len(self._timeline) else None
        if frame is None:
            return ""
        return f"step {step}, line {frame.line}: {self._source[frame.line - 1].strip()}"

    def _told_plainly(self, question: Question) -> list[str]:
        """What is no operation of torch's: a number that Python made, a gradient that was set."""
        name = question.name or "this"
        return [self._where(question.step), f"{name} was made here by plain Python, which leaves "
                "no operation to look into"]  # fmt: skip

    # Keys

    def action_pick(self, by: int) -> None:
        rows = [row for row in self.explained.rows if row.leads_to] if self.explained else []
        self._picked = max(0, min(self._picked + by, len(rows) - 1))
        self.renew()

    def action_follow(self) -> None:
        """To the picked value or gradient, at the step that made it."""
        rows = [row for row in self.explained.rows if row.leads_to] if self.explained else []
        if not rows:
            return
        origin = rows[min(self._picked, len(rows) - 1)].leads_to
        assert origin is not None
        self.trail.append(self._question(origin))
        self._picked = 0
        self._visit(self.trail[-1].step)
        self.renew()

    def _question(self, origin: Origin) -> Question:
        """The same value, asked about at the step that made it."""
        step, timeline = self.trail[-1].step, self._timeline
        if origin.is_gradient:
            return Question(step, "", origin, self._replay.number, self.trail[-1].at)
        one = self._replay.known(step).get(origin.id)
        name = one.name if one is not None and one.kind in ("leaf", "data") else ""
        if name and (made := timeline.changed_at(name, step - 1)):
            return Question(made, name)
        made = self._replay.step_of(origin.id) or step
        return Question(made, "", origin, self._replay.number)

    def action_back(self) -> None:
        if len(self.trail) > 1:
            self.trail.pop()
            self._picked = 0
            self._visit(self.trail[-1].step)
            self.renew()

    def action_stay(self) -> None:
        self.dismiss(self.trail[-1].step)


def _row_of(owner: str, interior: Interior) -> int | None:
    """The last row in which a backward pass came to the leaf or value of this name."""
    labels = interior.labels
    for at in range(len(interior.rows) - 1, -1, -1):
        one = interior.rows[at]
        name = one.name if one.kind == "leaf" else labels.get(one.id)
        if one.order is not None and name == owner:
            return at
    return None


def _chain(origin: Origin, lens: Lens) -> str:
    """The chain rule from the root of the pass down to a leaf, in one formula."""
    walked = lens.walked
    if not origin.is_gradient or not walked:
        return ""
    root = min((one for one in walked if one.order is not None), key=lambda one: one.order or 0)
    return why.gradient_formula(origin.id, root.id, lens.operations, lens.labels) or ""


def question_about(
    session: Session, lens: Lens, replay: OperationsReplay, picked: str | None
) -> Question | None:
    """What the learner asks about: the operation they are at, else the value that they picked, else
    what this step was about, else the loss. None where there is no value at all.

    Args:
        lens: The inside of the statement; without an operation if the learner is outside.
    """
    if (current := lens.current) is not None:
        is_gradient = current.order is not None
        origin = Origin(current.id, "", None, is_gradient=is_gradient)
        return Question(lens.step, "", origin, replay.number, lens.at)
    moment = session.moment
    names = [picked] if picked else [*by_interest(moment), *reversed(moment.names())]
    return (
        Question(session.timeline.changed_at(names[0], session.cursor), names[0]) if names else None
    )
