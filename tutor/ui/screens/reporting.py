"""What the runs of a lesson tell: taken in as it comes, whichever of them is shown."""

from time import monotonic

from textual import on

from tutor.session.branches import Branch
from tutor.session.twin_run import MARK
from tutor.ui.draw.plots.loss import Curve
from tutor.ui.panels.loss import LossPanel
from tutor.ui.panels.plot import PlotPanel
from tutor.ui.panels.timeline import TimelinePanel
from tutor.ui.panels.twin import TwinPanel
from tutor.ui.pictures import show_plot
from tutor.ui.screens.branches import BranchesScreen
from tutor.ui.screens.events import EventsScreen
from tutor.ui.screens.travelling import Travelling
from tutor.ui.screens.why import WhyScreen
from tutor.ui.terminal.timers import later

_FRAME = 1 / 30
"""Seconds between two looks at a run that goes on by itself."""


class Reporting(Travelling):
    """Hands what was told to what keeps it, then shows it."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: set[Branch] = set()
        """The runs in whose steps there is more to look for events in."""

    @on(TwinPanel.Walked)
    def show_curves(self) -> None:
        """Bring the loss curves of the other runs up to date."""
        if self.branches is None:
            return
        panel = self.panes.query_one(LossPanel)
        current = self.branches.current
        panel.run_name = current.name if len(self.branches) > 1 else ""
        panel.others = tuple(
            Curve(one.mark, one.name, *one.timeline.losses(one.session.tip))
            for one in self.branches.all
            if one is not current
        )
        if (twin := self.panes.query_one(TwinPanel).twin) is not None:
            losses = twin.losses(current.timeline, current.session.cursor)
            panel.others = (*panel.others, Curve(MARK, twin.lesson.slug, *losses))
            panel.run_name = panel.run_name or self.lesson.slug
        if panel.others:
            panel.draw_soon()

    @on(PlotPanel.PictureWanted)
    def show_pictures(self) -> None:
        """Bring the plot pane up to date."""
        if self.branches is not None:
            show_plot(self.panes.query_one(PlotPanel), self.branches, self.engine.can_run)

    def _has(self, branch: Branch) -> bool:
        """Whether a run is still there: what it told may come after it was dropped."""
        return self.branches is not None and branch in self.branches.all

    def on_branch_reported(self, message: Branch.Reported) -> None:
        branch = message.branch
        wait = branch.drained_at + _FRAME - monotonic()
        if branch.session.rushing and wait > 0:
            later(self, wait, lambda: self._drain(branch))
        else:
            self._drain(branch)

    def on_branch_refilled(self, message: Branch.Refilled) -> None:
        if self._has(message.branch):
            message.branch.refill.drain(message.branch.timeline)
            self.show()

    def on_branch_proved(self, message: Branch.Proved) -> None:
        if self._has(message.branch):
            message.branch.prover.drain(message.branch.timeline)
            self.show()

    def on_branch_sampled(self, message: Branch.Sampled) -> None:
        if self._has(message.branch):
            message.branch.plotter.drain(message.branch.timeline)
            self.show_pictures()

    def on_branch_noted(self, message: Branch.Noted) -> None:
        if not self._has(message.branch):
            return
        message.branch.microscope.shadow.drain(message.branch.timeline)
        self.show()
        if isinstance(self.app.screen, WhyScreen | EventsScreen):
            self.app.screen.answer()

    def _drain(self, branch: Branch) -> None:
        if not self._has(branch):
            return
        branch.drained_at = monotonic()
        branch.session.drain()
        if branch.failure and self.branches is not None:
            self.branches.drop(branch)
            self.show()
            self.ask_again(branch)
        else:
            self._follow_events(branch)
        if isinstance(self.app.screen, BranchesScreen):
            self.app.screen.refresh_rows()
        if branch is not self.branch:
            self.show_curves()
        # Two paintings a step, one for its values and one for the line that is next, would be
        # twice the work and a flicker.
        elif branch.session.worker.settled:
            self.show()

    def _follow_events(self, branch: Branch) -> None:
        """Look for events in what was recorded, a slice at a time."""
        ended = branch.session.ended
        if ended is not None and ended.outcome == "raised":
            branch.events.fail(
                ended.message.replace(branch.session.launch.path, self.lesson.path.name)
            )
        if branch.events.advance() and branch not in self._followed:
            self._followed.add(branch)
            later(self, _FRAME, lambda: self._follow_on(branch))
        if branch is self.branch:
            self.panes.query_one(TimelinePanel).draw_soon()
            if isinstance(self.app.screen, EventsScreen):
                self.app.screen.answer()

    def _follow_on(self, branch: Branch) -> None:
        self._followed.discard(branch)
        if self._has(branch):
            self._follow_events(branch)
