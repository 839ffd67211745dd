"""Place the nodes of each layer in columns: near their neighbours, the longest path straight.

The layers are those of Sugiyama's method. A wire that passes a layer is a dummy node there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import floor, inf

PITCH = 2
"""Columns from one port to the next; a blank one between keeps two lines apart."""

BETWEEN = 2
"""Blank columns between two boxes; one is enough next to a dummy node."""

SWEEPS = 6
"""How often every layer is aligned with the one above it and with the one below it."""


@dataclass(eq=False)
class LayerNode:
    """A box in a layer or, without a key, a dummy node: wires that pass the layer."""

    key: int | None
    width: int
    height: int
    left: int = 0
    top: int = 0
    depth: int = 0
    """How many nodes are on the longest path from the top to this one, included."""
    above: list["LayerEdge"] = field(default_factory=list)
    below: list["LayerEdge"] = field(default_factory=list)

    ins: int = 0
    outs: int = 0
    """How many wires enter from above, and leave below."""

    @property
    def middle(self) -> float:
        return self.left + (self.width - 1) / 2

    def count_ports(self) -> None:
        """Count the wires, and widen a box that is too narrow for a port for each."""
        self.ins = sum(len(edge.wires) for edge in self.above)
        self.outs = sum(len(edge.wires) for edge in self.below)
        if self.key is not None:
            self.width = max(self.width, PITCH * max(self.ins, self.outs) + 1)


@dataclass(eq=False)
class LayerEdge:
    """The wires from a node to one in the next layer."""

    upper: LayerNode
    lower: LayerNode
    wires: Sequence[int]
    leaves: int = 0
    enters: int = 0
    """How many ports are left of its first one, on `upper` and on `lower`."""


def spread(
    wanted: Sequence[float],
    weights: Sequence[float],
    steps: Sequence[int],
    low: float = -inf,
    high: float = inf,
) -> list[int]:
    """Return columns from `low` to `high`, at least `steps` apart, closest to `wanted`.

    Minimises the weighted sum of squared distances by pooling adjacent violators: columns that are
    too close to each other move as one.
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


def place(layers: Sequence[Sequence[LayerNode]]) -> None:
    """Set the left column of each node: near its neighbours, most of all on the longest path."""
    for layer in layers:
        left = 0
        for node in layer:
            node.left = left
            left += node.width + BETWEEN
            node.depth = 1 + max((edge.upper.depth for edge in node.above), default=0)
    for _ in range(SWEEPS):
        for layer in layers[1:]:
            _move(layer, [[edge.upper for edge in node.above] for node in layer])
        for layer in layers[-2::-1]:
            _move(layer, [[edge.lower for edge in node.below] for node in layer])


def _move(layer: Sequence[LayerNode], near: Sequence[Sequence[LayerNode]]) -> None:
    """Move the nodes of a layer towards their neighbours in one next to it."""
    wanted = []
    for node, others in zip(layer, near, strict=True):
        # The weight grows with the depth, so that the trunk of a graph stays straight.
        weight = sum(other.depth**2 for other in others)
        middle = sum(other.middle * other.depth**2 for other in others)
        wanted.append(middle / weight - (node.width - 1) / 2 if weight else node.left)
    weights = [node.depth**2 if others else 1 for node, others in zip(layer, near, strict=True)]
    steps = [one.width + _gap(one, other) for one, other in pairwise(layer)]
    for node, left in zip(layer, spread(wanted, weights, steps), strict=True):
        node.left = left


def _gap(one: LayerNode, other: LayerNode) -> int:
    """Return the number of blank columns between neighbours in a layer."""
    return 1 if one.key is None or other.key is None else BETWEEN


def straighten(
    layers: Sequence[Sequence[LayerNode]], chains: Sequence[Sequence[LayerEdge]]
) -> None:
    """Move the dummy nodes of each chain into one column, if their neighbours leave room."""
    neighbours: dict[LayerNode, tuple[LayerNode | None, LayerNode | None]] = {}
    for layer in layers:
        for before, node, after in zip([None, *layer], layer, [*layer[1:], None], strict=False):
            neighbours[node] = before, after
    for chain in chains:
        straight: list[LayerNode] = []
        low, high = _reach(chain[0].upper, chain[0].lower)
        for edge in chain[:-1]:
            node = edge.lower
            before, after = neighbours[node]
            least = before.left + before.width + _gap(before, node) if before else -(10**6)
            most = after.left - _gap(node, after) - node.width if after else 10**6
            if max(low, least) > min(high, most):
                _settle(straight, low, high)
                straight, low, high = [], least, most
            straight.append(node)
            low, high = max(low, least), min(high, most)
        least, most = _reach(chain[-1].lower, chain[-1].upper)
        if max(low, least) <= min(high, most):
            low, high = max(low, least), min(high, most)
        _settle(straight, low, high)


def _reach(box: LayerNode, passing: LayerNode) -> tuple[int, int]:
    """Return the first and last left column at which a dummy node is straight above a box."""
    return box.left + 1, box.left + box.width - 1 - passing.width


def _settle(nodes: Sequence[LayerNode], low: int, high: int) -> None:
    """Move the nodes into the median of their columns, within the limits."""
    if nodes:
        left = min(max(sorted(node.left for node in nodes)[len(nodes) // 2], low), high)
        for node in nodes:
            node.left = left
