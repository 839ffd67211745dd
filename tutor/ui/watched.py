"""Whether a file was saved since it was read. Nobody polls: it is asked when a key is pressed."""

from pathlib import Path
from time import monotonic

_GLANCE = 2.0
"""Seconds during which the last answer is still good enough."""


class Watched:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = self._saved_at()
        self._asked_at = monotonic()
        self._has_changed = False

    def has_changed(self) -> bool:
        """Whether the file has another text now. One that was deleted has none to open again."""
        if monotonic() - self._asked_at >= _GLANCE:
            self._asked_at = monotonic()
            self._has_changed = self._saved_at() not in (None, self._read_at)
        return self._has_changed

    def _saved_at(self) -> int | None:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return None
