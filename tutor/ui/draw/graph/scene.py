"""The graph of a statement as boxes and wires, with the values and gradients known so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style

from tutor.insight.graph import Graph, Link, Node
from tutor.schema.frame import Operation, TensorView
from tutor.session.inside_view import InsideView
from tutor.ui.draw.graph.paint import Box, Wire, box_size
from tutor.ui.draw.text.numbers import brief, shape
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, clip

FULL, VALUES, NAMES = 2, 1, 0
"""How much a box shows: its name, value and gradient; its name and value; only its name."""

_WIDEST = 26
"""The most cells of a box's content."""

_LABEL = 12
"""The most cells of a wire's label."""

GRADIENT = "∇ "


@dataclass(frozen=True, eq=False)
class Scene:
    """Boxes and wires, ready to be laid out and painted."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    sizes: Mapping[int, tuple[int, int]]
    """The largest size that each box will have, so that no box moves when gradients arrive."""
    current: int
    """The box of the current operation, 0 for none."""

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple((wire.source, wire.target) for wire in self.wires)


def draw_scene(
    lens: InsideView,
    graph: Graph,
    operations: Mapping[int, Operation],
    palette: Palette,
    detail: int,
    selected: int | None,
) -> Scene:
    """Return the scene of a folded graph.

    Args:
        operations: All operations by id; nodes of the pass have their gradients.
        detail: `FULL`, `VALUES` or `NAMES`.
        selected: The key of the selected box.
    """
    current = lens.current
    here = next((n.key for n in graph.nodes if current and current.id in n.members), 0)
    contents = _Contents(lens, graph, operations, palette, detail)
    boxes, sizes = [], {}
    for node in graph.nodes:
        one = operations[node.members[0]]
        boxes.append(
            Box(
                node.key,
                contents.of(node, final=False),
                _border(lens, node, operations, palette, node.key == selected),
                heavy=node.key == here,
                dashed=node.is_folded or one.kind == "unknown",
            )
        )
        sizes[node.key] = box_size(contents.of(node, final=True))
    wires = tuple(_wire(lens, link, operations, palette) for link in graph.links)
    return Scene(tuple(boxes), wires, sizes, here)


def _border(
    lens: InsideView,
    node: Node,
    operations: Mapping[int, Operation],
    palette: Palette,
    is_selected: bool,
) -> Style:
    if is_selected:
        return palette.selected
    if lens.failed in node.members:
        return palette.error
    if lens.current is not None and lens.current.id in node.members:
        return palette.strong
    # Members are in order, so the one that is reached first is at one end.
    if any(lens.is_reached(operations[id]) for id in (node.members[0], node.members[-1])):
        return palette.changed
    return palette.border


def _wire(
    lens: InsideView, link: Link, operations: Mapping[int, Operation], palette: Palette
) -> Wire:
    arrived: list[TensorView] = []
    style = palette.border
    for user, number in link.edges:
        one = operations[user]
        contribution = one.edges[number].contribution if number < len(one.edges) else None
        if contribution is None or not lens.is_reached(one):
            continue
        arrived.append(contribution)
        is_here = lens.current is not None and lens.current.id == user
        style = palette.strong if is_here else palette.changed
    label = brief(arrived[0], _LABEL) if len(arrived) == 1 else ""
    return Wire(link.source, link.target, label, style)


class _Contents:
    """The lines of text in the boxes.

    A gradient that has not arrived is not zero: its line is empty until it arrives.
    """

    def __init__(
        self,
        lens: InsideView,
        graph: Graph,
        operations: Mapping[int, Operation],
        palette: Palette,
        detail: int,
    ) -> None:
        self._lens = lens
        self._operations = operations
        self._palette = palette
        self._detail = detail
        self._parts: dict[int, list[tuple[Operation, TensorView]]] = {}
        for link in graph.links:
            for user, number in link.edges:
                edge = operations[user].edges[number]
                if edge.contribution is not None:
                    part = (operations[user], edge.contribution)
                    self._parts.setdefault(edge.to, []).append(part)

    def of(self, node: Node, final: bool) -> tuple[tuple[Styled, ...], ...]:
        """Return the lines of a box as they are now or, if `final`, at the end of the pass."""
        palette = self._palette
        if node.is_folded:
            count = len(node.members)
            text = f"{count} operation{'s' * (count > 1)}"
            lines: list[tuple[Styled, ...]] = [((clip(node.name, _WIDEST), palette.heading),)]
            if node.name != f"{count:,} operations" and self._detail:
                lines.append(((text, palette.muted),))
            return tuple(lines)
        one = self._operations[node.key]
        lines = [(self._title(one),)]
        if self._detail >= VALUES:
            lines.append((self._value(one),))
        if self._detail >= FULL and self._lens.is_walked(one.id):
            lines.append((self._gradient(one, final),))
        return tuple(lines)

    def _title(self, one: Operation) -> Styled:
        palette, label = self._palette, self._lens.labels.get(one.id, "")
        match one.kind:
            case "leaf":
                return clip(one.name or "a leaf", _WIDEST), palette.accent
            case "data":
                return clip(one.name or "data", _WIDEST), palette.text
            case "unknown":
                return clip(f"{one.name} (not seen)", _WIDEST), palette.warning
            case "library":
                return clip(one.name, _WIDEST), palette.heading
            case "part":
                return clip(one.name, _WIDEST), palette.muted
        if label and not one.inputs:
            return clip(label, _WIDEST), palette.text
        return clip(f"{label} = {one.name}" if label else one.name, _WIDEST), palette.heading

    def _value(self, one: Operation) -> Styled:
        view = next((view for view in one.values if view is not None), None)
        if view is None:
            return "", self._palette.muted
        size = shape(view) if view.shape else ""
        room = _WIDEST - cell_len(size) - 1
        return f"{size} {brief(view, room)}".strip(), self._palette.muted

    def _gradient(self, one: Operation, final: bool) -> Styled:
        grad = next((view for view in one.grads if view is not None), None)
        if grad is None or not (final or self._lens.is_reached(one)):
            return "", self._palette.muted
        text = brief(grad, _WIDEST - 2)
        parts = self._parts.get(one.id, [])
        if len(parts) > 1 and grad.count == 1:
            sums = " + ".join(brief(view, 8) for _, view in parts)
            text = clip(f"{text} = {sums}", _WIDEST - 2)
        return GRADIENT + text, self._palette.changed
