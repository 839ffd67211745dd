"""What the panes show: one moment of one run, with what surrounds it. Plain data."""

from dataclasses import dataclass, field

from tutor.history.timeline import Moment, Timeline
from tutor.insight.events.detect import Events
from tutor.insight.plots import PlotData
from tutor.script.declarations import Plot
from tutor.session.inside_view import InsideView
from tutor.session.replays.query import Answer
from tutor.session.twin_run import Twin
from tutor.wire.messages import Ended, Fetched


@dataclass(frozen=True)
class Ahead:
    """What comes after the moment that is shown."""

    line: int = 0
    """The statement that runs next, 0 if none does."""
    failure: Ended | None = None
    """How the run failed, if it did."""
    is_failing: bool = False
    """Whether that failure is what comes next."""


@dataclass(frozen=True, eq=False)
class RunView:
    """A run up to a step, as curves show it."""

    mark: str
    name: str
    timeline: Timeline
    step: int


@dataclass(frozen=True, eq=False)
class View:
    """Everything that the panes draw. Two views are never equal: the change test costs nothing."""

    moment: Moment = field(default_factory=lambda: Timeline().at(0))
    ahead: Ahead = Ahead()
    lens: InsideView = field(default_factory=InsideView)
    """The inside of the statement, while a pane shows it."""
    name: str = ""
    """What the run is called; "" while it is the only one."""
    fork: int = 0
    """The step after which the run was forked, 0 if it was not."""
    events: Events | None = None
    """The events of the run, as far as they were looked for."""
    others: tuple[RunView, ...] = ()
    """The other runs, to their newest step."""
    parent: Moment | None = None
    """The same step of the run that this one was forked from."""
    parent_name: str = ""
    part: Answer[Fetched] | None = None
    """The numbers that the tensors pane asked for."""
    part_note: str = ""
    """How far the replay for them is, or why there will be none."""
    plot: PlotData | None = None
    plot_note: str = ""
    """Why the plot is of another step, or why there is none."""
    twin: Twin | None = None
    twin_problem: str = ""
    """Why there is no twin, where the lesson names one."""
    unready: str = ""
    """Names the prerequisites that are not done yet; "" if none."""


@dataclass(frozen=True)
class Needs:
    """What the visible panes need beyond the moment: nothing is computed for hidden ones."""

    inside: bool = False
    """The operations of the statement."""
    plot: Plot | None = None
    grid: tuple[int, int] = (1, 1)
    """Columns and rows at which a plot is sampled."""
