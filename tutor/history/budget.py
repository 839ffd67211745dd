"""How many bytes recorded values may take, and which of them go first."""

from weakref import ref

from tutor.history.column import Kept
from tutor.schema.frame import TensorView

BUDGET = 256 * 2**20
"""Bytes that the runs of one script may hold together, unless the learner says otherwise."""

NEWEST = 64
"""So many of the newest large values are never thinned: the learner is looking at them."""

_FULL = 3 / 4
"""What is left of the budget after thinning, so that it is rarely needed."""

_LEAST = 1 / 8
"""What large values may take of it, however much the steps take."""


class Budget:
    """Keeps large values within a limit by thinning them evenly in time; small ones always stay.

    A large value belongs to an iteration of a loop, or to a step outside of loops, by its number.
    Values of every second one are kept, then of every fourth, and so on: where one is complete, all
    values of that moment are.

    Args:
        limit: Bytes.
    """

    def __init__(self, limit: int = BUDGET) -> None:
        self.limit = limit
        self.cost = 0
        """Bytes held, about."""
        self._large = 0
        """Bytes of it that could be thinned."""
        self._refs: list[ref[Kept]] = []
        """Whose bytes these are, the newest last; runs that are dropped take theirs along."""
        self._stride = 1
        self._patience = limit
        """Thin when the cost passes this: where little can be had, not at every step again."""

    def spend(self, cost: int) -> None:
        """Count bytes that stay."""
        self.cost += cost
        if self.cost > self._patience:
            self._thin()

    def keep(self, kept: Kept) -> None:
        """Count the content of a large value, if it has one."""
        if kept.view.is_complete:
            self._large += kept.view.cost
            self._refs.append(ref(kept))
            self.spend(kept.view.cost)

    def refill(self, kept: Kept, view: TensorView) -> None:
        """Give a large value the content that it lacks."""
        kept.view = view
        self.keep(kept)

    def release(self, cost: int) -> None:
        """A run is dropped: what it had spent is free, and so are its large values."""
        self.cost -= cost
        self._count()

    def _count(self) -> list[Kept]:
        """The large values that are left, counted anew."""
        alive = [kept for one in self._refs if (kept := one()) is not None]
        self._refs = [ref(kept) for kept in alive]
        found = sum(kept.view.cost for kept in alive)
        self.cost += found - self._large
        self._large = found
        return alive

    def _thin(self) -> None:
        alive = self._count()
        aim = max(self.limit * _FULL - (self.cost - self._large), self.limit * _LEAST)
        while self._large > aim and len(alive) > NEWEST:
            old, newest = alive[:-NEWEST], alive[-NEWEST:]
            left = [kept for kept in old if not kept.order % self._stride]
            for kept in old:
                if kept.order % self._stride:
                    self.cost -= kept.view.cost
                    self._large -= kept.view.cost
                    kept.thin()
            alive = [*left, *newest]
            if not any(kept.order for kept in left):
                break
            if len(left) == len(old):
                self._stride *= 2
        self._refs = [ref(kept) for kept in alive]
        self._patience = max(self.limit, self.cost + self.limit // 16)
