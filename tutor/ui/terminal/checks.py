"""Check whether this terminal can show the app, and with which characters."""

import os
import sys

GLYPHS = "╭─│·→█▄⠿"
"""A sample of what is drawn: an encoding without these characters gets ASCII."""


def obstacle() -> str | None:
    """Return one line saying why there can be no screen here; None if there can."""
    # Served as a web page, the screen is drawn by the browser.
    if os.environ.get("TEXTUAL_DRIVER"):
        return None
    # Textual reads keys from stdin and draws on stderr.
    for stream, name in ((sys.__stdin__, "input"), (sys.__stderr__, "screen (stderr)")):
        if stream is None or not stream.isatty():
            return (
                f"tutor: its {name} is no terminal; run it in one, or use `tutor run` for a table"
            )
    if os.environ.get("TERM") == "dumb":
        return (
            "tutor: this terminal (TERM=dumb) cannot place a cursor; "
            "try TERM=xterm-256color, or use `tutor run`"
        )
    return None


def lacks_unicode() -> bool:
    """Return whether the terminal's encoding has no box drawing characters."""
    encoding = sys.__stderr__.encoding if sys.__stderr__ else "utf-8"
    try:
        GLYPHS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return True
    return False
