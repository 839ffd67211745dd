"""Bring the plot pane up to date with the run that is shown."""

from tutor.insight.plots import PlotData
from tutor.insight.trajectory import Trajectory, coordinates
from tutor.script.declarations import Plot
from tutor.session.branches import Branch, Branches
from tutor.ui.panels.plot import PlotPanel

NOTHING_RUNS = "a recording runs nothing: only the trajectory is known"

_NOTHING = PlotData(0)


def show_plot(panel: PlotPanel, branches: Branches, can_run: bool) -> None:
    """Show the plot of this step with the trajectories of all runs; request it if it is not known.

    Args:
        can_run: Whether there is an engine to ask.
    """
    plot = panel.plot
    if plot is None or not panel.is_on_screen:
        return
    branch = branches.current
    others = [one for one in branches.all if one is not branch]
    panel.trajectories = (
        *(_trajectory(one, plot, one.mark, one.session.tip) for one in others),
        _trajectory(branch, plot, "", branch.session.cursor),
    )
    if can_run:
        panel.picture, panel.note = _picture(panel, plot, branch)
    else:
        panel.picture, panel.note = _NOTHING, NOTHING_RUNS
    panel.draw_soon()


def _trajectory(branch: Branch, plot: Plot, mark: str, step: int) -> Trajectory:
    return Trajectory(mark, branch.name, coordinates(branch.timeline, plot.at, step))


def _picture(panel: PlotPanel, plot: Plot, branch: Branch) -> tuple[PlotData | None, str]:
    """The picture, and what is to be said where it is not the one of this step."""
    session, plotter = branch.session, branch.plotter
    if not session.cursor:
        return None, ""
    found = None
    # While a fork is not made yet its values are still the parent's.
    if not session.rushing and not session.intake.is_replaying:
        found = plotter.picture(plot, branch.timeline, session.cursor, panel.grid)
    if found is not None:
        return found, ""
    latest = plotter.latest(plot)
    return latest, plotter.progress or (f"as after step {latest.step:,}" if latest else "")
