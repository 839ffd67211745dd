"""Find the statement that raised an exception that the script caught."""

import sys
import traceback
from itertools import islice

from tutor.schema.printable import printable
from tutor.worker import guard
from tutor.worker.instrument import Program

_LONGEST = 4000
"""Characters of an exception's message that are kept."""


class Exceptions:
    """Finds the statement that raised a caught exception, once each time that it raises.

    A statement that raised is over. An exception from a statement that is over, and has not begun
    again, was found before: a `finally` or a bare `raise` passed it on. The exception object itself
    is not marked or kept.

    Args:
        program: The script.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._over: set[int] = set()
        # Each statement calls these: Python methods would double the cost of a counted step.
        self.begin = self._over.discard
        """Note that the statement of a site begins."""
        self.end = self._over.add
        """Note that the statement of a site, or its head, is over."""

    def take(self) -> tuple[int, Exception] | None:
        """Return the site of the statement that raised what the script is handling, and the error.

        Returns:
            None if it was returned before, or if no statement raised it.
        """
        error = sys.exception()
        if not isinstance(error, Exception) or (trace := error.__traceback__) is None:
            return None  # an interrupt, or a `finally` without an exception
        positions = trace.tb_frame.f_code.co_positions()
        line, _, column, _ = next(islice(positions, trace.tb_lasti // 2, None))
        site = self._program.site_at((line or 0, column or 0))
        if site is None or site in self._over:
            return None
        self.end(site)
        return site, error


def message(error: Exception) -> str:
    """Return type and text, as `RuntimeError: Trying to backward through …`."""
    return guard.attempt(
        _message, error, otherwise=lambda problem: f"{guard.type_name(error)}: {problem}"
    )


def _message(error: Exception) -> str:
    # The message of a syntax error begins with a quotation of its place.
    lines = traceback.format_exception_only(error)
    text = next(line for line in lines if not line.startswith(" ")).strip()[:_LONGEST]
    return printable(text)
