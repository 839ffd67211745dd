"""Hide the recorder from the trace and profile functions that the script sets."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

_ENGINE = str(Path(__file__).parent.parent)

_Function = Callable[[FrameType, str, Any], Any]


def hide_from_tracing(script: str) -> None:
    """Let the functions of `sys.settrace` and `sys.setprofile` see no frame of the recorder.

    They do not see either what torch does for a call that the recorder observes, such as a backward
    pass. Profilers written in C, such as `cProfile`, see all of it.

    Args:
        script: The file name of the script's code.
    """
    sys.settrace, sys.gettrace = _hiding(sys.settrace, sys.gettrace, script)
    sys.setprofile, sys.getprofile = _hiding(sys.setprofile, sys.getprofile, script)


def _hiding(set_function: Any, get_function: Any, script: str) -> tuple[Any, Any]:
    @wraps(set_function)
    def set_hiding(function: _Function | None) -> None:
        set_function(function and _Hiding(function, script))

    @wraps(get_function)
    def get() -> Any:
        found = get_function()
        return found.function if isinstance(found, _Hiding) else found

    return set_hiding, get


class _Hiding:
    """A trace or profile function that is called for the frames of other code only."""

    def __init__(self, function: _Function, script: str) -> None:
        self.function = function
        self._script = script

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        above: FrameType | None = frame
        while above is not None and (file := above.f_code.co_filename) != self._script:
            if file.startswith(_ENGINE):
                return None
            above = above.f_back
        return self.function(frame, event, argument)
