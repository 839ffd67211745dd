"""What every group of keys is: a table of keys, and an `action_…` method for each action."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

from textual.binding import Binding
from textual.screen import Screen

from tutor.session.controller import Controller
from tutor.ui.draw.text.palette import Palette
from tutor.ui.panes import Panes


class Key(NamedTuple):
    """Keys of the lesson screen, and the action that they call."""

    keys: str
    """As Textual names them, with commas between."""
    action: str
    """The rest of an `action_…` method's name, with its arguments if it takes any."""
    word: str
    """What the key line shows."""
    about: str
    """What the help shows."""
    has_priority: bool = False
    """Whether the key comes before those of what it opens: what is typed right behind it belongs
    to the dialog, not to the screen."""

    @property
    def binding(self) -> Binding:
        return Binding(
            self.keys, self.action, self.word, tooltip=self.about, priority=self.has_priority
        )


class Feature:
    """Keys that belong together. It is made once the runs of the lesson exist.

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
        """Prepare what the feature keeps between keys."""

    def shown(self) -> None:
        """The screen was redrawn."""

    def actions(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Yield the name of each `action_…` method, and the method."""
        for name in dir(self):
            if name.startswith("action_"):
                yield name, getattr(self, name)
