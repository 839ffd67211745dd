"""Look at the script's objects, whatever their methods raise.

Everything that a recorder asks of a value of the script goes through `attempt`: a value that cannot
be read is recorded as that, and the run goes on.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from tutor.schema.printable import printable
from tutor.worker.interrupts import is_from_handler

_Found = TypeVar("_Found")
_Other = TypeVar("_Other")

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

    Only what the handler of a signal raises is passed on: the script waits for it.
    """
    try:
        return act(*args)
    except BaseException as error:
        if is_from_handler(error):
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
