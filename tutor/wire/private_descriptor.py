"""A descriptor that stays out of the reach of the script in the same process."""

import os
import resource
from errno import EBADF
from fcntl import F_DUPFD_CLOEXEC, fcntl
from os import close, fstat

# The script may replace these names in `os`.
_open, _parent = os.open, os.getppid

_LOWEST = 200
_HIGHEST = 2**14
"""The kernel keeps a table up to the highest descriptor, and copies it at each fork."""
_ROOM = 16
"""How many descriptors a process may keep like this."""


class PrivateDescriptor:
    """A descriptor of the engine in the script's process.

    Its number is so high that a script that closes, or writes to, "all" descriptors does not come
    to it. Programs that the script starts do not inherit it. If the script closes or replaces it
    all the same, it is opened again (Linux only).

    Args:
        number: The descriptor, which is moved. The parent process keeps it open by this number.
        flags: How to open it again.
    """

    def __init__(self, number: int, flags: int) -> None:
        self._flags = flags
        self._origin = f"/proc/{_parent()}/fd/{number}"
        self._identity = _identity(number)
        self.number = moved(number)
        """Its number when `fileno` was last called: to use it costs nothing, and may fail."""

    def fileno(self) -> int:
        """Return its number, opened again if need be.

        Raises:
            OSError: the script has closed it, and it cannot be opened again.
        """
        try:
            if _identity(self.number) == self._identity:
                return self.number
        except OSError:
            pass  # it is closed
        self.number = moved(_open(self._origin, self._flags))
        if _identity(self.number) != self._identity:
            raise OSError(EBADF, "the script closed a descriptor of the recorder")
        return self.number

    def close(self) -> None:
        """Close it, unless the script did."""
        try:
            if _identity(self.number) == self._identity:
                close(self.number)
        except OSError:
            pass


def _identity(number: int) -> tuple[int, int]:
    found = fstat(number)
    return found.st_dev, found.st_ino


def moved(number: int) -> int:
    """Move a descriptor above the numbers that the script may use, or as high as possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _HIGHEST if soft == resource.RLIM_INFINITY else soft
    lowest = max(limit, _LOWEST)
    try:
        if lowest > _HIGHEST:
            raise ValueError
        # A lower limit leaves the descriptors above it open.
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + _ROOM, hard))
    except (ValueError, OSError):
        lowest = max(0, min(limit, _HIGHEST) - _ROOM)
    try:
        found = fcntl(number, F_DUPFD_CLOEXEC, lowest)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    close(number)
    return found
