"""Notice that a file was saved after it was read."""

from pathlib import Path
from time import monotonic

_REUSE = 2.0
"""Seconds for which the last answer is reused."""


class WatchedFile:
    """A file that was just read. It is checked only on request, which a key press makes.

    Args:
        has_changed: Whether what is shown is an older text of it.
    """

    def __init__(self, path: Path, has_changed: bool = False) -> None:
        self._path = path
        self._read_at = None if has_changed else self._saved_at()
        self._checked_at = monotonic()
        self._has_changed = has_changed

    def has_changed(self) -> bool:
        """Return whether the file was saved since. A deleted file cannot be opened again: False."""
        if monotonic() - self._checked_at >= _REUSE:
            self._checked_at = monotonic()
            self._has_changed = self._saved_at() not in (None, self._read_at)
        return self._has_changed

    def _saved_at(self) -> int | None:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return None
