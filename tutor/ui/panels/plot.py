"""The plots that the lesson declares, one at a time: the values of the run as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.insight.plots import PlotData
from tutor.insight.trajectory import Trajectory
from tutor.script.declarations import Plot
from tutor.ui.draw.plots.plot import draw_plot, grid
from tutor.ui.draw.text.strips import line
from tutor.ui.panels.panel import Panel


class PlotPanel(Panel):
    """Shows the picture that it is handed; tells when it wants another one."""

    INTERVAL = 1 / 15

    BINDINGS: ClassVar = [
        Binding("j,down", "turn(1)", "next plot", show=False),
        Binding("k,up", "turn(-1)", "previous plot", show=False),
    ]

    picture: var[PlotData | None] = var(None)
    trajectories: Sequence[Trajectory] = ()
    """One for each run; that of the shown run comes last."""
    note = ""
    """What is said while the picture is of another step, or why there is none."""

    @dataclass
    class PictureWanted(Message):
        """Another plot is to be shown, or one of another size."""

    _number = 0

    @property
    def plot(self) -> Plot | None:
        """The plot that is shown."""
        plots = self.lesson.metadata.plots
        return plots[self._number % len(plots)] if plots else None

    @property
    def grid(self) -> tuple[int, int]:
        """How finely the plot is to be sampled."""
        plot = self.plot
        return grid(plot, *self.size) if plot else (1, 1)

    def watch_picture(self) -> None:
        self.draw_soon()

    def on_resize(self, event: object) -> None:
        self.post_message(self.PictureWanted())

    def on_show(self, event: object) -> None:
        self.post_message(self.PictureWanted())

    def action_turn(self, by: int) -> None:
        """Show another plot of the lesson."""
        self._number = (self._number + by) % max(1, len(self.lesson.metadata.plots))
        self.post_message(self.PictureWanted())

    def inputs(self, moment: Moment) -> object:
        # A run may come back to a place with as many steps behind it; and NaN equals nothing.
        ends = [
            (one.mark, one.name, *(axis[-1:].tobytes() for axis in path), len(path[0]))
            for one in self.trajectories
            if (path := one.coordinates)
        ]
        return self.plot, self.picture, ends, self.note

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        plot = self.plot
        if plot is None:
            told = "this script declares no plots: see [[tool.tutor.plot]] in “Write a lesson”"
            return [line(told, width, self.palette.muted)]
        if self.picture is None:
            return [line(self.note or "the plot comes when something has run", width,
                         self.palette.muted)]  # fmt: skip
        return draw_plot(plot, self.picture, self.trajectories, width, height, self.palette)

    def _tell(self, subtitle: str) -> None:
        count = len(self.lesson.metadata.plots)
        which = f"{self._number + 1} of {count}, j k" if count > 1 else ""
        super()._tell("  ".join(filter(None, (self.note, which))))
