"""Limit the part of a run's time that goes into the content of large tensors."""

from time import perf_counter

SHARE = 0.05
"""The part of a run's time."""


class TimeBudget:
    """Compares the time spent with a share of the run's time so far."""

    def __init__(self) -> None:
        self._began = perf_counter()
        self._spent = 0.0

    def is_left(self) -> bool:
        """Return True if more time may be spent."""
        return self._spent <= SHARE * (perf_counter() - self._began)

    def spend(self, seconds: float) -> None:
        self._spent += seconds

    def exclude(self, seconds: float) -> None:
        """Exclude time spent waiting for input from the run's time."""
        self._began += seconds
