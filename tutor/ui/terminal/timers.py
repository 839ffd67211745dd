"""A call a little later, which comes however busy the machine is."""

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump


def later(pump: MessagePump, seconds: float, call: Callable[[], object]) -> None:
    """Let `pump` make a call among its messages, in so many seconds.

    Textual's `set_timer` drops a call whose time has passed before it has begun to wait, as a tiny
    wait or a machine that is busy elsewhere make it: whoever relies on it then waits for ever.
    """
    asyncio.get_running_loop().call_later(seconds, pump.call_next, call)
