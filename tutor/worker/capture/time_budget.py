"""How much of a run's time may go into the content of large tensors."""

from time import perf_counter

SHARE = 0.05
"""This part of it, while nothing else is asked for."""


class TimeBudget:
    """Counts the time that was spent, against a share of the run's time so far."""

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
