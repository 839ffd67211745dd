"""The lesson screen: panes, status line, key line, and the keys of every feature."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.getters import query_one
from textual.message import Message
from textual.reactive import var

from tutor.history.recording.tree import Recording
from tutor.script.lesson import Lesson, LessonError, read
from tutor.session.controller import Controller
from tutor.session.interfaces import AnyEngine
from tutor.session.navigation import Destination
from tutor.session.reports import Source
from tutor.session.request import Request
from tutor.session.unfinished import forget, keep, set_aside
from tutor.session.view import View
from tutor.ui.dialogs.dialog import LiveDialog
from tutor.ui.draw.graph.operations import counted
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled
from tutor.ui.features.completion import Completion
from tutor.ui.features.explaining import Explaining
from tutor.ui.features.feature import Feature
from tutor.ui.features.forks import Forks
from tutor.ui.features.inside import InsideKeys
from tutor.ui.features.jumping import Jumping
from tutor.ui.features.saving import Saving
from tutor.ui.features.stepping import Stepping
from tutor.ui.lifetime import TutorScreen
from tutor.ui.panels.tensors import TensorsPanel
from tutor.ui.panels.timeline import TimelinePanel
from tutor.ui.panes import Panes
from tutor.ui.screens.lesson_keys import PANE_KEYS, STARTING, shown_actions
from tutor.ui.screens.messages import LessonChosen
from tutor.ui.screens.watched_file import WatchedFile
from tutor.ui.terminal.timers import Delayed, call_after
from tutor.ui.widgets.keys import KeyLine
from tutor.ui.widgets.status import StatusLine, describe
from tutor.ui.widgets.too_small import TooSmall

FEATURES: tuple[type[Feature], ...] = (
    Stepping, InsideKeys, Forks, Saving, Jumping, Explaining, Completion,
)  # fmt: skip
"""The features, in the order of the help. Each works once the script can run."""

_LAUNCHED = {name for feature in FEATURES for key in feature.KEYS for name in key.keys.split(",")}
"""The keys that need a launched script."""

_NEVER_KEPT = {"q", "question_mark", "ctrl+q", "ctrl+c", "escape"}
"""The keys that always work before that: to leave, and for help."""

_LAYOUT = 1 / 30
"""Seconds between two looks whether the panes have their place."""

_CLOCK = 0.25
"""Seconds between two updates of the status line while a statement runs."""


class LessonScreen(TutorScreen[None]):
    """Passes the controller's view to the panes, and keys to the features.

    Args:
        target: The file to reopen, if it is not the script but a recording.
        unfinished: A file to go on with, and its content; see `session.unfinished`.
    """

    # Parsed when the first lesson is opened, so that the menu does not wait for it.
    CSS_PATH = "lesson.tcss"
    BINDINGS: ClassVar = [
        key.binding for keys in (*(feature.KEYS for feature in FEATURES), PANE_KEYS) for key in keys
    ]
    ALLOW_IN_MAXIMIZED_VIEW = "StatusLine, KeyLine, TooSmall"
    AUTO_FOCUS = "#source"
    ESCAPE_TO_MINIMIZE = False  # `Panes.unzoom` does, and restores the focus

    @dataclass
    class Reported(Message):
        """A run has something to drain."""

        source: Source

    view: var[View] = var(View)

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
        unfinished: tuple[Path, Recording] | None = None,
    ) -> None:
        super().__init__()
        self.target = target or lesson.path
        self.lesson = lesson
        self.engine = engine
        self.request = request
        self.palette = palette
        self.controller: Controller | None = None
        """None until the engine can run the script."""
        self.features: list[Feature] = []
        self._file = WatchedFile(self.target, unfinished is not None and _has_changed(lesson))
        self._kept = unfinished[0] if unfinished else None
        """The file that what is recorded was last kept in."""
        self._unfinished = unfinished[1] if unfinished else None
        self._early: list[Key] = []
        """The keys that were pressed before the script could be launched."""
        self._clock: Delayed | None = None
        self._warned: tuple[object, ...] = ()
        """The key that drops unsaved forks when it is pressed again, and where it was pressed."""

    def compose(self) -> ComposeResult:
        yield Panes(self.lesson, self.palette).data_bind(LessonScreen.view)
        status = StatusLine(self.palette)
        status.show(self._starting())
        yield status
        yield KeyLine(self.palette)
        yield TooSmall()

    def on_mount(self) -> None:
        self._call_after(0.0, self._await_engine)

    def _await_engine(self, looks: int = 20, found: tuple[int, int] | None = None) -> None:
        """Launch when the engine is ready and the panes have their place, if there is room for any.

        The script's terminal has the size of the output pane.

        Args:
            found: The size of that pane at the last look: a screen is laid out in several turns.
        """
        size = self.panes.output_size
        if looks and self.engine.can_run and not (self.panes.size and size == found):
            self._call_after(_LAYOUT, partial(self._await_engine, looks - 1, size))
            return
        # A lesson waits for the device that the engine detects.
        self.watch(self.app, "device", self._begin)
        self.watch(self.app, "failure", self._begin)

    def on_descendant_focus(self) -> None:
        # Each pane has keys of its own.
        self.keys.refresh()

    def on_unmount(self) -> None:
        if self.controller is not None:
            self.controller.close()

    def _begin(self) -> None:
        """Launch the script as soon as the engine can run it."""
        engine, is_lesson = self.engine, self.lesson.metadata.is_lesson
        if engine.failure:
            self.status.show([(f" {engine.failure} ", self.palette.error)])
        elif engine.device is None and is_lesson and not self.request.device:
            self.status.show(self._starting())
            self.keys.show(STARTING)
        elif self.controller is None:
            size = self.panes.output_size
            request = replace(self.request, terminals=(size, size, size))
            self.controller = Controller(
                self.lesson,
                engine,
                request,
                self._unfinished,
                self._report,
                self._call_after,
                self.show,
            )
            for kind in FEATURES:
                feature = kind(self, self.controller, self.panes, self.palette, self.show)
                self.features.append(feature)
                # Textual looks for an action's method on the screen.
                for name, method in feature.actions():
                    setattr(self, name, method)
            self.show()
            self._send_early()

    def on_screen_resume(self) -> None:
        self._send_early()

    def _send_early(self) -> None:
        """Send the keys that were kept, unless a dialog lies over the screen and would get them."""
        if self.controller is not None and self.is_active:
            early, self._early = self._early, []
            for key in early:
                self.app.post_message(key)

    def _starting(self) -> list[Styled]:
        return [(" starting the engine…", self.palette.warning)]

    def keeps(self, key: Key) -> bool:
        # What follows such a key is kept too: it may be typed into its dialog.
        is_early = self.controller is None and (key.key in _LAUNCHED or self._early)
        if not is_early or self.engine.failure or key.key in _NEVER_KEPT:
            return False
        self._early.append(key)
        return True

    def _report(self, source: Source) -> None:
        """Report that a run has something to drain. Called from any thread."""
        self.post_message(self.Reported(source))

    def _call_after(self, seconds: float, call: Callable[[], object]) -> Delayed:
        return call_after(self, seconds, call)

    @on(Reported)
    def _drain(self, reported: Reported) -> None:
        if self.controller is not None:
            self.controller.reports.hear(reported.source)

    # Drawing

    on_panel_needs_changed = TutorScreen.show

    def draw(self) -> None:
        """Redraw everything for the run that is shown."""
        controller = self.controller
        if controller is None:
            return
        self.panes.show_inside(controller.microscope.is_open)
        self.view = controller.views.build(self.panes.needs)
        self._show_status(controller)
        for feature in self.features:
            feature.on_redraw()
        controller.attend()
        if (divergence := controller.new_divergence()) is not None:
            where = f"approximate from step {divergence.step:,} on"
            self.notify(divergence.reason, title=where, severity="warning", timeout=8)
        if isinstance(dialog := self.app.screen, LiveDialog):
            dialog.show()

    def _show_status(self, controller: Controller) -> None:
        session, microscope = controller.session, controller.microscope
        notice = controller.notice
        if not notice and self._file.has_changed():
            notice = f"{self.target.name} changed on disk; ctrl+r reopens it"
        runs = describe(
            session,
            self.lesson.path.name,
            self.palette,
            notice,
            counted(self.view.lens) if microscope.is_open else "",
            microscope.is_past,
            self.view.name,
        )
        self.status.show(runs)
        self.keys.show(shown_actions(session, microscope.is_open, not self.engine.can_run))
        # The status line shows how long something has been running; at rest there is no timer.
        if controller.branch.is_at_work and self._clock is None:
            self._clock = self._call_after(_CLOCK, self._update_clock)

    def _update_clock(self) -> None:
        self._clock = None
        controller = self.controller
        if controller is None or not controller.branch.is_at_work:
            return
        if self.view.part_note or self.view.plot_note:
            self.show()  # they say how far a replay is
        else:
            self._show_status(controller)

    # Messages from the panes

    @on(TensorsPanel.PartWanted)
    def _fetch_part(self, wanted: TensorsPanel.PartWanted) -> None:
        if self.controller is not None:
            self.controller.want_part(wanted.step, wanted.fetch)

    @on(TensorsPanel.PartUnwanted)
    def _forget_part(self) -> None:
        if self.controller is not None:
            self.controller.forget_part()

    @on(TimelinePanel.StepPicked)
    def _go_to_picked(self, picked: TimelinePanel.StepPicked) -> None:
        if self.controller is not None:
            self.controller.go_to(Destination(picked.step))

    # Panes

    def action_pane(self, name: str) -> None:
        self.panes.turn_to(name)

    def action_turn(self, by: int) -> None:
        self.panes.turn(by)

    def action_zoom(self) -> None:
        self.panes.zoom()

    def action_unzoom(self) -> None:
        if self.maximized is not None:
            self.panes.unzoom()

    # Leaving

    def action_reopen(self) -> None:
        if self._may_leave("ctrl+r"):
            self.post_message(LessonChosen(self, self.target, is_reopened=True))

    async def action_leave(self) -> None:
        if self.maximized is not None:
            self.panes.unzoom()
        elif self.controller is not None and self.controller.microscope.is_open:
            await self.run_action("outside")
        elif self._may_leave("q"):
            # What could not be restored stays, to be continued another time.
            if self._kept is not None and self.controller and self.controller.is_restored:
                set_aside(self._kept)
            await self.run_action("app.leave")

    def keep(self) -> bool:
        """Keep what is recorded and in no file, before the screen ends otherwise than by a key.

        Returns:
            Whether there was anything.

        Raises:
            RecordingError: it cannot be written.
        """
        if self.controller is None or not self.controller.has_unsaved_steps:
            return False
        kept = keep(self.controller.branches, self.lesson.slug)
        if self._kept is not None:
            forget(self._kept)
        self._kept = kept
        return True

    def _may_leave(self, key: str) -> bool:
        """Return True if leaving loses no unsaved fork, or if the learner confirms it.

        The first key warns; the same key again confirms.
        """
        controller = self.controller
        forks = controller.unsaved_forks if controller is not None and self.engine.can_run else []
        if controller is None or not forks:
            return True
        session = controller.session
        # While a run moves the cursor, it is at another step at every key.
        is_moving = session.playing or session.worker.busy
        here = (key, controller.branch, None if is_moving else session.cursor)
        if self._warned == here:
            return True
        self._warned = here
        runs = f"{len(forks)} forked run" + "s" * (len(forks) > 1)
        text = f"{runs} not saved: s saves, {key} again drops them"
        # The status line shows a warning at one step only.
        (self.notify if is_moving else controller.warn)(text)
        return False


def _has_changed(lesson: Lesson) -> bool:
    """Return whether the file of a script has another text by now."""
    try:
        return read(lesson.path).source != lesson.source
    except LessonError:
        return False  # it cannot be opened again
