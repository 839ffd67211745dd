"""A script on the screen: the keys and the clock of a play. Session and panes do the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.timer import Timer

from tutor.engine.client import Engine
from tutor.launching import prepare
from tutor.lesson import Lesson
from tutor.request import Request
from tutor.timeline import Moment, Timeline
from tutor.ui import keymap
from tutor.ui.draw.operations import counted
from tutor.ui.draw.palette import Palette
from tutor.ui.keys import KeyLine
from tutor.ui.lens import Lens
from tutor.ui.microscope import Microscope
from tutor.ui.panels.lens_panel import LensPanel
from tutor.ui.panels.panel import Ahead
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.panels.timeline import TimelinePanel
from tutor.ui.panes import Panes
from tutor.ui.refill import Refill
from tutor.ui.screens.audit import audit_of
from tutor.ui.screens.go import GoScreen, Place
from tutor.ui.screens.menu import LessonChosen
from tutor.ui.screens.why import WhyScreen, question_about
from tutor.ui.session import Doing, Session
from tutor.ui.small import TooSmall
from tutor.ui.status import StatusLine, describe
from tutor.ui.watched import Watched

if TYPE_CHECKING:
    from tutor.ui.app import TutorApp

_FRAME = 1 / 30
"""Seconds between two looks at a run that goes on by itself."""

_SECONDS = 0.25
"""Seconds between two updates of how long a statement has been running."""


class LessonScreen(Screen[None]):
    """Holds the moment that all panes show."""

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

    @dataclass
    class RunReported(Message):
        """The run has something to tell."""

    @dataclass
    class ReplayReported(Message):
        """The replay that brings values back has something to tell."""

    @dataclass
    class ShadowReported(Message):
        """The replay that notes operations has something to tell."""

    def __init__(self, lesson: Lesson, engine: Engine, request: Request, palette: Palette) -> None:
        super().__init__()
        self.lesson = lesson
        self.engine = engine
        self.request = request
        self.palette = palette
        self.session: Session | None = None
        self._refill: Refill | None = None
        self.microscope: Microscope | None = None
        self._file = Watched(lesson.path)
        self._player: Timer | None = None
        self._clock: Timer | None = None
        self._drained_at = 0.0
        self._shown: tuple[int, ...] = ()

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

    def on_unmount(self) -> None:
        if self._refill:
            self._refill.cancel()
        if self.microscope:
            self.microscope.close()
        if self.session:
            self.session.worker.close()

    # Running

    def _launch(self) -> None:
        engine = self.engine
        if engine.failure:
            self.status.show([(f" {engine.failure} ", self.palette.error)])
        elif engine.device is None and self.lesson.is_lesson and not self.request.device:
            self.status.show([(" starting the engine…", self.palette.warning)])
            self.keys.show(keymap.STARTING)
        elif self.session is None:
            cells = [cell.first for cell in self.lesson.cells if cell.kind == "code"]
            launch = prepare(self.lesson, str(self.lesson.path), self.request, engine.detected)
            wake, awake, seen = self.RunReported, self.ReplayReported, self.ShadowReported
            self.session = Session(engine, launch, cells, lambda: self._wake(wake()))
            self._refill = Refill(engine, launch, lambda: self._wake(awake()), self.set_timer)
            self.microscope = Microscope(engine, launch, lambda: self._wake(seen()))
            self._show(self.session)

    def _wake(self, message: Message) -> None:
        """Called from the engine's reader thread."""
        self.post_message(message)

    def on_lesson_screen_run_reported(self) -> None:
        wait = self._drained_at + _FRAME - monotonic()
        if self.session is not None and self.session.rushing and wait > 0:
            self.set_timer(wait, self._drain)
        else:
            self._drain()

    def on_lesson_screen_replay_reported(self) -> None:
        if self.session is not None and self._refill is not None:
            self._refill.drain(self.session.timeline)
            self._show(self.session)

    def on_lesson_screen_shadow_reported(self) -> None:
        if self.session is not None and self.microscope is not None:
            self.microscope.shadow.drain(self.session.timeline)
            self._show(self.session)
            if isinstance(self.app.screen, WhyScreen):
                self.app.screen.answer()

    def _drain(self) -> None:
        self._drained_at = monotonic()
        if self.session is not None:
            self.session.drain()
            # Two paintings a step, one for its values and one for the line that is next, would be
            # twice the work and a flicker.
            if self.session.worker.settled:
                self._show(self.session)

    # Showing

    def _show(self, session: Session) -> None:
        """Bring everything on the screen up to date with the session."""
        # A new moment makes every pane look at its values: there is one only where they may differ.
        shown = (session.cursor, session.news, self._refill.count if self._refill else 0)
        if shown != self._shown:
            self._shown = shown
            self.moment = session.moment
        ended = session.ended
        failure = None if ended is None or ended.outcome == "finished" else ended
        is_failing = failure is not None and session.cursor == session.tip
        self.ahead = Ahead(session.next_line, failure, is_failing)
        self._show_inside(session)
        self._show_status(session)
        self._keep_playing(session)
        if self._refill is not None:
            rests = session.doing in (Doing.WAITING, Doing.PAUSED, Doing.ENDED)
            self._refill.attend(session.timeline, session.cursor, rests)

    def _show_inside(self, session: Session) -> None:
        """Bring the inside of the statement up to date, where a pane shows it."""
        microscope = self.microscope
        if microscope is None:
            return
        self.panes.look_inside(microscope.is_open)
        is_seen = self.panes.shows_inside and not session.rushing
        microscope.attend(session, is_seen)
        if microscope.is_open or is_seen:
            self.lens = microscope.lens(session)

    def _show_status(self, session: Session) -> None:
        notice = ""
        if self._file.has_changed():
            notice = f"{self.lesson.path.name} changed on disk; ctrl+r opens it again"
        elif self._refill and self._refill.is_running:
            notice = "replaying…"
        is_inside = self.microscope is not None and self.microscope.is_open
        inside = counted(self.lens) if is_inside else ""
        is_past = self.microscope is not None and self.microscope.is_past
        name, palette = self.lesson.path.name, self.palette
        self.status.show(describe(session, name, palette, notice, inside, is_past))
        self.keys.show(keymap.keys_for(session, is_inside))
        # While something runs the line tells for how long; when nothing does no timer is left.
        if session.worker.busy and self._clock is None:
            self._clock = self.set_timer(_SECONDS, self._look_at_clock)

    def _look_at_clock(self) -> None:
        self._clock = None
        if self.session is not None and self.session.worker.busy:
            self._show_status(self.session)

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
            self._show(self.session)

    # What the keys do

    def action_do(self, what: str) -> None:
        """Let the session do what its method `what` does."""
        if self.session is not None and self.microscope is not None:
            if not self.microscope.move(self.session, what):
                getattr(self.session, what)()
            self._show(self.session)

    def action_inside(self) -> None:
        if self.session is None or self.microscope is None:
            return
        if problem := self.microscope.enter(self.session):
            self.notify(problem, severity="warning")
        self._show(self.session)
        if self.microscope.is_open:
            self.panes.enter()

    def action_outside(self) -> None:
        if self.session is not None and self.microscope is not None:
            self.microscope.leave()
            self._show(self.session)
            self.panes.leave()

    def action_audit(self) -> None:
        """Audit the picked parameter, or all, in the last backward pass up to here."""
        if self.session is not None:
            asked = audit_of(self.session, self.lesson, self.engine, self._picked, self.palette)
            self._ask(asked or "no backward pass up to here: there is no gradient to audit")

    def action_why(self) -> None:
        """Why the picked number is what it is; inside a statement, that of the operation."""
        session, microscope = self.session, self.microscope
        if session is None or microscope is None:
            return
        lens = self.lens if microscope.is_open else Lens()
        question = question_about(session, lens, microscope.shadow, self._picked)
        if question is None:
            self._ask("nothing has a value yet: → runs a statement")
            return
        place = session.cursor, microscope.place

        def close(step: int | None) -> None:
            if step is None:
                session.cursor, microscope.place = place
            self._show(session)

        self._ask(WhyScreen(self, microscope.shadow, question, self.palette), close)

    def _ask(
        self,
        screen: Screen[int | None] | Screen[None] | str,
        close: Callable[[int | None], None] | None = None,
    ) -> None:
        """Push a screen that answers, or say why there is none."""
        if isinstance(screen, str):
            self.notify(screen, severity="warning")
        else:
            self.app.push_screen(screen, close)

    @property
    def _picked(self) -> str | None:
        """The value that the learner picked in the pane of tensors."""
        picked = self.panes.query_one(TensorsPanel).selected
        return picked if self.moment and picked in self.moment.names() else None

    @property
    def timeline(self) -> Timeline:
        """What the run has recorded."""
        return self.session.timeline if self.session else Timeline()

    def visit(self, step: int) -> None:
        """Show a recorded step, from outside, while something is asked about it."""
        if self.session is not None and self.microscope is not None:
            self.microscope.leave()
            self.session.cursor = min(step, self.session.tip)
            self._show(self.session)

    def action_speed(self, by: int) -> None:
        if self.session is None:
            return
        self.session.change_speed(by)
        if self._player is not None:
            self._player.stop()
            self._player = None
        self._show(self.session)

    def action_go(self) -> None:
        self.app.push_screen(GoScreen(), self._go_to)

    def _go_to(self, place: Place | None) -> None:
        session = self.session
        if place is None or session is None:
            return
        if place.is_iteration:
            session.go_to_iteration(place.number)
        else:
            session.go_to_step(place.number)
        frame = session.moment.frame
        reached = frame and (frame.iteration if place.is_iteration else frame.step)
        if session.ended is not None and reached != place.number:
            kind = "iteration" if place.is_iteration else "step"
            self.notify(f"no {kind} {place.number} was recorded", severity="warning")
        self._show(session)

    @on(LensPanel.Revealed)
    def _look_again(self) -> None:
        if self.session is not None:
            self._show(self.session)

    @on(TimelinePanel.StepPicked)
    def _go_to_picked(self, picked: TimelinePanel.StepPicked) -> None:
        self._go_to(Place(picked.step, False))

    def action_pane(self, name: str) -> None:
        self.panes.turn_to(name)

    def action_turn(self, by: int) -> None:
        self.panes.turn(by)

    def action_zoom(self) -> None:
        self.panes.zoom()

    def action_reopen(self) -> None:
        self.post_message(LessonChosen(self.lesson.path, again=True))

    def action_unzoom(self) -> None:
        if self.maximized is not None:
            self.panes.unzoom()

    def action_leave(self) -> None:
        if self.maximized is not None:
            self.panes.unzoom()
        elif self.microscope is not None and self.microscope.is_open:
            self.action_outside()
        else:
            self.app.action_leave()
