"""Long work in short slices, so that the screen stays responsive."""

from collections.abc import Iterator
from time import monotonic

SLICE = 0.004
"""Seconds of one slice, about."""


def advance(work: Iterator[object], seconds: float = SLICE) -> bool:
    """Continue `work` for about `seconds`, at least by one item. Return True if work remains."""
    until = monotonic() + seconds
    return any(monotonic() >= until for _ in work)
