"""Run a script in a folder of its own, report files that it leaves, and refuse network calls."""

import functools
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import torch

from tutor.wire.messages import Trespassed

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_MAKING = {"os.mkdir": 0, "os.link": 1, "os.symlink": 1}
"""The events that create a file without opening it, and the position of the path among their
arguments. They fail if the path exists."""

_CALLS = {
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.connect": 1,
    "socket.sendto": 1,
}
"""The events that name a host, and the position of the host or address among their arguments."""


class Sandbox:
    """Moves this process into `folder` and listens to audit events from then on, for good.

    It misses files that are written relative to another folder (`dir_fd`), or by C++ other than
    `torch.save`.

    Args:
        line: Returns the line of the statement that runs.
    """

    def __init__(self, folder: str, line: Callable[[], int]) -> None:
        self._folder = os.path.realpath(folder)
        self._line = line
        self._written: dict[str, int] = {}
        self._called: dict[str, int] = {}
        os.chdir(self._folder)
        # Torch makes a cache folder when the first optimizer is created.
        self._cache = os.path.join(self._folder, ".torch")
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = self._cache
        os.environ["TMPDIR"] = tempfile.tempdir = self._folder
        # Byte code files of imported modules are not the script's doing.
        sys.dont_write_bytecode = True
        sys.addaudithook(self._on_event)
        # It opens its file in C++, without an event.
        torch.save = self._noting(torch.save)

    def trespasses(self) -> list[Trespassed]:
        """Return the hosts that were called and the files that are still there.

        Files in the sandbox have relative paths; those that another process wrote have line 0.
        """
        names = os.listdir(self._folder) if os.path.isdir(self._folder) else []
        own = {os.path.join(self._folder, name): 0 for name in names}
        left = {
            path: line
            for path, line in (own | self._written).items()
            if os.path.lexists(path)
            and path != self._cache
            and os.path.basename(path) != "__pycache__"
        }
        return [
            *(Trespassed("network", host, line) for host, line in self._called.items()),
            *(
                Trespassed("file", path.removeprefix(self._folder + os.sep), line)
                for path, line in left.items()
                # Files in a new folder are reported as that folder.
                if os.path.dirname(path) not in left
            ),
        ]

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            is_writing = flags & _WRITING if isinstance(flags, int) else "r" not in (mode or "r")
            # A temporary file without a name is opened by the name of its folder.
            if is_writing and isinstance(path, str | bytes) and not os.path.isdir(path):
                self._note(os.path.realpath(os.fsdecode(path)))
        elif event == "os.rename":
            self._note(_itself(arguments[1]))
        elif event in _MAKING and not os.path.lexists(made := arguments[_MAKING[event]]):
            self._note(_itself(made))
        elif event in _CALLS:
            self._note_call(arguments[_CALLS[event]])

    def _noting(self, save: Callable[..., None]) -> Callable[..., None]:
        """Return `torch.save` wrapped so that its path is noted."""

        @functools.wraps(save)
        def call(obj: object, f: Any, *args: Any, **kwargs: Any) -> None:
            if isinstance(f, str | os.PathLike):
                self._note(os.path.realpath(f))
            save(obj, f, *args, **kwargs)

        return call

    def _note(self, path: str) -> None:
        if not path.startswith(("/dev/", "/proc/")):
            self._written.setdefault(path, self._line())

    def _note_call(self, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else address
        name = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")
        if _is_here(name) or (isinstance(address, str) and os.sep in address):
            return
        self._called.setdefault(name, self._line())
        raise ConnectionRefusedError(f"a lesson is checked without a network; it calls {name}")


def _itself(path: str | bytes) -> str:
    """Return the absolute path of a link, not of its target."""
    folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
    return os.path.join(os.path.realpath(folder), name)


def _is_here(host: str) -> bool:
    """Return True if a host is this machine; "" stands for all its addresses."""
    return host in ("", "localhost", "::1", "::", "0.0.0.0") or host.startswith("127.")
