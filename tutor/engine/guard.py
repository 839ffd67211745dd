"""Watch what a script does outside of a folder of its own: files that it leaves, hosts it calls."""

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from tutor.engine.protocol import Trespassed

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_HERE = ("localhost", "127.", "::1", "0.0.0.0")


class Guard:
    """Moves this process into `folder` and listens from then on; it cannot be taken off again.

    Args:
        line: Tells the statement that runs.
    """

    def __init__(self, folder: str, line: Callable[[], int]) -> None:
        self._folder = os.path.realpath(folder)
        self._line = line
        self._written: dict[str, int] = {}
        self._called: dict[str, int] = {}
        os.chdir(self._folder)
        os.environ["TMPDIR"] = tempfile.tempdir = self._folder
        sys.addaudithook(self._hear)

    def found(self) -> list[Trespassed]:
        """What the script did; of files those that are still there."""
        left = {path: line for path, line in self._written.items() if os.path.isfile(path)}
        return [
            *(Trespassed("network", host, line) for host, line in self._called.items()),
            *(Trespassed("file", path, line) for path, line in left.items()),
        ]

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            is_writing = flags & _WRITING if isinstance(flags, int) else "r" not in (mode or "r")
            if is_writing and isinstance(path, str | bytes):
                self._note_file(os.fsdecode(path))
        elif event == "socket.getaddrinfo":
            self._note_call(arguments[0])
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            self._note_call(arguments[1][0])

    def _note_file(self, path: str) -> None:
        path = os.path.realpath(path)
        if not path.startswith(("/dev/", "/proc/", self._folder + os.sep)):
            self._written.setdefault(path, self._line())

    def _note_call(self, host: object) -> None:
        name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
        if host is None or name.startswith(_HERE):
            return
        self._called.setdefault(name, self._line())
        raise ConnectionRefusedError(f"a lesson is checked without a network; it calls {name}")
