"""All panes of a lesson. The style sheet decides what is shown where; here one is picked."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import var
from textual.widget import Widget

from tutor.script.lesson import Lesson
from tutor.session.view import Needs, View
from tutor.ui.draw.text.palette import Palette
from tutor.ui.panels.gradients import GradientsPanel
from tutor.ui.panels.graph import GraphPanel
from tutor.ui.panels.loss import LossPanel
from tutor.ui.panels.notes import NotesPanel
from tutor.ui.panels.operations import OperationsPanel
from tutor.ui.panels.output import OutputPanel
from tutor.ui.panels.panel import Panel
from tutor.ui.panels.plot import PlotPanel
from tutor.ui.panels.source import SourcePanel
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.panels.timeline import TimelinePanel
from tutor.ui.panels.twin import TwinPanel

_COLUMNS: dict[str, tuple[type[Panel], ...]] = {
    "left": (SourcePanel, NotesPanel, OperationsPanel),
    "middle": (TensorsPanel, GradientsPanel, TwinPanel),
    "right": (GraphPanel, PlotPanel, LossPanel, OutputPanel),
}

KEYS = {
    "source": "1", "notes": "2", "tensors": "3", "gradients": "4", "loss": "5", "output": "6",
    "timeline": "7", "graph": "8", "operations": "9", "plot": "0", "twin": "t",
}  # fmt: skip
"""The panes, and the key of each."""

NAMES = tuple(KEYS)

_PICKED = "-picked"
"""The pane beside the source where there is room for two, and the column that it stands in."""

_FEW = 3
"""Panes on the screen where there is no room for all."""

_PLOTS, _TWIN = "-plots", "-twin"
"""Where the lesson has something to show in these panes."""

_INSIDE = "-inside"
"""While the learner is inside a statement."""


class Panes(Vertical):
    """Hands the view on to every pane."""

    view: var[View] = var(View)

    def __init__(self, lesson: Lesson, palette: Palette) -> None:
        super().__init__(id="panes")
        self.lesson = lesson
        self.palette = palette
        self._left: Widget | None = None
        """What had the keyboard before a pane without a place got it."""
        self._turning: Panel | None = None
        """What gets the keyboard as soon as it has been laid out."""

    def compose(self) -> ComposeResult:
        def pane(kind: type[Panel]) -> Panel:
            return kind(KEYS[kind.name_of()], self.lesson, self.palette).data_bind(Panes.view)

        with Container(id="columns"):
            for column, kinds in _COLUMNS.items():
                with Vertical(id=column):
                    for kind in kinds:
                        yield pane(kind)
        yield pane(TimelinePanel)

    def on_mount(self) -> None:
        told = self.lesson.notes or any(cell.text for cell in self.lesson.cells)
        self.pick("notes" if told else "tensors")
        self.set_class(bool(self.lesson.metadata.plots), _PLOTS)
        self.set_class(bool(self.lesson.metadata.twin), _TWIN)

    @property
    def focused_name(self) -> str:
        """The pane that has the keyboard, or is about to; the source where none has."""
        focused = self._turning or self.screen.focused
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
        if self.screen.maximized is not None:
            self.screen.minimize()
            self.screen.maximize(panel)
        if panel.is_on_screen:
            self._turning = None
            self.screen.set_focus(panel)
        else:
            # A pane that was hidden until now can be seen once it has been laid out. Over a slow
            # link more keys may have come by then.
            self._turning = panel
            self.call_after_refresh(self._show, panel)

    def _show(self, panel: Panel) -> None:
        """A pane that has no place in this arrangement gets the screen for itself."""
        if panel is not self._turning:
            return
        self._turning = None
        if not panel.is_on_screen:
            self._left = self.screen.focused
            self.screen.maximize(panel)
        panel.focus()

    def enter(self) -> None:
        """The graph gets the keyboard: it has keys of its own."""
        self._arrange("graph")

    def leave(self) -> None:
        self._arrange(NAMES[0])

    def _arrange(self, name: str) -> None:
        self._left = None
        if self.screen.maximized is not None:
            self.screen.minimize()
        self.call_after_refresh(self.query_one(f"#{name}", Panel).focus)

    def look_inside(self, inside: bool) -> None:
        """Arrange the panes for walking inside a statement, or for stepping."""
        self.set_class(inside, _INSIDE)

    @property
    def needs(self) -> Needs:
        """What the panes on the screen need."""
        inside = any(self.query_one(kind).is_on_screen for kind in (GraphPanel, OperationsPanel))
        plot = self.query_one(PlotPanel)
        return Needs(inside, plot.plot if plot.is_on_screen else None, plot.grid)

    @property
    def picked(self) -> str | None:
        """The value that the learner picked in the tensors pane."""
        picked = self.query_one(TensorsPanel).selected
        return picked if picked in self.view.moment.names() else None

    def turn(self, by: int) -> None:
        """Turn to the pane after or before the focused one, among those that have a place here."""
        shown = [name for name in NAMES if self.query_one(f"#{name}", Panel).is_on_screen]
        # With the source and one more on the screen, turning picks that one.
        empty = {"plot": not self.lesson.metadata.plots, "twin": not self.lesson.metadata.twin}
        whole = [name for name in NAMES if not empty.get(name)]
        names = shown if len(shown) > _FEW else whole
        at = names.index(self.focused_name) if self.focused_name in names else 0
        self.turn_to(names[(at + by) % len(names)])

    def zoom(self) -> None:
        """The focused pane alone, or all of them again."""
        if self.screen.maximized is not None:
            self.unzoom()
        else:
            self.screen.maximize(self.pick(self.focused_name))

    def unzoom(self) -> None:
        """All of them again."""
        self.screen.minimize()
        if self._left is not None:
            self.call_after_refresh(self.screen.set_focus, self._left)
            self._left = None
