"""Limit the memory of recorded values: decide which large values lose their content first."""

from weakref import ref

from tutor.history.column import LargeValue
from tutor.schema.frame import TensorView

BUDGET = 256 * 2**20
"""The default limit in bytes, for all runs of a script together."""

NEWEST = 64
"""The number of newest large values that are never thinned: the learner is looking at them."""

_FULL = 3 / 4
"""Thinning stops at this part of the limit, so that it is seldom needed."""

_LEAST = 1 / 8
"""Large values may take this part of the limit, however much the steps take."""


class Budget:
    """Thins large values evenly in time when a limit is passed. Small values always stay.

    A large value has an order: the number of its iteration, or of its step outside of loops. The
    budget keeps the values of every second order, then of every fourth, and so on, so that the
    values of one moment are either all complete or all thinned.

    Args:
        limit: Bytes.
    """

    def __init__(self, limit: int = BUDGET) -> None:
        self.limit = limit
        self.cost = 0
        """Bytes in use, approximately."""
        self._large = 0
        """The bytes of `cost` that are content of large values."""
        self._refs: list[ref[LargeValue]] = []
        """All large values with content, the newest last. Those of dropped runs are dead."""
        self._stride = 1
        """Only values whose order is a multiple of this keep their content."""
        self._threshold = limit
        """The cost above which to thin. Above the limit if thinning could not free enough, so that
        not every step tries again."""

    def spend(self, cost: int) -> None:
        """Count bytes that cannot be thinned."""
        self.cost += cost
        if self.cost > self._threshold:
            self._thin()

    def add(self, large: LargeValue) -> None:
        """Count the content of a large value, if it has any."""
        if large.view.is_complete:
            self._large += large.view.cost
            self._refs.append(ref(large))
            self.spend(large.view.cost)

    def refill(self, large: LargeValue, view: TensorView) -> None:
        """Restore the content of a large value."""
        large.view = view
        self.add(large)

    def release(self, cost: int) -> None:
        """Free what a dropped run has spent, and its large values."""
        self.cost -= cost
        self._count()

    def _count(self) -> list[LargeValue]:
        """Count the large values again and return those that still exist."""
        alive = [large for one in self._refs if (large := one()) is not None]
        self._refs = [ref(large) for large in alive]
        found = sum(large.view.cost for large in alive)
        self.cost += found - self._large
        self._large = found
        return alive

    def _thin(self) -> None:
        alive = self._count()
        aim = max(self.limit * _FULL - (self.cost - self._large), self.limit * _LEAST)
        while self._large > aim and len(alive) > NEWEST:
            old, newest = alive[:-NEWEST], alive[-NEWEST:]
            left = [large for large in old if not large.order % self._stride]
            for large in old:
                if large.order % self._stride:
                    self.cost -= large.view.cost
                    self._large -= large.view.cost
                    large.thin()
            alive = [*left, *newest]
            if not any(large.order for large in left):
                break
            if len(left) == len(old):
                self._stride *= 2
        self._refs = [ref(large) for large in alive]
        self._threshold = max(self.limit, self.cost + self.limit // 16)
