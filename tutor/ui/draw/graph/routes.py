"""Route the wires between layers of boxes: find their ports, and the rows in which they turn."""

from collections.abc import Iterable, Sequence

from textual.geometry import Offset

from tutor.ui.draw.graph.channel import channel
from tutor.ui.draw.graph.columns import PITCH, LayerEdge, LayerNode, spread

WIDE_PITCH = 7
"""Columns from one port to the next under a wide box with more than two.

Labels of the outer wires are outside; this is room for the labels of the inner ones.
"""

STRAIGHT, ANYWHERE = 8, 0.001
"""Weights of a preferred column: if only there the wire goes straight, and if it never does.

The weight is 1 if the wire goes straight in any of several columns.
"""

Preference = tuple[int, float, float]
"""A wire, the preferred column of its port, and its weight."""

Stub = tuple[int, int | None]
"""A column in a row under boxes, and the wire that begins there; None for a line that passes."""


def route(
    layers: Sequence[Sequence[LayerNode]],
) -> tuple[dict[int, list[Offset]], dict[int, list[Stub]]]:
    """Return the corners of each wire from top to bottom, and the stubs in each row under a layer.

    Sets the top of each node: two layers are as many rows apart as the wires need for their turns.
    """
    routes: dict[int, list[Offset]] = {}
    rows: dict[int, list[Stub]] = {}
    top = 0
    _order_ports(layers)
    for layer in layers:
        for node in layer:
            node.top = top
        edges = [edge for node in layer for edge in node.below]
        under = top + max(node.height for node in layer)
        starts = _starts(layer)
        ends = _ends(edges, starts)
        wires = list(starts)
        turns, count = channel([(starts[wire], ends[wire]) for wire in wires])
        rows[under] = [(starts[wire], None if wire in routes else wire) for wire in wires]
        top = under + 1 + count
        for wire, turn in zip(wires, turns, strict=True):
            corners = routes.setdefault(wire, [])
            column = starts[wire]
            for row, to in turn:
                corners += [Offset(column, under + 1 + row), Offset(to, under + 1 + row)]
                column = to
        for edge in edges:
            if edge.upper.key is not None:
                for wire in edge.wires:
                    bottom = Offset(starts[wire], edge.upper.top + edge.upper.height - 1)
                    routes[wire].insert(0, bottom)
            if edge.lower.key is not None:
                for wire in edge.wires:
                    routes[wire].append(Offset(ends[wire], top))
    return routes, rows


def _order_ports(layers: Iterable[Iterable[LayerNode]]) -> None:
    """Sort the edges of each node by where they lead, and number their ports."""
    for layer in layers:
        for node in layer:
            node.below.sort(key=lambda edge: edge.lower.middle)
            node.above.sort(key=lambda edge: edge.upper.middle)
            before = 0
            for edge in node.below:
                edge.leaves, before = before, before + len(edge.wires)
            before = 0
            for edge in node.above:
                edge.enters, before = before, before + len(edge.wires)


def _starts(layer: Iterable[LayerNode]) -> dict[int, int]:
    """Return the column in which each wire leaves a layer."""
    starts: dict[int, int] = {}
    for node in layer:
        preferences: list[Preference] = []
        for edge in node.below:
            for number, wire in enumerate(edge.wires):
                low, high = _reach(node, edge.leaves + number, node.outs)
                least, most = _reach(edge.lower, edge.enters + number, edge.lower.ins)
                least, most = max(low, least), min(high, most)
                if least > most:
                    preferences.append(_evenly(wire, node, edge.leaves + number, node.outs))
                else:
                    share = (number + 1) / (len(edge.wires) + 1)
                    weight = STRAIGHT if edge.lower.key is None else 1
                    preferences.append((wire, least + (most - least) * share, weight))
        most = (node.width - 3) // max(1, node.outs - 1)
        pitch = max(PITCH, min(WIDE_PITCH, most)) if node.outs > 2 else PITCH
        starts |= _ports(node, preferences, pitch)
    return starts


def _ends(edges: Iterable[LayerEdge], starts: dict[int, int]) -> dict[int, int]:
    """Return the column in which each wire enters the next layer: straight down if possible."""
    ends: dict[int, int] = {}
    for node in dict.fromkeys(edge.lower for edge in edges):
        preferences: list[Preference] = []
        for edge in node.above:
            for number, wire in enumerate(edge.wires):
                low, high = _reach(node, edge.enters + number, node.ins)
                if low <= starts[wire] <= high:
                    preferences.append((wire, starts[wire], STRAIGHT))
                else:
                    preferences.append(_evenly(wire, node, edge.enters + number, node.ins))
        ends |= _ports(node, preferences, PITCH)
    return ends


def _reach(node: LayerNode, number: int, count: int) -> tuple[int, int]:
    """Return the first and the last possible column of a node's port number `number` of `count`."""
    if node.key is None:
        return node.left + PITCH * number, node.left + PITCH * number
    right = node.left + node.width - 2
    return node.left + 1 + PITCH * number, right - PITCH * (count - 1 - number)


def _evenly(wire: int, node: LayerNode, number: int, count: int) -> Preference:
    """Prefer evenly spread ports, for a wire that cannot go straight."""
    return wire, node.left + (number + 1) / (count + 1) * (node.width - 1), ANYWHERE


def _ports(node: LayerNode, preferences: Sequence[Preference], pitch: int) -> dict[int, int]:
    """Return a column for each wire; their order from left to right is kept."""
    if node.key is None:
        return {wire: node.left + PITCH * number for number, (wire, _, _) in enumerate(preferences)}
    if not preferences:
        return {}
    columns = spread(
        [column for _, column, _ in preferences],
        [weight for _, _, weight in preferences],
        [pitch] * (len(preferences) - 1),
        node.left + 1,
        node.left + node.width - 2,
    )
    return {wire: column for (wire, _, _), column in zip(preferences, columns, strict=True)}
