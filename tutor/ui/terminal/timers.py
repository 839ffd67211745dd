"""Call a function after a delay, reliably."""

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump


class Timer:
    """A call that is due later."""

    def __init__(self, handle: asyncio.TimerHandle) -> None:
        self.stop = handle.cancel
        """Cancel the call."""


def later(pump: MessagePump, seconds: float, call: Callable[[], object]) -> Timer:
    """Let `pump` call a function among its messages after so many seconds.

    Textual's `set_timer` drops a call that is due before it has begun to wait, which a tiny delay
    or a busy machine can cause: its caller then waits for ever.
    """
    loop = asyncio.get_running_loop()
    return Timer(loop.call_later(seconds, pump.call_next, call))
