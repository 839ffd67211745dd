"""What the engine's processes ask of the operating system."""

import atexit
import contextlib
import ctypes
import signal
import sys


def die_with_parent(signal_number: int = signal.SIGKILL) -> None:
    """Let the kernel end this process when its parent is gone, even by SIGKILL (Linux only).

    Args:
        signal_number: What it is sent then; 0 takes the wish back.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal_number)


def be_first_to_die() -> None:
    """Let a machine out of memory end this process rather than the screen (Linux only)."""
    # A hardened container may forbid it; the run is none the worse for that.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def forget_exit_handlers() -> None:
    """Handlers that were registered before a fork belong to the parent."""
    atexit._clear()


def run_exit_handlers() -> None:
    """What Python runs at a normal end, and what `os._exit` skips."""
    atexit._run_exitfuncs()
