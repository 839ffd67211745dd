"""The plots that the lesson declares, one at a time."""

from typing import ClassVar

from textual.binding import Binding
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.insight.trajectory import Trajectory, coordinates
from tutor.script.declarations import Plot
from tutor.ui.draw.plots.plot import draw_plot, grid
from tutor.ui.draw.text.strips import line
from tutor.ui.panels.panel import Panel


class PlotPanel(Panel):
    """One plot, with the trajectory of every run."""

    INTERVAL = 1 / 15

    BINDINGS: ClassVar = [
        Binding("j,down", "turn(1)", "next plot", show=False),
        Binding("k,up", "turn(-1)", "previous plot", show=False),
    ]

    _number = 0

    @property
    def plot(self) -> Plot | None:
        """The declaration of the plot that is shown; None if the lesson has none."""
        plots = self.lesson.metadata.plots
        return plots[self._number % len(plots)] if plots else None

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows at which the plot is sampled."""
        plot = self.plot
        return grid(plot, *self.size) if plot else (1, 1)

    def on_resize(self, event: object) -> None:
        self.post_message(self.NeedsChanged())

    def on_show(self, event: object) -> None:
        self.post_message(self.NeedsChanged())

    def action_turn(self, by: int) -> None:
        """Show another plot of the lesson."""
        self._number = (self._number + by) % max(1, len(self.lesson.metadata.plots))
        self.post_message(self.NeedsChanged())

    def inputs(self, moment: Moment) -> object:
        # Bytes, because NaN is not equal to itself; and the length, because a run may return to a
        # point.
        ends = [
            (one.mark, one.name, *(axis[-1:].tobytes() for axis in path), len(path[0]))
            for one in self._trajectories(moment)
            if (path := one.coordinates)
        ]
        return self.plot, self.view.plot, ends, self.view.plot_note

    def _trajectories(self, moment: Moment) -> list[Trajectory]:
        """Return the trajectory of each run; that of the shown run is the last."""
        if self.plot is None:
            return []
        at = self.plot.at
        return [
            *(Trajectory(one.mark, one.name, coordinates(one.timeline, at, one.step))
              for one in self.view.others),
            Trajectory("", self.view.name, coordinates(moment.timeline, at, moment.step)),
        ]  # fmt: skip

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        plot = self.plot
        if plot is None:
            hint = "this script declares no plots: see [[tool.tutor.plot]] in “Write a lesson”"
            return [line(hint, width, self.palette.muted)]
        if self.view.plot is None:
            note = self.view.plot_note or "the plot comes when something has run"
            return [line(note, width, self.palette.muted)]
        trajectories = self._trajectories(moment)
        return draw_plot(plot, self.view.plot, trajectories, width, height, self.palette)

    def _show_subtitle(self, subtitle: str) -> None:
        count = len(self.lesson.metadata.plots)
        which = f"{self._number + 1} of {count}, j k" if count > 1 else ""
        super()._show_subtitle("  ".join(filter(None, (self.view.plot_note, which))))
