"""Let a script find what it finds under Python, though it runs inside the recorder.

These differ: `sys._getframe().f_back` of the script is a frame of the engine; `sys.modules` has
what the engine imported, and `gc.get_freeze_count()` counts it; `sys.flags` has `safe_path` and no
hash randomization; `builtins` has the hooks; the environment sets one thread for torch, a fixed
order of sets and matplotlib's backend; there is no keyboard; near the recursion limit a `print`
needs a few frames more.
"""

import functools
import os
import sys
from collections.abc import Sequence

_DEEPEST = 2
"""By how much the deepest call of a module's code is below the recursion limit."""

_PROBE = compile(
    """
def deeper(depth):
    global deepest
    deepest = depth
    deeper(depth + 1)
try:
    deeper(0)
except RecursionError:
    pass
""",
    "<probe>",
    "exec",
)


def imitate(arguments: Sequence[str]) -> None:
    """Set what `python SCRIPT` sets. Call it where the script's code is executed.

    Args:
        arguments: The script and its arguments.
    """
    sys.argv = [*arguments]
    sys.orig_argv = [sys.executable, *arguments]
    if not os.environ.get("PYTHONNODEBUGRANGES"):
        # The engine sets it to the same as not set at all.
        os.environ.pop("PYTHONNODEBUGRANGES", None)
    found: dict[str, int] = {}
    exec(_PROBE, found)
    # The probe was one frame, that of this function, deeper than the script.
    _hide(sys.getrecursionlimit() - _DEEPEST - found["deepest"] - 1)


def _hide(frames: int) -> None:
    """Leave as many frames to the script as it has under Python."""
    read, write = sys.getrecursionlimit, sys.setrecursionlimit

    @functools.wraps(read)
    def getrecursionlimit() -> int:
        return read() - frames

    @functools.wraps(write)
    def setrecursionlimit(limit: int, /) -> None:
        write(limit + frames if limit > 0 else limit)

    write(read() + frames)
    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit
