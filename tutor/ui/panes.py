"""Arrange the panes of a lesson: pass the view on, move the focus, zoom.

The style sheet `screens/lesson.tcss` decides which panes are shown, and where.
"""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.reactive import var
from textual.widget import Widget

from tutor.script.lesson import Lesson
from tutor.session.view import Needs, View
from tutor.ui.draw.text.palette import Palette
from tutor.ui.lifetime import is_live
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
"""The key of each pane, by its name."""

NAMES = tuple(KEYS)

_PICKED = "-picked"
"""Class of the pane that is shown with the source where only two fit, and of its column."""

_FEW = 3
"""With at most so many panes on the screen, `turn` goes through the hidden ones too."""

_PLOTS, _TWIN = "-plots", "-twin"
"""Classes for lessons that declare plots, and a twin."""

_INSIDE = "-inside"
"""Class while the learner is inside a statement."""


class Panes(Vertical):
    """All panes. Each is bound to the one reactive, `view`."""

    view: var[View] = var(View)

    def __init__(self, lesson: Lesson, palette: Palette) -> None:
        super().__init__(id="panes")
        self.lesson = lesson
        self.palette = palette
        self._focused_before: Widget | None = None
        """What had the focus before a pane without a place of its own was zoomed."""
        self._awaiting_layout: Panel | None = None
        """The pane that gets the focus when it has been laid out."""

    def compose(self) -> ComposeResult:
        def pane(kind: type[Panel]) -> Panel:
            return kind(KEYS[kind.name_of()], self.lesson, self.palette).data_bind(Panes.view)

        with Container(id="columns"):
            for column, kinds in _COLUMNS.items():
                with Vertical(id=column):
                    for kind in kinds:
                        yield pane(kind)
        yield pane(TimelinePanel)

    @property
    def output_size(self) -> tuple[int, int]:
        """Columns and lines of the output pane; where it has no place, as it would have alone."""
        size = self.query_one(OutputPanel).content_size or self.app.size - Size(2, 4)
        return max(1, size.width), max(1, size.height)

    def on_mount(self) -> None:
        has_prose = self.lesson.notes or any(cell.text for cell in self.lesson.cells)
        self.pick("notes" if has_prose else "tensors")
        self.set_class(bool(self.lesson.metadata.plots), _PLOTS)
        self.set_class(bool(self.lesson.metadata.twin), _TWIN)

    @property
    def focused_name(self) -> str:
        """The pane that has the focus, or is about to get it; the source if none has."""
        focused = self._awaiting_layout or self.screen.focused
        return focused.id or NAMES[0] if isinstance(focused, Panel) else NAMES[0]

    def pick(self, name: str) -> Panel:
        """Show this pane with the source where there is no room for all; return it."""
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
        """Focus this pane; if another one is zoomed, zoom this one instead."""
        panel = self.pick(name)
        if self.screen.maximized is not None:
            self.screen.minimize()
            self.screen.maximize(panel)
        if panel.is_on_screen:
            self._awaiting_layout = None
            self.screen.set_focus(panel)
        else:
            # A hidden pane is visible only after the layout. By then more keys may have arrived.
            self._awaiting_layout = panel
            self.call_after_refresh(self._focus_laid_out, panel)

    def _focus_laid_out(self, panel: Panel) -> None:
        """Focus a pane; zoom it if this arrangement has no place for it."""
        if panel is not self._awaiting_layout or not is_live(self):
            return
        self._awaiting_layout = None
        if not panel.is_on_screen:
            self._focused_before = self.screen.focused
            self.screen.maximize(panel)
        panel.focus()

    def enter_statement(self) -> None:
        """Focus the graph, which has keys of its own."""
        self._show_all("graph")

    def leave_statement(self) -> None:
        """Focus the source."""
        self._show_all(NAMES[0])

    def _show_all(self, name: str) -> None:
        """Show all panes, and focus one when they have been laid out."""
        self._focused_before = None
        if self.screen.maximized is not None:
            self.screen.minimize()
        self.call_after_refresh(self.query_one(f"#{name}", Panel).focus)

    def show_inside(self, is_inside: bool) -> None:
        """Arrange the panes for the inside of a statement, or for stepping."""
        self.set_class(is_inside, _INSIDE)

    @property
    def needs(self) -> Needs:
        """The data that the visible panes need."""
        is_inside_shown = any(
            self.query_one(kind).is_on_screen for kind in (GraphPanel, OperationsPanel)
        )
        plot = self.query_one(PlotPanel)
        return Needs(is_inside_shown, plot.plot if plot.is_on_screen else None, plot.grid)

    @property
    def picked(self) -> str | None:
        """The name of the value that the learner picked in the tensors pane; None if it is gone."""
        picked = self.query_one(TensorsPanel).selected
        return picked if picked in self.view.moment.values else None

    def turn(self, by: int) -> None:
        """Focus the pane after or before the focused one."""
        shown = [name for name in NAMES if self.query_one(f"#{name}", Panel).is_on_screen]
        # Where only two fit, go through all panes that have something to show.
        empty = {"plot": not self.lesson.metadata.plots, "twin": not self.lesson.metadata.twin}
        useful = [name for name in NAMES if not empty.get(name)]
        names = shown if len(shown) > _FEW else useful
        at = names.index(self.focused_name) if self.focused_name in names else 0
        self.turn_to(names[(at + by) % len(names)])

    def zoom(self) -> None:
        """Show the focused pane alone, or all panes again."""
        if self.screen.maximized is not None:
            self.unzoom()
        else:
            self.screen.maximize(self.pick(self.focused_name))

    def unzoom(self) -> None:
        """Show all panes again, and restore the focus."""
        self.screen.minimize()
        if self._focused_before is not None:
            self.call_after_refresh(self.screen.set_focus, self._focused_before)
            self._focused_before = None
