"""Where the boxes of a graph go: their layers and order by grandalf, their cells by us."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from textual.geometry import Offset, Region

from tutor.ui.draw.graph.columns import BETWEEN, PITCH, Link, Slot, place, straighten
from tutor.ui.draw.graph.routes import Stub, route

LABEL_ROOM = 8
"""Columns for a label beside the outer wires under a layer."""

ROUNDS = 4
"""How often grandalf orders the layers; the order with the fewest crossings is taken."""

Pair = tuple[int, int]
Layers = list[list[Slot]]


@dataclass(frozen=True, eq=False)
class Plan:
    """A graph in cells, its upper left corner at (0, 0). Holds no text and no style."""

    width: int
    height: int
    places: Mapping[int, Region]
    """Each box with its border. It may be wider than asked: every wire has a port of its own."""
    paths: tuple[tuple[Offset, ...], ...]
    """For each wire its corners, from the border of its source to that of its target.

    Two that follow each other are in a row or in a column. Empty for a wire from a box to itself.
    """
    stubs: Mapping[int, tuple[Stub, ...]]
    """For a row under boxes all that is in it, from left to right: room for labels is between."""


def arrange(sizes: Mapping[int, Pair], wires: Sequence[Pair], width: int) -> Plan:
    """Boxes in layers, every wire from an upper one to a lower one, leaves just above their use.

    `sizes` are (columns, rows) of each box with its border, `wires` (source, target), `width` the
    columns of the pane: parts without a wire between them stand side by side as far as they fit.
    A graph that is wider is not made narrower. Of a cycle, one wire goes up.
    """
    bundles = _bundles(sizes, wires)
    places: dict[int, Region] = {}
    paths: list[tuple[Offset, ...]] = [()] * len(wires)
    stubs: dict[int, list[Stub]] = {}
    x = y = across = bottom = 0
    for keys in _parts(sizes, bundles):
        layers, links = _layered(keys, sizes, bundles)
        place(layers)
        straighten(layers, links)
        ways, rows = route(layers)
        boxes = {slot.key: slot for layer in layers for slot in layer if slot.key is not None}
        left, right = _extent(boxes.values(), ways.values(), rows.values())
        if x and x + right - left > width:
            x, y = 0, bottom + BETWEEN
        shift = Offset(x - left, y)
        for key, slot in boxes.items():
            places[key] = Region(slot.left, slot.top, slot.width, slot.height).translate(shift)
            bottom = max(bottom, places[key].bottom)
        for wire, way in ways.items():
            points = [point + shift for point in way]
            source, target = wires[wire]
            # A wire that closes a cycle was laid out from its target to its source.
            up = boxes[source].top > boxes[target].top
            paths[wire] = tuple(reversed(points) if up else points)
        for row, under in rows.items():
            here = stubs.setdefault(row + y, [])
            here += [(x - 1, None), *((at + shift.x, wire) for at, wire in sorted(under))]
            here.append((x + right - left, None))
        x += right - left + BETWEEN
        across = max(across, x - BETWEEN)
    return Plan(across, bottom, places, tuple(paths), {y: tuple(row) for y, row in stubs.items()})


def _extent(
    boxes: Iterable[Slot], ways: Iterable[Sequence[Offset]], rows: Iterable[Sequence[Stub]]
) -> Pair:
    """The first column of a part, and the one after its last, with room for its outer labels."""
    columns = [point.x for way in ways for point in way]
    for slot in boxes:
        columns += [slot.left, slot.left + slot.width - 1]
    for row in map(sorted, rows):
        if row and row[-1][1] is not None:
            columns.append(row[-1][0] + 1 + LABEL_ROOM)
        # A label stands to the left of its wire only if there is no room to the right.
        if len(row) > 1 and row[0][1] is not None and row[1][0] - row[0][0] < 2 + LABEL_ROOM // 2:
            columns.append(row[0][0] - LABEL_ROOM)
    return min(columns), max(columns) + 1


def _bundles(keys: Mapping[int, Pair], wires: Sequence[Pair]) -> dict[Pair, list[int]]:
    """The wires by (upper box, lower box), without a cycle and without those to the same box."""
    below: dict[int, list[int]] = {key: [] for key in keys}
    for source, target in dict.fromkeys(wires):
        below[source].append(target)
    done: dict[int, int] = {}
    for root in keys:
        stack = [(root, iter(below[root]))] if root not in done else []
        seen: set[int] = {root}
        while stack:
            key, targets = stack[-1]
            for target in targets:
                if target not in done and target not in seen:
                    seen.add(target)
                    stack.append((target, iter(below[target])))
                    break
            else:
                stack.pop()
                done[key] = len(done)
    bundles: dict[Pair, list[int]] = {}
    for number, (source, target) in enumerate(wires):
        if source != target:
            forward = done[source] > done[target]
            bundles.setdefault((source, target) if forward else (target, source), []).append(number)
    return bundles


def _parts(keys: Mapping[int, Pair], bundles: Mapping[Pair, Sequence[int]]) -> list[list[int]]:
    """The keys of each connected part, in their order."""
    near: dict[int, list[int]] = {key: [] for key in keys}
    for upper, lower in bundles:
        near[upper].append(lower)
        near[lower].append(upper)
    part: dict[int, int] = {}
    for root in keys:
        todo = [root] if root not in part else []
        while todo:
            key = todo.pop()
            if key not in part:
                part[key] = root
                todo += near[key]
    parts: dict[int, list[int]] = {}
    for key in keys:
        parts.setdefault(part[key], []).append(key)
    return list(parts.values())


def _layered(
    keys: Sequence[int], sizes: Mapping[int, Pair], bundles: Mapping[Pair, list[int]]
) -> tuple[Layers, list[list[Link]]]:
    """The layers of a part, each in its order, and the links of each bundle from top to bottom."""
    # Here, because it loads numpy, which the menu does without.
    from grandalf.graphs import Edge, Vertex, graph_core
    from grandalf.layouts import SugiyamaLayout, VertexViewer

    vertices = {key: Vertex(key) for key in keys}
    for vertex in vertices.values():
        vertex.view = VertexViewer()
    # grandalf knows one edge between two vertices: wires side by side go as one.
    edges = {
        pair: Edge(vertices[pair[0]], vertices[pair[1]]) for pair in bundles if pair[0] in vertices
    }
    sugiyama = SugiyamaLayout(graph_core(list(vertices.values()), list(edges.values())))
    sugiyama.init_all(inverted_edges=[], optimize=True)
    slots = {
        vertex: Slot(vertex.data, max(3, sizes[vertex.data][0]), max(2, sizes[vertex.data][1]))
        for vertex in vertices.values()
    }
    chains = []
    for pair, edge in edges.items():
        wires = bundles[pair]
        way = sugiyama.ctrls.get(edge, dict(enumerate(edge.v)))
        for _, vertex in sorted(way.items()):
            if vertex not in slots:
                slots[vertex] = Slot(None, PITCH * (len(wires) - 1) + 1, 0)
        chain = [slots[vertex] for _, vertex in sorted(way.items())]
        chains.append([Link(upper, lower, wires) for upper, lower in pairwise(chain)])
        for link in chains[-1]:
            link.upper.below.append(link)
            link.lower.above.append(link)
    for slot in slots.values():
        slot.count_ports()
    return _ordered(sugiyama, slots), chains


def _ordered(sugiyama: Any, slots: Mapping[Any, Slot]) -> Layers:
    """The layers in the order with the fewest crossings; `slots` by grandalf's vertices."""
    best: Layers = []
    fewest = None
    for _ in range(ROUNDS):
        for _ in sugiyama.ordering_step():
            pass  # each step orders one layer, down to the last and up again
        layers = [[slots[vertex] for vertex in layer] for layer in sugiyama.layers]
        crossings = _crossings(layers)
        if fewest is None or crossings < fewest:
            best, fewest = layers, crossings
        if not crossings:
            break
    return best


def _crossings(layers: Layers) -> int:
    """How many pairs of links cross."""
    count = 0
    for upper, lower in pairwise(layers):
        order = {slot: number for number, slot in enumerate(lower)}
        seen: list[int] = []
        for slot in upper:
            ends = sorted(order[link.lower] for link in slot.below)
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count
