"""The columns of boxes in layers: near to what they have wires to, the longest way straight."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import floor, inf

PITCH = 2
"""Columns from a port to the next: one stays blank, so that two lines never look like one."""

BETWEEN = 2
"""Blank columns between two boxes; one is enough beside a wire."""

SWEEPS = 6
"""How often every layer is moved under the one above it and over the one below it."""


@dataclass(eq=False)
class Slot:
    """A place in a layer: of a box, or (without a key) of wires that only pass."""

    key: int | None
    width: int
    height: int
    left: int = 0
    top: int = 0
    depth: int = 0
    """How many slots lie on the longest way from a leaf, this one counted."""
    above: list["Link"] = field(default_factory=list)
    below: list["Link"] = field(default_factory=list)

    ins: int = 0
    outs: int = 0
    """How many wires come in from above, and go out below."""

    @property
    def middle(self) -> float:
        return self.left + (self.width - 1) / 2

    def count_ports(self) -> None:
        """Count the wires, and widen a box that has not a port for each."""
        self.ins = sum(len(link.wires) for link in self.above)
        self.outs = sum(len(link.wires) for link in self.below)
        if self.key is not None:
            self.width = max(self.width, PITCH * max(self.ins, self.outs) + 1)


@dataclass(eq=False)
class Link:
    """What goes from a slot to one in the next layer."""

    upper: Slot
    lower: Slot
    wires: Sequence[int]
    leaves: int = 0
    enters: int = 0
    """How many ports are to the left of its first, under `upper` and above `lower`."""


def spread(
    wanted: Sequence[float],
    weights: Sequence[float],
    steps: Sequence[int],
    low: float = -inf,
    high: float = inf,
) -> list[int]:
    """Columns from `low` to `high`, at least `steps` apart, with the least squares to `wanted`.

    By pooling adjacent violators: what is too near to its neighbour moves together with it.
    """
    offsets = list(accumulate(steps, initial=0))
    pools: list[tuple[float, float, int]] = []  # sum of weight * column, of weights, of members
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        pool = (weight * (want - offset), weight, 1)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    columns = []
    for total, weight, count in pools:
        column = min(max(total / weight, low), high - offsets[-1])
        columns += [floor(column + 0.5)] * count
    return [column + offset for column, offset in zip(columns, offsets, strict=True)]


def place(layers: Sequence[Sequence[Slot]]) -> None:
    """Set where each slot begins: near to what it has wires to, above all along the longest way."""
    for layer in layers:
        left = 0
        for slot in layer:
            slot.left = left
            left += slot.width + BETWEEN
            slot.depth = 1 + max((link.upper.depth for link in slot.above), default=0)
    for _ in range(SWEEPS):
        for layer in layers[1:]:
            _move(layer, [[link.upper for link in slot.above] for slot in layer])
        for layer in layers[-2::-1]:
            _move(layer, [[link.lower for link in slot.below] for slot in layer])


def _move(layer: Sequence[Slot], near: Sequence[Sequence[Slot]]) -> None:
    wanted = []
    for slot, others in zip(layer, near, strict=True):
        # What has come a longer way draws more: the trunk of a graph stays straight.
        weight = sum(other.depth**2 for other in others)
        middle = sum(other.middle * other.depth**2 for other in others)
        wanted.append(middle / weight - (slot.width - 1) / 2 if weight else slot.left)
    weights = [slot.depth**2 if others else 1 for slot, others in zip(layer, near, strict=True)]
    steps = [one.width + _gap(one, other) for one, other in pairwise(layer)]
    for slot, left in zip(layer, spread(wanted, weights, steps), strict=True):
        slot.left = left


def _gap(one: Slot, other: Slot) -> int:
    """Blank columns between neighbours in a layer."""
    return 1 if one.key is None or other.key is None else BETWEEN


def straighten(layers: Sequence[Sequence[Slot]], chains: Sequence[Sequence[Link]]) -> None:
    """Put the passing wires of each chain into one column as far as their neighbours let them."""
    beside: dict[Slot, tuple[Slot | None, Slot | None]] = {}
    for layer in layers:
        for before, slot, after in zip([None, *layer], layer, [*layer[1:], None], strict=False):
            beside[slot] = before, after
    for chain in chains:
        run: list[Slot] = []
        low, high = _reach(chain[0].upper, chain[0].lower)
        for link in chain[:-1]:
            slot = link.lower
            before, after = beside[slot]
            least = before.left + before.width + _gap(before, slot) if before else -(10**6)
            most = after.left - _gap(slot, after) - slot.width if after else 10**6
            if max(low, least) > min(high, most):
                _settle(run, low, high)
                run, low, high = [], least, most
            run.append(slot)
            low, high = max(low, least), min(high, most)
        least, most = _reach(chain[-1].lower, chain[-1].upper)
        if max(low, least) <= min(high, most):
            low, high = max(low, least), min(high, most)
        _settle(run, low, high)


def _reach(box: Slot, passing: Slot) -> tuple[int, int]:
    """The columns in which a passing slot can begin to go straight into a box."""
    return box.left + 1, box.left + box.width - 1 - passing.width


def _settle(run: Sequence[Slot], low: int, high: int) -> None:
    if run:
        left = min(max(sorted(slot.left for slot in run)[len(run) // 2], low), high)
        for slot in run:
            slot.left = left
