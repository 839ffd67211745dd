"""Why this number: the operation that made it, with the numbers filled in, and its inputs."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.getters import query_one

from tutor.history.timeline import Timeline
from tutor.insight.explain.explanation import Explanation, Row
from tutor.script.lines import lines_of
from tutor.session.provenance import ExplanationTrail
from tutor.ui.dialogs.dialog import LiveDialog
from tutor.ui.draw.graph.why import draw_why
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import line
from tutor.ui.widgets.lines import Lines


class WhyDialog(LiveDialog[int | None]):
    """A dialog that returns the step to stay at; None to go back to where the learner was.

    Args:
        timeline: The run that is asked about.
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
        provenance: ExplanationTrail,
        timeline: Timeline,
        source: str,
        visit: Callable[[int], None],
        palette: Palette,
    ) -> None:
        super().__init__()
        self._provenance = provenance
        self._timeline = timeline
        self._source = lines_of(source)
        self._visit = visit
        self.palette = palette
        self._picked = 0
        self._drawn: object = None
        self.explained: Explanation | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="why") as box:
            box.border_title = "why this number"
            box.border_subtitle = "enter follows · backspace goes back · o stays there · escape"
            yield Lines(self.palette, "rows")

    def draw(self) -> None:
        """Redraw if a replay has noted the operations of the step, or the learner moved."""
        width = self.lines.size.width
        is_known = self._provenance.has_operations()
        drawn = (self._provenance.version, is_known, self._picked, width)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.explained = None
        if not is_known:
            self.lines.show([line("replaying…", width, self.palette.warning)])
            return
        where = self._where()
        found = self._provenance.explain()
        if found is None:
            name = self._provenance.question.name or "this"
            cause = f"{name} was made here by plain Python: there is no operation to look into"
            self.lines.show([line(text, width, self.palette.text) for text in (where, cause)])
            return
        self.explained, chain_rule = found
        strips, at = draw_why(self.explained, chain_rule, where, width, self.palette, self._picked)
        self.lines.show(strips, at)

    def _where(self) -> str:
        """Return the step and the statement that the question is about."""
        step = self._provenance.question.step
        frame = self._timeline.frame(step) if step <= len(self._timeline) else None
        if frame is None:
            return ""
        return f"step {step}, line {frame.line}: {self._source[frame.line - 1].strip()}"

    @property
    def _rows(self) -> list[Row]:
        """The rows that can be followed."""
        return [row for row in self.explained.rows if row.leads_to] if self.explained else []

    # Keys

    def action_pick(self, by: int) -> None:
        self._picked = max(0, min(self._picked + by, len(self._rows) - 1))
        self.show()

    def action_follow(self) -> None:
        """Explain the picked value or gradient, at the step that made it."""
        if rows := self._rows:
            origin = rows[min(self._picked, len(rows) - 1)].leads_to
            assert origin is not None
            self._provenance.follow(origin)
            self._show_question()

    def action_back(self) -> None:
        if self._provenance.back():
            self._show_question()

    def _show_question(self) -> None:
        self._picked = 0
        self._visit(self._provenance.question.step)
        self.show()

    def action_stay(self) -> None:
        self.dismiss(self._provenance.question.step)
