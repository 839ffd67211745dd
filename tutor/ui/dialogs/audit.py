"""The audit of a gradient: autograd, finite differences and the closed form in one table."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message

from tutor.history.timeline import Timeline
from tutor.insight.audit import Checked
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.audit import AuditReplay, AuditTarget
from tutor.ui.dialogs.dialog import Dialog
from tutor.ui.draw.graph.audit import draw_audit
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import line
from tutor.ui.widgets.lines import Lines
from tutor.wire.messages import Launch


class AuditDialog(Dialog[None]):
    """A dialog with the audit of one backward pass, which a replay measures.

    Args:
        compare: Pairs of names that should agree.
    """

    BINDINGS: ClassVar = [
        Binding("escape,q,a,enter", "dismiss", "close"),
        Binding("j,down", "move(1)", "down", show=False),
        Binding("k,up", "move(-1)", "up", show=False),
    ]

    lines = query_one("#rows", Lines)

    class Reported(Message):
        """The replay measured something, or failed."""

    def __init__(
        self,
        engine: AnyEngine,
        launch: Launch,
        timeline: Timeline,
        audited: AuditTarget,
        compare: Sequence[tuple[str, str]],
        palette: Palette,
    ) -> None:
        super().__init__()
        self._timeline = timeline
        self._replay = AuditReplay(engine, launch, self._wake, audited, compare)
        self.palette = palette

    @property
    def checked(self) -> list[Checked]:
        """The audits; empty until they are measured."""
        return self._replay.checked

    def compose(self) -> ComposeResult:
        with Vertical(id="audit") as box:
            box.border_title = f"audit of step {self._replay.audited.step}"
            box.border_subtitle = "underlined: the digits that agree · escape closes"
            yield Lines(self.palette, "rows")

    def on_mount(self) -> None:
        self._replay.start(self._timeline)

    def on_unmount(self) -> None:
        self._replay.close()

    def _wake(self) -> None:
        """Called from the engine's reader thread."""
        self.post_message(self.Reported())

    def on_audit_dialog_reported(self) -> None:
        if self._replay.drain(self._timeline):
            self.show()

    def draw(self) -> None:
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
