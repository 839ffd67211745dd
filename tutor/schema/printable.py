"""Make text that comes from outside printable: a terminal must obey nothing that it quotes."""

import re

_ALWAYS = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
"""Control characters above ASCII, characters that change the direction of what follows, line
separators, and halves of surrogate pairs, which no encoding can represent."""

_IN_TEXT = re.compile(rf"[\x00-\x08\x0b-\x1f{_ALWAYS}]")
_IN_LINE = re.compile(rf"[\x00-\x1f{_ALWAYS}]")


def printable(text: str, one_line: bool = False) -> str:
    """Return `text` with all that a terminal would obey escaped, as in `\\x1b` and `\\u202e`.

    Line breaks and tabs stay, unless it is to be one line. A line of JSON stays JSON with the same
    meaning: its control characters below 0x20 are escaped already.
    """
    if text.isprintable():
        return text
    return (_IN_LINE if one_line else _IN_TEXT).sub(_escaped, text)


def without_controls(text: str) -> str:
    """Return `text` without what a terminal would obey, where each cell has its place already."""
    return text if text.isprintable() else _IN_LINE.sub("", text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x20 else f"\\u{code:04x}"
