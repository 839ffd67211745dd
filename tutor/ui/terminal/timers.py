"""Call a function after a delay, reliably."""

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump

from tutor.ui.lifetime import is_live


class Delayed:
    """A call that is not due yet."""

    def __init__(self, handle: asyncio.TimerHandle) -> None:
        self.stop = handle.cancel
        """Cancel the call."""


def call_after(pump: MessagePump, seconds: float, call: Callable[[], object]) -> Delayed:
    """Call a function after so many seconds, among the messages of `pump`, if it is live then.

    Textual's `set_timer` drops a call that is due before the timer's task has started, which a tiny
    delay or a busy machine can cause; its caller would then wait for ever.
    """

    def call_if_live() -> None:
        if is_live(pump):
            call()

    loop = asyncio.get_running_loop()
    return Delayed(loop.call_later(seconds, pump.call_next, call_if_live))
