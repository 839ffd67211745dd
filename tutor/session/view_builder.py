"""Build what the panes show from the run that is shown and what surrounds it."""

from tutor.history.timeline import Moment
from tutor.insight.plots import PlotData
from tutor.session.branches import Branches
from tutor.session.inside_view import InsideView
from tutor.session.session import Session
from tutor.session.twin_run import Twin
from tutor.session.view import Ahead, Needs, RunView, View


class ViewBuilder:
    """Builds views of the runs of one script.

    Args:
        can_run: Whether there is an engine, or only a recording.
        twin: The twin's run, if the lesson has a twin.
        twin_problem: See `View`.
        unready: See `View`.
    """

    def __init__(
        self,
        branches: Branches,
        can_run: bool,
        twin: Twin | None,
        twin_problem: str,
        unready: str,
    ) -> None:
        self._branches = branches
        self._can_run = can_run
        self._twin = twin
        self._twin_problem = twin_problem
        self._unready = unready
        self._lens = InsideView()
        self._moment: Moment | None = None
        self._moment_of: tuple[object, ...] = ()

    def build(self, needs: Needs) -> View:
        """Return what the panes show now."""
        branch = self._branches.current
        others = tuple(
            RunView(one.mark, one.name, one.timeline, one.session.tip)
            for one in self._branches.all
            if one is not branch
        )
        plot, plot_note = self._plot(needs)
        return View(
            moment=self._current_moment(),
            ahead=_ahead(branch.session),
            lens=self._inside(needs.inside),
            name=branch.name if others else "",
            fork=branch.step,
            events=branch.events,
            others=others,
            parent=branch.parent_moment,
            parent_name=branch.parent.name if branch.parent else "",
            part=branch.query.answer,
            part_note=branch.query.failure or branch.query.progress,
            plot=plot,
            plot_note=plot_note,
            twin=self._twin,
            twin_problem=self._twin_problem,
            unready=self._unready,
        )

    def _current_moment(self) -> Moment:
        """Return the same moment while no value can have changed: panes compare by identity."""
        branch = self._branches.current
        key = (branch, branch.session.cursor, branch.session.version, branch.refill.count)
        if self._moment is None or key != self._moment_of:
            self._moment, self._moment_of = branch.session.moment, key
        return self._moment

    def _inside(self, is_seen: bool) -> InsideView:
        """Return the inside of the statement; the last one while no pane shows it."""
        branch = self._branches.current
        session, microscope = branch.session, branch.microscope
        is_seen = is_seen and not session.rushing
        microscope.attend(session, is_seen)
        if microscope.is_open or is_seen:
            self._lens = microscope.lens(session)
        return self._lens

    def _plot(self, needs: Needs) -> tuple[PlotData | None, str]:
        """Return the plot, and one line if it is not that of this step."""
        branch = self._branches.current
        session, plots = branch.session, branch.plots
        if needs.plot is None or not session.cursor:
            return None, ""
        if not self._can_run:
            return PlotData(0), "a recording runs nothing: only the trajectory is known"
        # While a fork is being made its values are still the parent's.
        if not session.rushing and not session.recorder.is_replaying:
            found = plots.picture(needs.plot, session.timeline, session.cursor, needs.grid)
            if found is not None:
                return found, ""
        latest = plots.latest(needs.plot)
        return latest, plots.progress or (f"as after step {latest.step:,}" if latest else "")


def _ahead(session: Session) -> Ahead:
    ended = session.ended
    failure = None if ended is None or ended.outcome == "finished" else ended
    is_failing = failure is not None and session.cursor == session.tip
    return Ahead(session.next_line, failure, is_failing)
