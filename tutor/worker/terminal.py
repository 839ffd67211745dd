"""Let the script find terminals where it finds them under Python.

Its input is then a terminal of its own, without a keyboard: whoever reads gets the end of input.
Its output stays a file, which `os.isatty` and `os.get_terminal_size` take for a terminal. C++ code
and child processes see the file, and `os.ttyname` does.
"""

import functools
import os
import termios
import tty

from tutor.wire.messages import Terminals, TerminalSize
from tutor.wire.private_descriptor import moved


def imitate(sizes: Terminals, files: tuple[int, int]) -> None:
    """Let the script find terminals of these sizes.

    Args:
        sizes: By descriptor; None for one that is no terminal.
        files: The files that take the place of descriptors 1 and 2.
    """
    stdin, *outputs = sizes
    if stdin is not None:
        _open_input(stdin)
    found = {
        _identity(file): os.terminal_size(size)
        for file, size in zip(files, outputs, strict=True)
        if size is not None
    }
    if found:
        _pretend(found)


def _open_input(size: TerminalSize) -> None:
    master, slave = os.openpty()
    settings = termios.tcgetattr(slave)
    # Reading returns at once, with nothing: the end of input.
    settings[tty.LFLAG] &= ~termios.ICANON
    settings[tty.CC][termios.VMIN] = settings[tty.CC][termios.VTIME] = 0
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    columns, lines = size
    termios.tcsetwinsize(slave, (lines, columns))
    os.dup2(slave, 0)
    os.close(slave)
    # Without its other end, which nothing ever reads or closes, the terminal would be gone.
    moved(master)


def _identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def _pretend(sizes: dict[tuple[int, int], os.terminal_size]) -> None:
    """Let `os.isatty` and `os.get_terminal_size` take these files for terminals."""
    is_terminal, size_of = os.isatty, os.get_terminal_size

    def find(fd: int) -> os.terminal_size | None:
        try:
            return sizes.get(_identity(fd))
        except OSError:
            return None

    @functools.wraps(is_terminal)
    def isatty(fd: int, /) -> bool:
        return find(fd) is not None or is_terminal(fd)

    @functools.wraps(size_of)
    def get_terminal_size(fd: int = 1, /) -> os.terminal_size:
        return find(fd) or size_of(fd)

    os.isatty, os.get_terminal_size = isatty, get_terminal_size
