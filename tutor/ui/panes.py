"""All panes of a lesson. The style sheet decides what is shown where; here one is picked."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import var
from textual.widget import Widget

from tutor.lesson import Lesson
from tutor.timeline import Moment
from tutor.ui.draw.palette import Palette
from tutor.ui.panels.gradients import GradientsPanel
from tutor.ui.panels.loss import LossPanel
from tutor.ui.panels.notes import NotesPanel
from tutor.ui.panels.output import OutputPanel
from tutor.ui.panels.panel import Ahead, Panel
from tutor.ui.panels.source import SourcePanel
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.panels.timeline import TimelinePanel

_COLUMNS: dict[str, tuple[type[Panel], ...]] = {
    "left": (SourcePanel, NotesPanel),
    "middle": (TensorsPanel, GradientsPanel),
    "right": (LossPanel, OutputPanel),
}

NAMES = ("source", "notes", "tensors", "gradients", "loss", "output", "timeline")
"""The panes by their digits, from 1."""

_PICKED = "-picked"
"""The pane beside the source where there is room for two, and the column that it stands in."""


class Panes(Vertical):
    """Hands the moment on to every pane."""

    moment: var[Moment | None] = var(None)
    ahead: var[Ahead] = var(Ahead())

    def __init__(self, lesson: Lesson, palette: Palette) -> None:
        super().__init__(id="panes")
        self.lesson = lesson
        self.palette = palette

    def compose(self) -> ComposeResult:
        def pane(kind: type[Panel]) -> Panel:
            number = NAMES.index(kind.name_of()) + 1
            return kind(number, self.lesson, self.palette).data_bind(Panes.moment, Panes.ahead)

        with Container(id="columns"):
            for column, kinds in _COLUMNS.items():
                with Vertical(id=column):
                    for kind in kinds:
                        yield pane(kind)
        yield pane(TimelinePanel)

    def on_mount(self) -> None:
        told = self.lesson.notes or any(cell.text for cell in self.lesson.cells)
        self.pick("notes" if told else "tensors")

    @property
    def focused_name(self) -> str:
        """The pane that has the keyboard; the source where none has."""
        focused = self.screen.focused
        return focused.id or NAMES[0] if isinstance(focused, Panel) else NAMES[0]

    def pick(self, name: str) -> Panel:
        """Show this pane beside the source where there is no room for all."""
        panel = self.query_one(f"#{name}", Panel)
        if name != NAMES[0]:
            chosen: set[Widget] = {panel}
            if isinstance(panel.parent, Vertical) and panel.parent is not self:
                chosen.add(panel.parent)
            for widget in self.query(f".{_PICKED}"):
                widget.set_class(widget in chosen, _PICKED)
            for widget in chosen:
                widget.add_class(_PICKED)
        return panel

    def turn_to(self, name: str) -> None:
        """Give this pane the keyboard, and the whole screen if another one has it."""
        panel = self.pick(name)
        if panel.is_on_screen:
            self.screen.set_focus(panel)
        else:
            # A pane that was hidden until now takes the focus once it has been laid out.
            self.call_after_refresh(panel.focus)
        if self.screen.maximized is not None:
            self.screen.minimize()
            self.screen.maximize(panel)

    def turn(self, by: int) -> None:
        """Turn to the pane after or before the focused one."""
        self.turn_to(NAMES[(NAMES.index(self.focused_name) + by) % len(NAMES)])

    def zoom(self) -> None:
        """The focused pane alone, or all of them again."""
        if self.screen.maximized is not None:
            self.screen.minimize()
        else:
            self.screen.maximize(self.pick(self.focused_name))
