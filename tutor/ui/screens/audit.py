"""A gradient held against finite differences: a second run is replayed to its backward pass."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen

from tutor.history.timeline import Timeline
from tutor.insight import audit
from tutor.insight.audit import Checked
from tutor.schema.frame import GRAD
from tutor.script.lesson import Lesson
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.audit import AuditReplay
from tutor.session.session import Session
from tutor.ui.draw.graph.audit import draw_audit
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import line
from tutor.ui.widgets.lines import Lines
from tutor.wire.messages import Launch


class AuditScreen(ModalScreen[None]):
    """Shows the audit of one backward pass as soon as the replay has brought it.

    Args:
        names: The parameters to audit; none for every leaf that the pass reached.
        step: The step that ran the pass.
        compare: Pairs of names that should agree.
    """

    BINDINGS: ClassVar = [
        Binding("escape,q,a,enter", "dismiss", "close"),
        Binding("j,down", "move(1)", "down", show=False),
        Binding("k,up", "move(-1)", "up", show=False),
    ]

    lines = query_one("#rows", Lines)

    class Reported(Message):
        """The replay has something to tell."""

    def __init__(
        self,
        engine: AnyEngine,
        launch: Launch,
        timeline: Timeline,
        names: Sequence[str],
        step: int,
        compare: Sequence[tuple[str, str]],
        palette: Palette,
    ) -> None:
        super().__init__()
        self._timeline = timeline
        self._replay = AuditReplay(engine, launch, self._wake, names, step, compare)
        self.palette = palette

    @property
    def checked(self) -> list[Checked]:
        """The audits, as soon as they are measured."""
        return self._replay.checked

    def compose(self) -> ComposeResult:
        with Vertical(id="audit") as box:
            box.border_title = f"audit of step {self._replay.step}"
            box.border_subtitle = "underlined: the digits that agree · escape closes"
            yield Lines(self.palette, "rows")

    def on_mount(self) -> None:
        self._replay.start(self._timeline)

    def on_unmount(self) -> None:
        self._replay.close()

    def _wake(self) -> None:
        """Called from the engine's reader thread."""
        self.post_message(self.Reported())

    def on_audit_screen_reported(self) -> None:
        if self._replay.drain(self._timeline):
            self._draw()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.lines.size.width
        problem = self._replay.problem
        strips = [line(problem, width, self.palette.warning)] if problem else []
        for number, one in enumerate(self.checked):
            if number:
                strips.append(line("", width, self.palette.text))
            strips += draw_audit(one, width, self.palette)
        self.lines.show(strips)

    def action_move(self, by: int) -> None:
        self.lines.scroll_by(by)


def audit_of(
    session: Session, lesson: Lesson, engine: AnyEngine, picked: str | None, palette: Palette
) -> AuditScreen | None:
    """The audit of the last backward pass up to the learner's step; None if there was none.

    Args:
        picked: The value that the learner picked: it alone is audited if it wants a gradient.
    """
    owner = picked.removesuffix(GRAD) if picked else ""
    view = session.moment.view(owner)
    name = owner if view is not None and view.requires_grad else None
    steps = audit.backward_steps(session.timeline, name)
    past = [step for step in steps if step <= session.cursor]
    if not past:
        return None
    names = [name] if name else audit.changed_gradients(session.timeline, past[-1])
    launch, timeline = session.launch, session.timeline
    return AuditScreen(
        engine, launch, timeline, names, past[-1], lesson.metadata.closed_forms, palette
    )
