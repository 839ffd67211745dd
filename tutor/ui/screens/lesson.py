"""A script on the screen: the clock of a play, and what the panes show. `Asking` and `Travelling`
have the keys that open something over it, `Reporting` hears what the runs tell."""

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one
from textual.reactive import var
from textual.timer import Timer

from tutor.course import progress
from tutor.history.budget import Budget
from tutor.history.timeline import Moment, Timeline
from tutor.script.lesson import Lesson
from tutor.session.archive import Archive
from tutor.session.branches import MARKS, Branch, Branches
from tutor.session.engine_protocol import AnyEngine
from tutor.session.inside_view import Lens
from tutor.session.launch import prepare
from tutor.session.microscope import Microscope
from tutor.session.request import Request
from tutor.session.session import Doing, Session
from tutor.ui import keymap
from tutor.ui.draw.graph.operations import counted
from tutor.ui.draw.text.palette import Palette
from tutor.ui.paging import Wanted
from tutor.ui.panels.lens_panel import LensPanel
from tutor.ui.panels.notes import NotesPanel
from tutor.ui.panels.panel import Ahead
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.panels.timeline import TimelinePanel
from tutor.ui.panels.twin import TwinPanel
from tutor.ui.panes import Panes
from tutor.ui.screens.go import Place
from tutor.ui.screens.menu import LessonChosen
from tutor.ui.screens.reporting import Reporting
from tutor.ui.watched import Watched
from tutor.ui.widgets.keys import KeyLine
from tutor.ui.widgets.small import TooSmall
from tutor.ui.widgets.status import StatusLine, describe
from tutor.wire.messages import Fetch, Launch

if TYPE_CHECKING:
    from tutor.ui.app import TutorApp

_SECONDS = 0.25
"""Seconds between two updates of how long a statement has been running."""

_REST = 0.1
"""Seconds that the learner stays at a step before a replay brings what they look at there."""


class LessonScreen(Reporting):
    """Holds the moment that all panes show."""

    # Parsed when the first lesson is opened: the menu does not wait for it.
    CSS_PATH = "lesson.tcss"
    BINDINGS: ClassVar = keymap.BINDINGS
    ALLOW_IN_MAXIMIZED_VIEW = "StatusLine, KeyLine, TooSmall"
    AUTO_FOCUS = "#source"
    ESCAPE_TO_MINIMIZE = False  # the panes do that, and give the keyboard back

    moment: var[Moment | None] = var(None)
    ahead: var[Ahead] = var(Ahead())
    lens: var[Lens] = var(Lens())

    app: "TutorApp"
    panes = query_one(Panes)
    status = query_one(StatusLine)
    keys = query_one(KeyLine)

    def __init__(
        self,
        lesson: Lesson,
        engine: AnyEngine,
        request: Request,
        palette: Palette,
        target: Path | None = None,
    ) -> None:
        super().__init__()
        self.target = target or lesson.path
        """What is opened again: the script, or the recording of one."""
        self.lesson = lesson
        self.engine = engine
        self.request = request
        self.palette = palette
        self.branches: Branches | None = None
        self._file = Watched(self.target)
        self._player: Timer | None = None
        self._clock: Timer | None = None
        self._resting: Timer | None = None
        self._is_noted = False
        self._warned = ""
        """The key that would drop branches, once that was told."""
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Panes(self.lesson, self.palette).data_bind(
            LessonScreen.moment, LessonScreen.ahead, LessonScreen.lens
        )
        yield StatusLine(self.palette)
        yield KeyLine(self.palette)
        yield TooSmall()

    def on_mount(self) -> None:
        self.moment = Timeline().at(0)
        # A lesson runs on the device that the engine is still looking for.
        self.watch(self.app, "device", self._launch)
        self.watch(self.app, "failure", self._launch)

    def on_descendant_focus(self) -> None:
        # Each pane has keys of its own.
        self.keys.refresh()

    def on_unmount(self) -> None:
        if self.branches is not None:
            self.branches.close()

    # Running

    def _launch(self) -> None:
        engine = self.engine
        if engine.failure:
            self.status.show([(f" {engine.failure} ", self.palette.error)])
        elif engine.device is None and self.lesson.metadata.is_lesson and not self.request.device:
            self.status.show([(" starting the engine…", self.palette.warning)])
            self.keys.show(keymap.STARTING)
        elif self.branches is None and isinstance(engine, Archive):
            self.branches = engine.branches(self._branch)
            self.show()
        elif self.branches is None:
            cells = [cell.first for cell in self.lesson.cells if cell.kind == "code"]
            launch = prepare(self.lesson, str(self.lesson.path), self.request, engine.detected)
            timeline = Timeline(cells, Budget(self.request.memory))
            self.branches = Branches(self._branch("main", MARKS[0], launch, timeline), self._branch)
            self.panes.query_one(TwinPanel).begin(engine, self.request, timeline.budget)
            self.panes.query_one(NotesPanel).unready = progress.unready(self.lesson)
            self.show()

    def _note_end(self, session: Session) -> None:
        """A lesson is done when the learner has seen its last step."""
        if not (session.is_over and self.engine.can_run) or self._is_noted:
            return
        self._is_noted = True
        # Another program may hold the file for a while.
        Thread(target=self._mark_done, daemon=True).start()

    def _mark_done(self) -> None:
        try:
            progress.mark(self.lesson)
        except OSError as error:
            told = f"{progress.location()}: {error.strerror}"
            self.app.call_from_thread(self.notify, told, title="Progress is not kept")

    def _branch(
        self,
        name: str,
        mark: str,
        launch: Launch,
        timeline: Timeline,
        parent: Branch | None = None,
        step: int = 0,
    ) -> Branch:
        post, later = self.post_message, self.set_timer
        return Branch(name, mark, self.engine, launch, timeline, post, later, parent, step)

    # Showing

    def show(self) -> None:
        """Bring everything on the screen up to date with the run that is shown."""
        branch = self.branch
        if branch is None:
            return
        session = branch.session
        # A new moment makes every pane look at its values: there is one only where they may differ.
        names = [one.name for one in self.branches.all] if self.branches else []
        shown = (branch, session.cursor, session.news, branch.refill.count, names)
        if shown != self._shown:
            self._shown = shown
            self._show_beside(branch)
            self.moment = session.moment
        ended = session.ended
        failure = None if ended is None or ended.outcome == "finished" else ended
        is_failing = failure is not None and session.cursor == session.tip
        self.ahead = Ahead(session.next_line, failure, is_failing)
        self._show_inside(branch)
        self.show_pictures()
        self._show_status(branch)
        self._keep_playing(session)
        self._note_end(session)
        rests = session.doing in (Doing.WAITING, Doing.PAUSED, Doing.ENDED)
        branch.refill.attend(session.timeline, session.cursor, rests)
        branch.prover.attend(session.timeline)
        self._tell_doubt(branch)

    def _tell_doubt(self, branch: Branch) -> None:
        """Tell once what keeps a run from being replayed exactly, as soon as that is known."""
        doubt = branch.timeline.doubt
        if doubt is None or doubt == branch.told or branch.prover.is_running:
            return
        branch.told = doubt
        self.panes.query_one(TimelinePanel).draw_soon()
        where = f"approximate from step {doubt.step:,} on"
        self.notify(doubt.reason, title=where, severity="warning", timeout=8)

    @on(TensorsPanel.PartWanted)
    def _rest_for_part(self, asked: TensorsPanel.PartWanted) -> None:
        """A replay begins where the learner rests, not at each step that they pass."""
        self._forget_part()
        self._resting = self.set_timer(_REST, lambda: self._bring_part(asked.wanted))

    @on(TensorsPanel.PartUnwanted)
    def _forget_part(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    def _bring_part(self, wanted: Wanted) -> None:
        if (branch := self.branch) is not None:
            fetch = Fetch(wanted.name, wanted.index, wanted.rows, wanted.cols)
            branch.pager.want(wanted.step, fetch)
            self._show_part(branch)
            self._show_status(branch)

    def on_branch_paged(self, message: Branch.Paged) -> None:
        if message.branch is self.branch:
            message.branch.pager.drain(message.branch.timeline)
            self._show_part(message.branch)

    def _show_part(self, branch: Branch) -> None:
        """Hand the pane the numbers that it asked for, or why they are not there yet."""
        panel, pager = self.panes.query_one(TensorsPanel), branch.pager
        if pager.answer is not None:
            panel.part = pager.answer
        note = pager.failure or pager.progress
        if panel.part_note != note:
            panel.part_note = note

    def _show_beside(self, branch: Branch) -> None:
        """Tell the panes of the other runs."""
        timeline = self.panes.query_one(TimelinePanel)
        timeline.events, timeline.fork = branch.events, branch.step
        tensors = self.panes.query_one(TensorsPanel)
        tensors.parent_moment = branch.parent_at(branch.session.cursor)
        tensors.parent_name = branch.parent.name if branch.parent else ""
        self.show_curves()

    def _show_inside(self, branch: Branch) -> None:
        """Bring the inside of the statement up to date, where a pane shows it."""
        session, microscope = branch.session, branch.microscope
        self.panes.look_inside(microscope.is_open)
        is_seen = self.panes.shows_inside and not session.rushing
        microscope.attend(session, is_seen)
        if microscope.is_open or is_seen:
            self.lens = microscope.lens(session)

    def _show_status(self, branch: Branch) -> None:
        session, microscope = branch.session, branch.microscope
        step, remark = self.remark
        notice = branch.refill.progress or branch.refill.failure
        if step == session.cursor:
            notice = notice or remark
        if not notice and self._file.has_changed():
            notice = f"{self.target.name} changed on disk; ctrl+r opens it again"
        inside = counted(self.lens) if microscope.is_open else ""
        several = self.branches is not None and len(self.branches) > 1
        runs = describe(
            session,
            self.lesson.path.name,
            self.palette,
            notice,
            inside,
            microscope.is_past,
            branch.name if several else "",
        )
        self.status.show(runs)
        self.keys.show(keymap.keys_for(session, microscope.is_open, not self.engine.can_run))
        # While something runs the line tells for how long; when nothing does no timer is left.
        if _is_at_work(branch) and self._clock is None:
            self._clock = self.set_timer(_SECONDS, self._look_at_clock)

    def _look_at_clock(self) -> None:
        self._clock = None
        branch = self.branch
        if branch is not None and _is_at_work(branch):
            self._show_status(branch)
            self._show_part(branch)

    def _keep_playing(self, session: Session) -> None:
        """A timer at the chosen speed while something plays, none otherwise."""
        if self._player is not None and not session.playing:
            self._player.stop()
            self._player = None
        elif self._player is None and session.playing:
            self._player = self.set_interval(1 / session.speed, self._tick)

    def _tick(self) -> None:
        if self.session is not None:
            self.session.tick()
            self.show()

    # What the keys do

    def action_do(self, what: str) -> None:
        """Let the session do what its method `what` does."""
        if (branch := self.branch) is not None:
            self.stop_searching()
            self._warned = ""
            if not branch.microscope.move(branch.session, what):
                getattr(branch.session, what)()
            self.show()

    def action_inside(self) -> None:
        if (branch := self.branch) is None or not self.can_replay():
            return
        if problem := branch.microscope.enter(branch.session):
            self.notify(problem, severity="warning")
        self.show()
        if branch.microscope.is_open:
            self.panes.enter()

    def action_outside(self) -> None:
        if (branch := self.branch) is not None:
            branch.microscope.leave()
            self.show()
            self.panes.leave()

    @property
    def session(self) -> Session | None:
        return self.branch.session if self.branch is not None else None

    @property
    def microscope(self) -> Microscope | None:
        return self.branch.microscope if self.branch is not None else None

    def action_speed(self, by: int) -> None:
        if self.session is None:
            return
        self.session.change_speed(by)
        if self._player is not None:
            self._player.stop()
            self._player = None
        self.show()

    @on(LensPanel.Revealed)
    def _look_again(self) -> None:
        self.show()

    @on(TimelinePanel.StepPicked)
    def _go_to_picked(self, picked: TimelinePanel.StepPicked) -> None:
        self.go_to(Place(picked.step, False))

    def action_pane(self, name: str) -> None:
        self.panes.turn_to(name)

    def action_turn(self, by: int) -> None:
        self.panes.turn(by)

    def action_zoom(self) -> None:
        self.panes.zoom()

    def _may_leave(self, what: str) -> bool:
        """Whether no branch would be lost; the first time that is told, the second it is meant."""
        branches = self.branches.all if self.branches else []
        unsaved = [one for one in branches if self.saved.get(one.name) != one.session.tip]
        if len(branches) < 2 or not unsaved or not self.engine.can_run or self._warned == what:
            return True
        self._warned = what
        self.warn(f"{len(branches) - 1} forked, not saved: s saves, {what} again drops them")
        return False

    def action_reopen(self) -> None:
        if not self._may_leave("ctrl+r"):
            return
        self.post_message(LessonChosen(self.target, again=True))

    def action_unzoom(self) -> None:
        if self.maximized is not None:
            self.panes.unzoom()

    def action_leave(self) -> None:
        if self.maximized is not None:
            self.panes.unzoom()
        elif self.microscope is not None and self.microscope.is_open:
            self.action_outside()
        elif self._may_leave("q"):
            self.app.action_leave()


def _is_at_work(branch: Branch) -> bool:
    """Whether something runs or replays, so that there is news without a message."""
    asked = branch.refill.is_running or branch.pager.is_running or branch.plotter.is_running
    return branch.session.worker.busy or asked
