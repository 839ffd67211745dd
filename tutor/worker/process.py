"""How the engine's processes end, and what ends with them."""

import atexit
import contextlib
import ctypes
import os
import select
import signal
import sys
from os import _exit
from pathlib import Path
from typing import NoReturn

from tutor.wire.messages import Ended
from tutor.wire.private_descriptor import PrivateDescriptor
from tutor.wire.shared_page import Sender

# The script may replace these names in `select`.
_poll, _POLLHUP = select.poll, select.POLLHUP

_libc = ctypes.CDLL(None)
_fallocate = getattr(_libc, "fallocate", None)  # Linux has it


def leave(sender: Sender, ended: Ended) -> NoReturn:
    """Send the last event, and end this process with its threads.

    An exception instead could be caught by the script's own handlers.
    """
    try:
        sender.page.runs_script = False
        sender.append(ended)
        sender.flush()
    finally:
        # An event that could not be sent is left in the page.
        _exit(0)


class ForkedProcesses:
    """The processes that the script forks and that run its code.

    Each inherits the end of a pipe: the other end tells when they all have ended.
    """

    def __init__(self) -> None:
        readable, writable = os.pipe()
        self._readable = PrivateDescriptor(readable, os.O_RDONLY)
        self._writable = PrivateDescriptor(writable, os.O_WRONLY)

    def wait(self, seconds: float) -> bool:
        """Return True if all have ended within some time."""
        self._writable.close()
        try:
            poll = _poll()
            poll.register(self._readable.fileno(), _POLLHUP)
            return bool(poll.poll(1000 * seconds))
        except OSError:
            return True  # the script closed the pipe


def die_with_parent(signal_number: int = signal.SIGKILL) -> None:
    """Make the kernel signal this process when its parent ends, even by SIGKILL (Linux only).

    Args:
        signal_number: The signal; 0 turns this off.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1
        _libc.prctl(set_parent_death_signal, signal_number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, detached ones too (Linux only)."""
    if sys.platform == "linux":
        set_child_subreaper = 36
        _libc.prctl(set_child_subreaper, 1, 0, 0, 0)


def children() -> dict[int, int]:
    """Return the children of this process and the time at which each started (Linux only)."""
    found = {}
    for threads_children in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, threads_children.read_text().split()):
            # It may have ended by now.
            with contextlib.suppress(OSError):
                # The name of the program, in brackets, may be anything.
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                found[pid] = int(fields[19])
    return found


def free(file: int, start: int, end: int) -> None:
    """Give back the disk space of a part of a file that was read (Linux only)."""
    if _fallocate is not None:
        keep_size, punch_hole = 1, 2
        length = ctypes.c_long(end - start)
        _fallocate(file, keep_size | punch_hole, ctypes.c_long(start), length)


def prefer_for_oom_kill() -> None:
    """Make the kernel kill this process before others when memory runs out (Linux only)."""
    # A hardened container may forbid it; the run works all the same.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def forget_exit_handlers() -> None:
    """Drop the exit handlers of the parent, after a fork."""
    atexit._clear()


def run_exit_handlers() -> None:
    """Run the exit handlers, which `os._exit` would skip."""
    atexit._run_exitfuncs()
