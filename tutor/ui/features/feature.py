"""The base of a group of keys: a table of keys, and an `action_…` method for each action."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

from textual.binding import Binding
from textual.screen import Screen, ScreenResultType

from tutor.session.controller import Controller
from tutor.ui.dialogs.dialog import Dialog
from tutor.ui.draw.text.palette import Palette
from tutor.ui.lifetime import is_live
from tutor.ui.panes import Panes


class Key(NamedTuple):
    """Keys of the lesson screen that call one action."""

    keys: str
    """Textual's names, separated by commas."""
    action: str
    """The name of an `action_…` method without that prefix, with its arguments if it takes any."""
    label: str
    """The word in the key line."""
    help: str
    """The sentence in the help."""
    has_priority: bool = False
    """Whether the key is handled before the focused pane sees it. A key that opens a dialog needs
    this: what is typed right after it belongs to the dialog."""

    @property
    def binding(self) -> Binding:
        return Binding(
            self.keys, self.action, self.label, tooltip=self.help, priority=self.has_priority
        )


class Feature:
    """Keys that belong together. A feature is created when the script is launched.

    Args:
        screen: The lesson screen, over which dialogs are opened.
        show: Redraws the screen.
    """

    KEYS: ClassVar[tuple[Key, ...]] = ()

    def __init__(
        self,
        screen: Screen[None],
        controller: Controller,
        panes: Panes,
        palette: Palette,
        show: Callable[[], None],
    ) -> None:
        self.screen = screen
        self.controller = controller
        self.panes = panes
        self.palette = palette
        self.show = show
        self.setup()

    def setup(self) -> None:
        """Initialise the state that the feature keeps between keys."""

    def on_redraw(self) -> None:
        """Do what follows a redraw of the screen."""

    def open(
        self,
        dialog: Dialog[ScreenResultType],
        then: Callable[[ScreenResultType | None], None] | None = None,
    ) -> None:
        """Open a dialog over the lesson screen, and call `then` with its result."""
        # What asks for it may be a run or a thread that ended after the screen was left.
        if is_live(self.screen):
            self.screen.app.push_screen(dialog, then)

    def actions(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Yield the name of each `action_…` method, and the method."""
        for name in dir(self):
            if name.startswith("action_"):
                yield name, getattr(self, name)
