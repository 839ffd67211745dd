"""Lay out a graph in cells. grandalf finds layers and their order; this package the cells."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from textual.geometry import Offset, Region

from tutor.ui.draw.graph.columns import BETWEEN, PITCH, LayerEdge, LayerNode, place, straighten
from tutor.ui.draw.graph.routes import Stub, route

LABEL_ROOM = 8
"""Columns for a label next to the outer wires under a layer."""

ROUNDS = 4
"""How often grandalf orders the layers; the order with the fewest crossings is used."""

Pair = tuple[int, int]
Layers = list[list[LayerNode]]


@dataclass(frozen=True, eq=False)
class Layout:
    """The places of boxes and wires in cells, from (0, 0) at the upper left. No text, no style."""

    width: int
    height: int
    places: Mapping[int, Region]
    """Each box with its border. A box is wider than asked if its wires need more ports."""
    paths: tuple[tuple[Offset, ...], ...]
    """The corners of each wire, from the border of its source to that of its target.

    Successive corners share a row or a column. Empty for a wire from a box to itself.
    """
    stubs: Mapping[int, tuple[Stub, ...]]
    """By row: all lines in a row under boxes, from left to right, with room for labels between."""


def lay_out(sizes: Mapping[int, Pair], wires: Sequence[Pair], width: int) -> Layout:
    """Place boxes in layers, such that every wire goes down and leaves are just above their users.

    A graph wider than `width` is not made narrower. In a cycle, one wire goes up.

    Args:
        sizes: (columns, rows) of each box with its border.
        wires: (source, target) of each wire.
        width: Columns of the pane; unconnected parts stand side by side if they fit.
    """
    bundles = _bundles(sizes, wires)
    places: dict[int, Region] = {}
    paths: list[tuple[Offset, ...]] = [()] * len(wires)
    stubs: dict[int, list[Stub]] = {}
    x = y = across = bottom = 0
    for keys in _parts(sizes, bundles):
        layers, edges = _layered(keys, sizes, bundles)
        place(layers)
        straighten(layers, edges)
        routes, rows = route(layers)
        boxes = {node.key: node for layer in layers for node in layer if node.key is not None}
        left, right = _extent(boxes.values(), routes.values(), rows.values())
        if x and x + right - left > width:
            x, y = 0, bottom + BETWEEN
        shift = Offset(x - left, y)
        for key, node in boxes.items():
            places[key] = Region(node.left, node.top, node.width, node.height).translate(shift)
            bottom = max(bottom, places[key].bottom)
        for wire, corners in routes.items():
            points = [point + shift for point in corners]
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
    return Layout(across, bottom, places, tuple(paths), {y: tuple(row) for y, row in stubs.items()})


def _extent(
    boxes: Iterable[LayerNode], routes: Iterable[Sequence[Offset]], rows: Iterable[Sequence[Stub]]
) -> Pair:
    """Return the first column of a part and the one after its last, outer labels included."""
    columns = [point.x for corners in routes for point in corners]
    for node in boxes:
        columns += [node.left, node.left + node.width - 1]
    for row in map(sorted, rows):
        if row and row[-1][1] is not None:
            columns.append(row[-1][0] + 1 + LABEL_ROOM)
        # A label stands to the left of its wire only if there is no room to the right.
        if len(row) > 1 and row[0][1] is not None and row[1][0] - row[0][0] < 2 + LABEL_ROOM // 2:
            columns.append(row[0][0] - LABEL_ROOM)
    return min(columns), max(columns) + 1


def _bundles(keys: Mapping[int, Pair], wires: Sequence[Pair]) -> dict[Pair, list[int]]:
    """Group the wires by (upper box, lower box).

    A wire that closes a cycle is reversed; a wire from a box to itself is left out.
    """
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
    """Return the keys of each connected part, in their order."""
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
) -> tuple[Layers, list[list[LayerEdge]]]:
    """Return the layers of a part in order, and for each bundle its chain of edges downwards."""
    # Here, because it loads numpy, which the menu does without.
    from grandalf.graphs import Edge, Vertex, graph_core
    from grandalf.layouts import SugiyamaLayout, VertexViewer

    vertices = {key: Vertex(key) for key in keys}
    for vertex in vertices.values():
        vertex.view = VertexViewer()
    # grandalf has one edge between two vertices, so parallel wires share it.
    edges = {
        pair: Edge(vertices[pair[0]], vertices[pair[1]]) for pair in bundles if pair[0] in vertices
    }
    sugiyama = SugiyamaLayout(graph_core(list(vertices.values()), list(edges.values())))
    sugiyama.init_all(inverted_edges=[], optimize=True)
    nodes = {
        vertex: LayerNode(vertex.data, max(3, sizes[vertex.data][0]), max(2, sizes[vertex.data][1]))
        for vertex in vertices.values()
    }
    chains = []
    for pair, edge in edges.items():
        wires = bundles[pair]
        by_layer = sugiyama.ctrls.get(edge, dict(enumerate(edge.v)))
        path = [vertex for _, vertex in sorted(by_layer.items())]
        for vertex in path:
            if vertex not in nodes:
                nodes[vertex] = LayerNode(None, PITCH * (len(wires) - 1) + 1, 0)
        steps = pairwise(nodes[vertex] for vertex in path)
        chain = [LayerEdge(upper, lower, wires) for upper, lower in steps]
        for one in chain:
            one.upper.below.append(one)
            one.lower.above.append(one)
        chains.append(chain)
    for node in nodes.values():
        node.count_ports()
    return _ordered(sugiyama, nodes), chains


def _ordered(sugiyama: Any, nodes: Mapping[Any, LayerNode]) -> Layers:
    """Return the layers in the order with the fewest crossings.

    Args:
        nodes: The node of each of grandalf's vertices.
    """
    best: Layers = []
    fewest = None
    for _ in range(ROUNDS):
        for _ in sugiyama.ordering_step():
            pass  # each step orders one layer, down to the last one and up again
        layers = [[nodes[vertex] for vertex in layer] for layer in sugiyama.layers]
        crossings = _crossings(layers)
        if fewest is None or crossings < fewest:
            best, fewest = layers, crossings
        if not crossings:
            break
    return best


def _crossings(layers: Layers) -> int:
    """Count the pairs of edges that cross."""
    count = 0
    for upper, lower in pairwise(layers):
        order = {node: number for number, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            ends = sorted(order[edge.lower] for edge in node.below)
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count
