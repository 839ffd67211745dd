"""Split a script where Python does."""

import io


def lines_of(source: str) -> list[str]:
    """Return the lines of a script, without their ends.

    `str.splitlines` also splits at form feeds and at Unicode's separators, which Python takes for
    characters of a line.

    Args:
        source: The text of the file with `\\n` as line ends, as `Lesson.source`.
    """
    return source.split("\n")


def with_ends(source: str) -> list[str]:
    """Return the lines of a script as `linecache` keeps them: each ends in a newline."""
    lines = io.StringIO(source, newline="\n").readlines()
    return [*lines[:-1], lines[-1].removesuffix("\n") + "\n"] if lines else []
