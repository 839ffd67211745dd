"""Texts that a terminal would obey, and what it received of them."""

import re

TITLE = "\x1b]0;PWN\x07"
CLIPBOARD = "\x1b]52;c;UFdO\x07"
LINK = "\x1b]8;;http://PWN\x1b\\"
RESET = "\x1bc"
SCREEN = "\x1b[?1047h"
C1 = "\x9b2J"
BIDI = "\u202ePWN\u2066"
MOVES = "\x08\x08\x0b\x0c"

HOSTILE = TITLE + CLIPBOARD + LINK + RESET + SCREEN + C1 + BIDI + MOVES

ESCAPED = r"\x1b]0;PWN\x07"
"""How the beginning of `HOSTILE` is printed."""

_OBEYED = re.compile(
    "\x1b\\]|\x1bc|\x1b\\[\\?1047h|\x07|[\x80-\x9f\u2028-\u202e\u2066-\u2069\x08\x0b\x0c]"
)


def obeyed(output: bytes) -> list[str]:
    """Return what of `HOSTILE` a terminal would have obeyed in this output."""
    return _OBEYED.findall(output.decode())
