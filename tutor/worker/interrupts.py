"""Handle SIGINT: raise KeyboardInterrupt at once, or at the next statement."""

import signal
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])

_uninterruptible: set[CodeType] = set()
_interruptible: set[CodeType] = set()


def uninterruptible(function: _Function) -> _Function:
    """Mark a function in which an interrupt would tear a message apart."""
    _uninterruptible.add(function.__code__)
    return function


def interruptible(function: _Function) -> _Function:
    """Mark a function, called by an uninterruptible one, in which an interrupt does no harm."""
    _interruptible.add(function.__code__)
    return function


def handle(script: str, postpone: Callable[[], None]) -> None:
    """Raise KeyboardInterrupt in the script's code when SIGINT arrives.

    Args:
        script: The file name of the script's code.
        postpone: Called instead where an uninterruptible function runs.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        while frame is not None and frame.f_code.co_filename != script:
            if frame.f_code in _uninterruptible:
                postpone()
                return
            if frame.f_code in _interruptible:
                break
            frame = frame.f_back
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
