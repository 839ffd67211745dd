"""Look at the script's objects, whatever their methods raise.

Everything that a recorder asks of a value of the script goes through `attempt`: a value that cannot
be read is recorded as that, and the run goes on.
"""

import re
from collections.abc import Callable
from signal import getsignal, valid_signals
from types import CodeType
from typing import Any, TypeVar

from tutor.worker.interrupts import trace_of, unguarded

_Found = TypeVar("_Found")
_Other = TypeVar("_Other")

_PACKAGE = __name__.partition(".")[0]

_SENTENCE = re.compile(r"\.?\n|\. ")
"""The end of the first sentence of a message."""

_LONGEST = 200
"""Characters of a reason that are kept."""

# By the base class: a subclass of the script's may have methods of its own for these.
_name_of: Callable[[type], str] = vars(type)["__name__"].__get__
_args_of: Callable[[BaseException], tuple[Any, ...]] = vars(BaseException)["args"].__get__


def attempt(
    act: Callable[..., _Found], *args: Any, otherwise: Callable[[str], _Other]
) -> _Found | _Other:
    """Return `act(*args)`; if that raises, `otherwise` of the reason.

    Only what a signal raises is passed on: the script waits for it.
    """
    try:
        return act(*args)
    except BaseException as error:
        if _is_from_signal(error):
            raise
        return otherwise(reason(error))


def reason(error: BaseException) -> str:
    """Return why a value cannot be read, in one line; run no code of the exception."""
    args = _args_of(error)
    text = args[0] if args and type(args[0]) is str else ""
    first = _SENTENCE.split(text, 1)[0] or type_name(error)
    return f"cannot be read: {printable(first)}"[:_LONGEST]


def type_name(value: object) -> str:
    """Return the name of a value's class; run no code of the class."""
    return printable(_name_of(type(value)))


def printable(text: str) -> str:
    """Replace control characters, and lone surrogates, which no message can hold."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in text)


def _is_from_signal(error: BaseException) -> bool:
    """Return True if a handler of a signal raised `error`, while the recorder ran."""
    codes: set[CodeType] = set()
    module = ""
    trace = trace_of(error)
    while trace is not None:
        codes.add(trace.tb_frame.f_code)
        module = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    if type(error) is KeyboardInterrupt and module.partition(".")[0] == _PACKAGE:
        return True  # Python's own handler, which has no frame
    return any(_code(unguarded(getsignal(number))) in codes for number in valid_signals())


def _code(handler: object) -> CodeType | None:
    """Return the code of a signal's handler; None if it has none."""
    found = getattr(handler, "__code__", None)  # of a function or a method
    return found if isinstance(found, CodeType) else None
