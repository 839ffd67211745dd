"""Run the script's signal handlers in the script's code only.

A handler may raise: in the middle of the recorder, that would tear a message apart. There it is
postponed until the recorder is done.
"""

import signal
from _thread import get_ident
from collections.abc import Callable
from functools import partial, wraps
from types import CodeType, FrameType, TracebackType
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Handler = Callable[[int, FrameType | None], object]

trace_of: Callable[[BaseException], TracebackType | None] = vars(BaseException)[
    "__traceback__"
].__get__
"""Returns the traceback, even if a class of the script's has a property of this name."""

_raised: list[BaseException] = []
"""What the last handler raised, if it did."""

_uninterruptible: set[CodeType] = set()
_interruptible: set[CodeType] = set()
_delivering: set[CodeType] = set()


def uninterruptible(function: _Function) -> _Function:
    """Mark a function of the recorder in which no handler of the script may run."""
    _uninterruptible.add(function.__code__)
    return function


def interruptible(function: _Function) -> _Function:
    """Mark a function, called by an uninterruptible one, in which SIGINT does no harm."""
    _interruptible.add(function.__code__)
    return function


def delivering(function: _Function) -> _Function:
    """Mark a function that is a part of what the script does, and calls `deliver` at its end."""
    _delivering.add(function.__code__)
    return function


def is_fault(error: BaseException) -> bool:
    """Return True if the recorder raised an exception, not the script or one of its handlers."""
    found = False
    trace = trace_of(error)
    while trace is not None:
        code = trace.tb_frame.f_code
        found = code in _uninterruptible or (found and code not in _interruptible)
        trace = trace.tb_next
    return found


class Interrupts:
    """The handlers of the script's signals, and those calls of them that have to wait.

    Args:
        script: The file name of the script's code.
    """

    def __init__(self, script: str) -> None:
        self.is_over = False
        """Whether the script is over: signals are ignored."""
        self.on_postponed: Callable[[], None] = lambda: None
        """Called when a call was postponed: `deliver` should be called soon."""
        self._script = script
        self._main = get_ident()
        self._postponed: dict[int, Callable[[], object]] = {}
        """By signal: as in Python, one that comes again before it was handled is one."""

    def install(self) -> None:
        """Guard all handlers that the script sets, and that of SIGINT."""
        install, current = signal.signal, signal.getsignal

        @wraps(install)
        def set_handler(number: int, handler: Any) -> Any:
            guarded = _Guarded(self, handler) if callable(handler) else handler
            return _unguarded(install(number, guarded))

        @wraps(current)
        def get_handler(number: int) -> Any:
            return _unguarded(current(number))

        signal.signal = set_handler  # type: ignore[assignment]
        signal.getsignal = get_handler  # type: ignore[assignment]
        set_handler(signal.SIGINT, signal.default_int_handler)

    @interruptible
    def deliver(self) -> None:
        """Make the calls that were postponed; the first that raises ends this."""
        # Python calls handlers in the main thread only.
        while self._postponed and get_ident() == self._main:
            self._postponed.pop(next(iter(self._postponed)))()

    def take(self, handler: _Handler, number: int, frame: FrameType | None) -> None:
        """Call a handler, now or later."""
        if self.is_over:
            return
        if not self._is_recording(number, frame):
            _call(handler, number, frame)
            return
        while frame is not None and frame.f_code.co_filename != self._script:
            frame = frame.f_back
        self._postponed.setdefault(number, partial(_call, handler, number, frame))
        self.on_postponed()

    def _is_recording(self, number: int, frame: FrameType | None) -> bool:
        """Return True if a signal arrives where the handler has to wait."""
        # Past the script's frames too: the recorder calls methods of the script's values.
        while frame is not None:
            if frame.f_code in _uninterruptible or frame.f_code in _delivering:
                return True
            if frame.f_code in _interruptible and number == signal.SIGINT:
                return False
            frame = frame.f_back
        return False


def _call(handler: _Handler, number: int, frame: FrameType | None) -> None:
    _raised.clear()
    try:
        handler(number, frame)
    except BaseException as error:
        _raised.append(error)
        raise


def is_from_handler(error: BaseException) -> bool:
    """Return True if the last handler of a signal raised this exception."""
    return any(one is error for one in _raised)


class _Guarded:
    """A handler of the script that is called by way of `Interrupts`."""

    def __init__(self, interrupts: Interrupts, handler: _Handler) -> None:
        self.handler = handler
        self._interrupts = interrupts

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._interrupts.take(self.handler, number, frame)


def _unguarded(handler: Any) -> Any:
    return handler.handler if isinstance(handler, _Guarded) else handler
