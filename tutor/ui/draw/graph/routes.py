"""The ways of wires between layers of boxes: their ports, and the rows in which they turn."""

from collections.abc import Iterable, Sequence

from textual.geometry import Offset

from tutor.ui.draw.graph.channel import channel
from tutor.ui.draw.graph.columns import PITCH, Link, Slot, spread

WIDE_PITCH = 7
"""Columns from a port to the next under a box that is wide enough and has more than two.

The labels of the outer ones are beside them; this makes room for those between.
"""

STRAIGHT, ANYWHERE = 8, 0.001
"""How much the column of a port matters, if the wire can go straight there, if it cannot at all.

Beside 1 for a wire that can go straight in one of several columns.
"""

Wish = tuple[int, float, float]
"""A wire, the column that its port had best, and how much that matters."""

Stub = tuple[int, int | None]
"""A column of a row under boxes, and the wire that begins there; None where another line is."""


def route(
    layers: Sequence[Sequence[Slot]],
) -> tuple[dict[int, list[Offset]], dict[int, list[Stub]]]:
    """The corners of each wire from top to bottom, and what is in each row under a layer.

    Sets the tops of the boxes: as many rows are between two layers as the wires need to turn in.
    """
    ways: dict[int, list[Offset]] = {}
    rows: dict[int, list[Stub]] = {}
    top = 0
    _seat(layers)
    for layer in layers:
        for slot in layer:
            slot.top = top
        links = [link for slot in layer for link in slot.below]
        under = top + max(slot.height for slot in layer)
        starts = _starts(layer)
        ends = _ends(links, starts)
        wires = list(starts)
        turns, count = channel([(starts[wire], ends[wire]) for wire in wires])
        rows[under] = [(starts[wire], None if wire in ways else wire) for wire in wires]
        top = under + 1 + count
        for wire, turn in zip(wires, turns, strict=True):
            way = ways.setdefault(wire, [])
            column = starts[wire]
            for row, to in turn:
                way += [Offset(column, under + 1 + row), Offset(to, under + 1 + row)]
                column = to
        for link in links:
            if link.upper.key is not None:
                for wire in link.wires:
                    bottom = Offset(starts[wire], link.upper.top + link.upper.height - 1)
                    ways[wire].insert(0, bottom)
            if link.lower.key is not None:
                for wire in link.wires:
                    ways[wire].append(Offset(ends[wire], top))
    return ways, rows


def _seat(layers: Iterable[Iterable[Slot]]) -> None:
    """Bring the links of each slot into the order of their ports, and count what is before each."""
    for layer in layers:
        for slot in layer:
            slot.below.sort(key=lambda link: link.lower.middle)
            slot.above.sort(key=lambda link: link.upper.middle)
            before = 0
            for link in slot.below:
                link.leaves, before = before, before + len(link.wires)
            before = 0
            for link in slot.above:
                link.enters, before = before, before + len(link.wires)


def _starts(layer: Iterable[Slot]) -> dict[int, int]:
    """The column in which each wire leaves a layer: the ports under its boxes, passing wires."""
    starts: dict[int, int] = {}
    for slot in layer:
        wishes: list[Wish] = []
        for link in slot.below:
            for number, wire in enumerate(link.wires):
                low, high = _reach(slot, link.leaves + number, slot.outs)
                least, most = _reach(link.lower, link.enters + number, link.lower.ins)
                least, most = max(low, least), min(high, most)
                if least > most:
                    wishes.append(_anywhere(wire, slot, link.leaves + number, slot.outs))
                else:
                    share = (number + 1) / (len(link.wires) + 1)
                    weight = STRAIGHT if link.lower.key is None else 1
                    wishes.append((wire, least + (most - least) * share, weight))
        most = (slot.width - 3) // max(1, slot.outs - 1)
        pitch = max(PITCH, min(WIDE_PITCH, most)) if slot.outs > 2 else PITCH
        starts |= _ports(slot, wishes, pitch)
    return starts


def _ends(links: Iterable[Link], starts: dict[int, int]) -> dict[int, int]:
    """The column in which each wire comes into the next layer: straight down where it can."""
    ends: dict[int, int] = {}
    for slot in dict.fromkeys(link.lower for link in links):
        wishes: list[Wish] = []
        for link in slot.above:
            for number, wire in enumerate(link.wires):
                low, high = _reach(slot, link.enters + number, slot.ins)
                if low <= starts[wire] <= high:
                    wishes.append((wire, starts[wire], STRAIGHT))
                else:
                    wishes.append(_anywhere(wire, slot, link.enters + number, slot.ins))
        ends |= _ports(slot, wishes, PITCH)
    return ends


def _reach(slot: Slot, number: int, count: int) -> tuple[int, int]:
    """The first and the last column that one of `count` ports can have."""
    if slot.key is None:
        return slot.left + PITCH * number, slot.left + PITCH * number
    right = slot.left + slot.width - 2
    return slot.left + 1 + PITCH * number, right - PITCH * (count - 1 - number)


def _anywhere(wire: int, slot: Slot, number: int, count: int) -> Wish:
    return wire, slot.left + (number + 1) / (count + 1) * (slot.width - 1), ANYWHERE


def _ports(slot: Slot, wishes: Sequence[Wish], pitch: int) -> dict[int, int]:
    """A column for each wire, in their order from left to right."""
    if slot.key is None:
        return {wire: slot.left + PITCH * number for number, (wire, _, _) in enumerate(wishes)}
    if not wishes:
        return {}
    columns = spread(
        [wish for _, wish, _ in wishes],
        [weight for _, _, weight in wishes],
        [pitch] * (len(wishes) - 1),
        slot.left + 1,
        slot.left + slot.width - 2,
    )
    return {wire: column for (wire, _, _), column in zip(wishes, columns, strict=True)}
