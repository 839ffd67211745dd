"""Give the terminal back as it was where the app cannot do so itself."""

import os
import select
import sys
import termios
from contextlib import suppress
from typing import Any

_PLAIN = (
    "\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l"  # paste, mouse, focus
    "\x1b[<u"  # the kitty keyboard protocol
    "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"  # colours, line wrap, cursor, the alternate screen
)


class TerminalModes:
    """The modes of the terminal, as they are now."""

    def __init__(self) -> None:
        self._found: list[Any] | None = None
        with suppress(termios.error, OSError, ValueError):  # it is no terminal
            self._found = termios.tcgetattr(sys.__stdin__ or 0)

    def restore(self) -> None:
        """Set the modes again, and leave the alternate screen; never wait for the terminal."""
        if self._found is None:
            return
        with suppress(termios.error, OSError, ValueError):
            termios.tcsetattr(sys.__stdin__ or 0, termios.TCSANOW, self._found)
            poll = select.poll()
            poll.register(2, select.POLLOUT)
            if os.isatty(2) and poll.poll(0):
                os.write(2, _PLAIN.encode())
