"""Which statement raised what the script caught."""

import sys
import traceback
from itertools import islice

from tutor.worker.instrument import Program

_WORDS = 4000
"""Characters that are kept of what an exception says."""


class Exceptions:
    """Finds the statement that raised what the script caught, once each time that it raises.

    A statement that raises is over. So what comes from one that was found, and has not begun again
    since, is the same exception on its way further out, through a `finally` or a bare `raise`.
    Nothing has to be known of the exception itself, which is the script's own: it gets no mark and
    lives no longer.

    Args:
        program: The script.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._over: set[int] = set()
        # Each statement calls this: methods of its own would double what a counted step costs.
        self.begin = self._over.discard
        """A statement of this site begins."""
        self.end = self._over.add
        """A statement of this site, or its head, is over."""

    def take(self) -> tuple[int, Exception] | None:
        """The site of the statement that raised what the script is handling, and what it raised;
        None if that was told before, or no statement raised it."""
        error = sys.exception()
        if not isinstance(error, Exception) or (trace := error.__traceback__) is None:
            return None  # an interrupt; or a `finally` without any
        positions = trace.tb_frame.f_code.co_positions()
        line, _, column, _ = next(islice(positions, trace.tb_lasti // 2, None))
        site = self._program.site_at((line or 0, column or 0))
        if site is None or site in self._over:
            return None
        self.end(site)
        return site, error


def words(error: Exception) -> str:
    """What Python says of it: `RuntimeError: Trying to backward through …`."""
    # Of a syntax error it quotes the place first.
    lines = traceback.format_exception_only(error)
    told = next(line for line in lines if not line.startswith(" ")).strip()[:_WORDS]
    # What a terminal would obey, and what no file can hold.
    told = told.encode("utf-8", "replace").decode()
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in told)
