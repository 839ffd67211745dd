"""Whatever a timer, a message or a key calls acts only on a mounted screen that was not left.

They come at any time: keys just after the one that opened a dialog, a delayed call or the report of
a run just after the learner left. `is_live` is the check. It is applied where such calls arrive:
`TutorScreen.show` for drawing, `TutorApp.run_action` for keys and clicks, `Feature.open` for
dialogs, `timers.call_after` for delayed calls. A dialog is dismissed once.

Besides `terminal/output.py` this is the only module that relies on a private part of Textual.
"""

from typing import Any, Generic

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.events import Key
from textual.message_pump import MessagePump
from textual.screen import Screen, ScreenResultType


def is_live(node: MessagePump) -> bool:
    """Return whether a node is on a mounted screen of the app; or, for the app, has a screen."""
    if isinstance(node, App):
        return bool(node.screen_stack)
    if not (isinstance(node, DOMNode) and node.is_attached):
        return False
    return node.screen in node.app.screen_stack and node.screen.is_mounted


async def can_act(app: App[Any], node: DOMNode) -> bool:
    """Wait until the current screen is mounted; return whether a node of it may run an action.

    A key waits for the dialog that the key before it opened. The second of two clicks comes when
    the first one may have covered or left the screen: then it does nothing.
    """
    if not is_live(app):
        return False
    # Set also when mounting fails, so nothing waits for ever.
    await app.screen._mounted_event.wait()
    return is_live(node) and node.screen is app.screen


class TutorScreen(Screen[ScreenResultType], Generic[ScreenResultType]):
    """The base of all screens and dialogs."""

    def show(self) -> None:
        """Draw the screen, if it is live."""
        if is_live(self):
            self.draw()

    def draw(self) -> None:
        """Put what is known now into the widgets. Only `show` calls it."""

    def keeps(self, key: Key) -> bool:
        """Return whether the screen takes a key away, to send it again when it can act on it."""
        return False

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        # Enter pressed twice must not also dismiss the screen below.
        return super().dismiss(result) if self.is_active else AwaitComplete()
