"""Handle SIGINT: raise KeyboardInterrupt at once, or at the next statement."""

import functools
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

    set_handler, handler_of = signal.signal, signal.getsignal

    def interrupt(number: int, frame: FrameType | None) -> None:
        while frame is not None and frame.f_code.co_filename != script:
            if frame.f_code in _uninterruptible:
                postpone()
                return
            if frame.f_code in _interruptible:
                break
            frame = frame.f_back
        raise KeyboardInterrupt

    @functools.wraps(set_handler)
    def replaced(signalnum: Any, handler: Any) -> Any:
        before = set_handler(signalnum, interrupt if handler is python else handler)
        return python if before is interrupt else before

    @functools.wraps(handler_of)
    def found(signalnum: Any) -> Any:
        handler = handler_of(signalnum)
        return python if handler is interrupt else handler

    set_handler(signal.SIGINT, interrupt)
    # The script finds Python's handler, which it may keep and restore.
    python = signal.default_int_handler
    signal.signal, signal.getsignal = replaced, found
