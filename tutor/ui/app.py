"""The app: opens the menu and the lessons, and holds the theme."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen

from tutor.history.budget import Budget
from tutor.session.interfaces import AnyEngine
from tutor.session.request import Request
from tutor.ui.dialogs.help import HelpDialog
from tutor.ui.draw.text.palette import Palette, palette_for
from tutor.ui.screens.menu import MenuScreen
from tutor.ui.screens.messages import LessonChosen
from tutor.ui.terminal.modes import TerminalModes
from tutor.ui.terminal.output import DiffingApp
from tutor.ui.terminal.signals import leave_on_signals
from tutor.ui.theme import NAME, theme
from tutor.ui.widgets.keys import described

if TYPE_CHECKING:
    from tutor.ui.screens.lesson import LessonScreen


class TutorApp(DiffingApp):
    """The course menu and the lessons opened from it, or one script alone.

    Args:
        target: A script or a recording to open at once; leaving it leaves the app.

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
        self, engine: AnyEngine, target: str | None = None, request: Request | None = None
    ) -> None:
        super().__init__()
        self._terminal_modes = TerminalModes()
        self.engine, self.request = engine, request or Request()
        self.palette: Palette = palette_for(self.console.color_system, self.no_color)
        self.register_theme(theme(self.palette))
        self.theme = NAME
        self._first = self._lesson_screen(target) if target else None

    def get_default_screen(self) -> Screen[None]:
        # `switch_screen` replaces only a screen that was pushed over a first one.
        return Screen() if self._first else MenuScreen(self.engine, self.palette)

    def on_mount(self) -> None:
        leave_on_signals(self._leave_now, self._terminal_modes)
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

        try:
            screen = self._lesson_screen(str(chosen.path))
        except (LessonError, RecordingError) as error:
            self.notify(str(error), title="This file cannot be opened", severity="error")
            return
        show = self.switch_screen if chosen.is_reopened else self.push_screen
        show(screen)

    def action_leave(self) -> None:
        """Return to the screen below; exit from the first."""
        if len(self.screen_stack) > (2 if self._first else 1):
            self.pop_screen()
        else:
            self.exit()

    def action_help(self) -> None:
        self.push_screen(HelpDialog(self.screen, self.palette))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield the actions of all keys, for the command palette."""
        bindings = [active.binding for active in screen.active_bindings.values()]
        for keys, binding in described(bindings):
            run = partial(screen.run_action, binding.action)
            yield SystemCommand(binding.description, " ".join(keys), run)

    def _lesson_screen(self, target: str) -> "LessonScreen":
        """Return the screen of a script or a recording."""
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
        engine = Archive(recording)
        return LessonScreen(lesson, engine, self.request, self.palette, Path(path))

    def _leave_now(self) -> None:
        self.engine.close()
        self.exit()
