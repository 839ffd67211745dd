"""Write a file that replaces the old one only when it is complete, whatever ends the process."""

import contextlib
import fcntl
import os
import secrets
from types import TracebackType
from typing import BinaryIO

_PART = ".tutor-part"
"""The suffix of a file that is still being written, where the file must have a name."""


class NewFile:
    """A file that takes the place of the one at `path` when the `with` block ends.

    An exception in the block drops it and keeps the old file. Where the file system allows it, the
    new file has no name until it is complete, so that even SIGKILL leaves nothing behind. Elsewhere
    what a killed process left is removed when the next file is written into the folder.

    A link stays a link, and its target is replaced. A new file has the mode that the user's umask
    gives; an old one keeps its own. A device or a pipe is written to directly.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._target = os.path.realpath(path)
        self._is_stream = os.path.exists(path) and not os.path.isfile(path)
        self._part = ""
        if self._is_stream:
            self._file = open(path, "wb")
            return
        folder = os.path.dirname(self._target)
        _remove_leftovers(folder)
        self._file = open(self._open_in(folder), "wb")
        with contextlib.suppress(FileNotFoundError):
            os.fchmod(self._file.fileno(), os.stat(self._target).st_mode & 0o7777)

    def __enter__(self) -> BinaryIO:
        return self._file

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._file.flush()
                if not self._is_stream:
                    self._replace()
        finally:
            with contextlib.suppress(OSError):  # what is left in the buffer is not wanted
                self._file.close()
            if self._part:
                with contextlib.suppress(FileNotFoundError):  # it has its final name
                    os.unlink(self._part)

    def _open_in(self, folder: str) -> int:
        if hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd"):
            with contextlib.suppress(OSError):  # not every file system has nameless files
                return os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666)
        self._part = _part_name(folder)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        descriptor = os.open(self._part, flags, 0o666)
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor

    def _replace(self) -> None:
        descriptor = self._file.fileno()
        os.fsync(descriptor)
        if not self._part:
            self._part = _part_name(os.path.dirname(self._target))
            with contextlib.suppress(OSError):  # not every file system has locks
                # Another writer in this folder takes a file without a lock for a leftover.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The directory descriptor is ignored, but makes the call follow the link in /proc.
            os.link(f"/proc/self/fd/{descriptor}", self._part, src_dir_fd=descriptor)
        os.replace(self._part, self._target)


def _part_name(folder: str) -> str:
    return os.path.join(folder, f".{secrets.token_hex(8)}{_PART}")


def _remove_leftovers(folder: str) -> None:
    """Remove what killed processes left in `folder`: a living one holds a lock on its file."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith(_PART):
                with contextlib.suppress(OSError):
                    _remove_if_unlocked(entry.path)


def _remove_if_unlocked(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    finally:
        os.close(descriptor)
