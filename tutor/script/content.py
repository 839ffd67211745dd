"""Read the bytes of a script, whatever lies at its path."""

import errno
import os
import stat
from pathlib import Path

LONGEST = 2**24
"""The most bytes of a script."""


def content(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: it cannot be read. A pipe, a device or a file without end is refused unread.
    """
    status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    if status.st_size <= LONGEST:
        with open(path, "rb") as file:
            # Some files, such as those in /proc, are longer than they say.
            found = file.read(LONGEST + 1)
        if len(found) <= LONGEST:
            return found
    raise OSError(errno.EFBIG, f"it is longer than {LONGEST:,} bytes, so it is no script")
