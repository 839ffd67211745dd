"""Ask the operating system how the engine's processes end."""

import atexit
import contextlib
import ctypes
import signal
import sys


def die_with_parent(signal_number: int = signal.SIGKILL) -> None:
    """Make the kernel signal this process when its parent ends, even by SIGKILL (Linux only).

    Args:
        signal_number: The signal; 0 turns this off.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal_number)


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
