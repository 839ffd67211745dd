"""Leave the app when the terminal hangs up or the process is asked to terminate."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

_GRACE = 0.5
"""Seconds that leaving may take once the terminal is gone."""


def leave_on_signals(leave: Callable[[signal.Signals], None]) -> None:
    """Call `leave` on SIGHUP and SIGTERM."""
    loop = asyncio.get_running_loop()

    def hung_up() -> None:
        leave(signal.SIGHUP)
        # The terminal no longer reads what leaving writes, so that may block.
        watchdog = threading.Timer(_GRACE, os._exit, (128 + signal.SIGHUP,))
        watchdog.daemon = True
        watchdog.start()

    with suppress(NotImplementedError, RuntimeError):
        loop.add_signal_handler(signal.SIGHUP, hung_up)
        loop.add_signal_handler(signal.SIGTERM, leave, signal.SIGTERM)
