"""Drive all runs of one script for the lesson screen: move, fork, search, replay.

The screen calls it for each key, and shows the `View` that its `views` build.
"""

from collections.abc import Callable

from tutor.course import progress
from tutor.history.budget import Budget
from tutor.history.recording.tree import Recording
from tutor.history.timeline import Divergence, Timeline
from tutor.insight.events.kinds import Kind, RunEvent
from tutor.insight.search import Condition
from tutor.script.lesson import Lesson
from tutor.session import navigation
from tutor.session.archive import NOTHING, Archive, restored
from tutor.session.branch import Branch
from tutor.session.branches import MARKS, Branches
from tutor.session.forking import Forking
from tutor.session.interfaces import AnyEngine, Debounce, Later
from tutor.session.launch import prepare
from tutor.session.microscope import Microscope
from tutor.session.reports import Reports, Source
from tutor.session.request import Request
from tutor.session.session import Activity, Session
from tutor.session.twin_run import Twin, start_twin
from tutor.session.view_builder import ViewBuilder
from tutor.wire.messages import Fetch, Launch


class Controller:
    """The runs of one script, from the first launch to the end.

    Args:
        unfinished: The runs to go on with; None to begin anew.
        report: Called from any thread when a run has something: hand it to `reports.hear` in the
            caller's thread.
        later: Calls back in the caller's thread.
        refresh: Redraws the screen.

    Raises:
        BadRequest: a setting of the request fits no knob of the script.
    """

    def __init__(
        self,
        lesson: Lesson,
        engine: AnyEngine,
        request: Request,
        unfinished: Recording | None,
        report: Callable[[Source], None],
        later: Later,
        refresh: Callable[[], None],
    ) -> None:
        self.lesson = lesson
        self.engine = engine
        self._report = report
        self._later = later
        self._refresh = refresh
        self.hidden_events: set[Kind] = set()
        """The kinds of events that the learner does not want to see."""
        self.saved: dict[Branch, int] = {}
        """The runs that are in a file, and with how many steps."""
        self.finder = navigation.Finder(later, self.warn, refresh)
        self.twin: Twin | None = None
        twin_problem = unready = ""
        self._remark = 0, ""
        self._part = Debounce(later)
        if isinstance(engine, Archive):
            self.branches = engine.branches(self._branch)
            if lesson.metadata.twin:
                twin_problem = "a recording has no twin: open the lesson to run both"
        else:
            self.branches = (
                self._first_run(request)
                if unfinished is None
                else restored(unfinished, self._branch)
            )
            budget = self.branches.current.timeline.budget
            self.twin, twin_problem = start_twin(lesson, engine, request, budget, report)
            unready = progress.unready(lesson)
        self.reports = Reports(self.branches, lesson.path.name, later, refresh)
        self.forking = Forking(lesson, self.branches)
        self.views = ViewBuilder(self.branches, engine.can_run, self.twin, twin_problem, unready)

    # Launching

    def _first_run(self, request: Request) -> Branches:
        lesson = self.lesson
        cells = [cell.first for cell in lesson.cells if cell.kind == "code"]
        launch = prepare(lesson, str(lesson.path), request, self.engine.detected)
        timeline = Timeline(cells, Budget(request.memory))
        return Branches(self._branch("main", MARKS[0], launch, timeline), self._branch)

    def _branch(
        self,
        name: str,
        mark: str,
        launch: Launch,
        timeline: Timeline,
        parent: Branch | None = None,
        step: int = 0,
    ) -> Branch:
        return Branch(
            name, mark, self.engine, launch, timeline, self._report, self._later, parent, step
        )

    def close(self) -> None:
        """End all processes."""
        self.branches.close()
        if self.twin is not None:
            self.twin.close()

    # The run that is shown

    @property
    def branch(self) -> Branch:
        return self.branches.current

    @property
    def session(self) -> Session:
        return self.branch.session

    @property
    def microscope(self) -> Microscope:
        return self.branch.microscope

    @property
    def timeline(self) -> Timeline:
        return self.branch.timeline

    @property
    def is_restored(self) -> bool:
        """Whether every run has come to its last recorded step again."""
        return all(one.session.recorder.has_caught_up for one in self.branches.all)

    @property
    def has_unsaved_steps(self) -> bool:
        """Whether something is recorded that is in no file."""
        if not self.engine.can_run:
            return False
        return any(one.session.tip > self.saved.get(one, 0) for one in self.branches.all)

    @property
    def unsaved_forks(self) -> list[Branch]:
        """The forks that are in no file, or with fewer steps."""
        forks = (one for one in self.branches.all if one.parent is not None)
        return [one for one in forks if self.saved.get(one) != one.session.tip]

    # Moving

    def move(self, what: str) -> None:
        """Let the microscope, if it is open, or the session do what its method `what` does."""
        self.finder.stop()
        if not self.microscope.move(self.session, what):
            getattr(self.session, what)()

    def visit(self, step: int) -> None:
        """Show a recorded step, from outside the statement."""
        self.finder.stop()
        self.microscope.leave()
        self.session.cursor = min(step, self.session.tip)
        self._refresh()

    def go_to(self, place: navigation.Destination | Condition) -> None:
        """Go to a step, an iteration, or where a condition first holds; run on if need be."""
        self.finder.stop()
        if isinstance(place, Condition):
            self.finder.find(place, self.session)
        elif problem := navigation.go_to(self.session, place):
            self.warn(problem)
        else:
            self._refresh()

    def next_event(self) -> RunEvent | None:
        """Go to the next event of the kinds that are not hidden; None if none is recorded."""
        self.finder.stop()
        shown = [kind for kind in Kind if kind not in self.hidden_events]
        event = self.branch.events.next(self.session.cursor, shown)
        if event is not None:
            self.session.go_to_step(event.step)
        return event

    def switch(self, branch: Branch) -> None:
        """Show another run."""
        self.finder.stop()
        self.branches.switch(branch)
        self._refresh()

    def go_to_change(self, name: str, forwards: bool) -> None:
        """Go to the next step that changes a value, running on until one does, or to the last."""
        self.finder.stop()
        if forwards:
            self.session.next_change(name, lambda: self.warn(f"{name} does not change again"))
        elif not self.session.previous_change(name):
            self.warn(f"no step before this one changed {name}")
        self._refresh()

    def fork(self, branch: Branch, step: int, text: str, launch: Launch) -> None:
        """Fork a run and show the fork; see `Forking.fork`. Warn if the run was dropped."""
        self.finder.stop()
        if branch not in self.branches.all:
            self.warn(f"{branch.name} was dropped: nothing forked")
            return
        self.forking.fork(branch, step, text, launch)
        self._refresh()

    def attend(self) -> None:
        """Start the replays that the step which is shown needs."""
        branch, session = self.branch, self.session
        rests = session.activity in (Activity.WAITING, Activity.PAUSED, Activity.ENDED)
        branch.refill.attend(session.timeline, session.cursor, rests)
        branch.divergence.attend(session.timeline)

    # Telling the learner

    def warn(self, text: str) -> None:
        """Show one line in the status, until the learner goes to another step."""
        self._remark = self.session.cursor, text
        self._refresh()

    def can_replay(self) -> bool:
        """Return whether the script can be run again; warn if it cannot."""
        if not self.engine.can_run:
            self.warn(NOTHING)
        return self.engine.can_run

    @property
    def notice(self) -> str:
        """What the status line says in place of what the run is doing; "" for nothing."""
        refill, (step, remark) = self.branch.refill, self._remark
        notice = refill.progress or refill.failure
        return notice or (remark if step == self.session.cursor else "")

    def new_divergence(self) -> Divergence | None:
        """Return, once, what keeps the run from being replayed exactly."""
        branch = self.branch
        divergence = branch.timeline.divergence
        if divergence is None or divergence == branch.reported or branch.divergence.is_running:
            return None
        branch.reported = divergence
        return divergence

    # Parts of large values

    def want_part(self, step: int, fetch: Fetch) -> None:
        """Fetch a part of a value with a replay, once the cursor has rested."""
        self._part(lambda: self._fetch(step, fetch))

    def forget_part(self) -> None:
        """The part is no longer in view."""
        self._part.cancel()

    def _fetch(self, step: int, fetch: Fetch) -> None:
        self.branch.query.ask(step, fetch)
        self._refresh()
