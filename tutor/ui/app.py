"""The app: opens the menu and the lessons, and holds the theme."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.actions import ActionParseResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.events import Event, Key
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen

from tutor.history.budget import Budget
from tutor.session.interfaces import AnyEngine
from tutor.session.request import Request
from tutor.ui.dialogs.help import HelpDialog
from tutor.ui.dialogs.palette import PaletteDialog
from tutor.ui.draw.text.palette import Palette, palette_for
from tutor.ui.lifetime import TutorScreen, can_act
from tutor.ui.screens.menu import MenuScreen
from tutor.ui.screens.messages import LessonChosen
from tutor.ui.terminal.faults import describe_fault
from tutor.ui.terminal.modes import TerminalModes
from tutor.ui.terminal.output import DiffingApp
from tutor.ui.terminal.signals import leave_on_signals
from tutor.ui.theme import NAME, theme

if TYPE_CHECKING:
    from tutor.ui.screens.lesson import LessonScreen


class TutorApp(DiffingApp):
    """The course menu and the lessons opened from it, or one script alone.

    Args:
        target: A script or a recording to open at once; leaving it leaves the app.
        is_unfinished: Whether the target is a recording to go on with.

    Raises:
        LessonError: the script cannot be read.
        RecordingError: the recording cannot be read.
    """

    TITLE = "tutor"
    CSS_PATH = "app.tcss"
    # Textual declares both as instance variables, which leaves no room for a ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (100, "-wide"), (170, "-huge")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-short"), (34, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar = [Binding("question_mark", "app.help", "help")]

    device: var[str | None] = var(None)
    """The engine's device, in one line; None until it is known."""
    failure: var[str | None] = var(None)
    """Why the engine cannot work, in one line."""

    @dataclass
    class EngineChanged(Message):
        """The engine found its device, or cannot work."""

    def __init__(
        self,
        engine: AnyEngine,
        target: str | None = None,
        request: Request | None = None,
        is_unfinished: bool = False,
    ) -> None:
        super().__init__()
        self._terminal_modes = TerminalModes()
        self.engine, self.request = engine, request or Request()
        self.palette: Palette = palette_for(self.console.color_system, self.no_color)
        self.register_theme(theme(self.palette))
        self.theme = NAME
        self.farewell = ""
        """What to tell when the screen is gone: why it ended, if not by a key."""
        self._first = self._lesson_screen(target, is_unfinished) if target else None

    def get_default_screen(self) -> Screen[None]:
        # `switch_screen` replaces only a screen that was pushed over a first one.
        return Screen() if self._first else MenuScreen(self.engine, self.palette)

    async def on_event(self, event: Event) -> None:
        is_new_key = isinstance(event, Key) and not event.is_forwarded
        screen = self.screen if is_new_key and self.screen_stack else None
        if isinstance(screen, TutorScreen) and isinstance(event, Key) and screen.keeps(event):
            return
        await super().on_event(event)

    def on_mount(self) -> None:
        leave_on_signals(self._leave_on, self._terminal_modes)
        self.engine.on_change = self._engine_changed
        if self._first:
            # A recording runs nothing: torch may not even be there.
            if self._first.engine is self.engine:
                self.engine.start()
            self.push_screen(self._first)
        else:
            # Importing torch takes all of a core for seconds: the menu is painted before.
            self.call_after_refresh(self.engine.start)
        self.on_tutor_app_engine_changed()

    def notify(self, message: str, **options: Any) -> None:
        """Show a toast, without markup: the message may quote a script."""
        super().notify(message, **(options | {"markup": False}))

    def _engine_changed(self) -> None:
        """Report a change. Called from a thread of the engine."""
        self.post_message(self.EngineChanged())

    def on_tutor_app_engine_changed(self) -> None:
        self.failure = self.engine.failure
        self.device = self.engine.device

    def on_lesson_chosen(self, chosen: LessonChosen) -> None:
        from tutor.history.recording.file import RecordingError
        from tutor.script.lesson import LessonError

        if not chosen.screen.is_active:
            return
        try:
            screen = self._lesson_screen(str(chosen.path), chosen.is_unfinished)
        except (LessonError, RecordingError) as error:
            self.notify(str(error), title="This file cannot be opened", severity="error")
            return
        show = self.switch_screen if chosen.is_reopened else self.push_screen
        show(screen)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action of a key, a click on the key line, or the palette."""
        if not await can_act(self, default_namespace or self):
            return False
        return await super().run_action(action, default_namespace, namespaces)

    def action_leave(self) -> None:
        """Return to the screen below; exit from the first."""
        if len(self.screen_stack) > (2 if self._first else 1):
            self.pop_screen()
        else:
            self.exit()

    def action_command_palette(self) -> None:
        below = self.screen

        async def run(action: str | None) -> None:
            if action is not None:
                await below.run_action(action)

        if not isinstance(below, PaletteDialog):
            self.push_screen(PaletteDialog(below, self.palette), run)

    async def action_quit(self) -> None:
        """Leave at once, as `ctrl+q` does, from wherever the learner is."""
        self._take_leave("")
        self.exit()

    def action_help(self) -> None:
        self.push_screen(HelpDialog(self.screen, self.palette))

    def _lesson_screen(self, target: str, is_unfinished: bool = False) -> "LessonScreen":
        """Return the screen of a script or a recording, or one that goes on with a recording."""
        # Imported here so that the menu does not wait for them.
        from tutor.history.recording.reader import locate
        from tutor.history.recording.tree import open_
        from tutor.script.lesson import parse, read
        from tutor.session.archive import Archive
        from tutor.ui.screens.lesson import LessonScreen

        if (place := locate(target)) is None:
            return LessonScreen(read(Path(target)), self.engine, self.request, self.palette)
        path, branch = place
        recording = open_(path, Budget(self.request.memory))
        if branch is not None:
            recording.show(path, branch)
        launch = recording.runs[0].launch
        lesson = parse(launch.source, Path(launch.path))
        if is_unfinished:
            # Its relative paths, to data or modules, are those of then.
            with suppress(OSError):  # the folder is gone
                os.chdir(recording.runs[0].folder)
            request = replace(self.request, device=launch.device, seed=launch.seed)
            unfinished = Path(path), recording
            return LessonScreen(lesson, self.engine, request, self.palette, unfinished=unfinished)
        engine = Archive(recording)
        return LessonScreen(lesson, engine, self.request, self.palette, Path(path))

    # Ends that the learner did not ask for

    def _leave_on(self, number: signal.Signals) -> None:
        if self.farewell:
            return  # it is leaving already: a lost connection may bring several signals
        self._take_leave(f"ended by {number.name}")
        self.engine.close()
        self.exit(return_code=128 + number)

    def fail(self, error: Exception) -> None:
        self._take_leave(describe_fault(error))

    def _take_leave(self, reason: str) -> None:
        """Keep what is recorded, and prepare the line that says so."""
        from tutor.ui.screens.lesson import LessonScreen

        self.farewell = reason
        try:
            for screen in self.screen_stack:
                if isinstance(screen, LessonScreen) and screen.keep():
                    kept = "what was recorded is kept: tutor open --last goes on"
                    self.farewell = f"{reason}; {kept}" if reason else kept
        except Exception as error:  # the program is failing already: nothing more may go wrong
            lost = f"what was recorded is lost: {error}"
            self.farewell = f"{reason}; {lost}" if reason else lost
