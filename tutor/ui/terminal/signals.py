"""Leave the app when the terminal hangs up or the process is asked to terminate."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from tutor.ui.terminal.modes import TerminalModes

_GRACE = 0.5
"""Seconds that leaving may take once the terminal is gone."""


_ENDING = (signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that would end the process at once, and leave the terminal as the app set it."""


def leave_on_signals(leave: Callable[[signal.Signals], None], modes: TerminalModes) -> None:
    """Call `leave` on SIGHUP, SIGTERM and other signals that end a process.

    Args:
        modes: Restored if leaving takes too long.
    """
    loop = asyncio.get_running_loop()

    def give_up() -> None:
        modes.restore()
        os._exit(128 + signal.SIGHUP)

    def hung_up() -> None:
        leave(signal.SIGHUP)
        # The terminal no longer reads what leaving writes, so that may block.
        watchdog = threading.Timer(_GRACE, give_up)
        watchdog.daemon = True
        watchdog.start()

    with suppress(NotImplementedError, RuntimeError):
        loop.add_signal_handler(signal.SIGHUP, hung_up)
        for number in _ENDING:
            loop.add_signal_handler(number, leave, number)
