"""Layout and painting of graphs: every painted wire can be followed from box to box."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region

from tutor.ui.draw.graph.channel import channel
from tutor.ui.draw.graph.layout import Layout, lay_out
from tutor.ui.draw.graph.paint import Box, Wire, box_size, paint
from tutor.ui.draw.text.palette import palette_for
from tutor.ui.draw.text.strips import to_ascii

PALETTE = palette_for("256")
PLAIN = Style(bold=False)

Pair = tuple[int, int]


def boxes_of(*names: str, **marks: bool) -> list[Box]:
    return [
        Box(key, tuple(((line, PLAIN),) for line in name.split("\n")), PLAIN, **marks)
        for key, name in enumerate(names)
    ]


def wires_of(pairs: Sequence[Pair], labels: str = "") -> list[Wire]:
    texts = labels.split() or [""] * len(pairs)
    return [Wire(*pair, text, PLAIN) for pair, text in zip(pairs, texts, strict=True)]


def layout_of(boxes: Sequence[Box], pairs: Sequence[Pair], width: int = 80) -> Layout:
    return lay_out({box.key: box_size(box.lines) for box in boxes}, pairs, width)


def picture(
    boxes: Sequence[Box], pairs: Sequence[Pair], labels: str = "", ascii: bool = False
) -> list[str]:
    layout = layout_of(boxes, pairs)
    whole = Region(0, 0, layout.width, layout.height)
    strips = paint(layout, boxes, wires_of(pairs, labels), whole, PALETTE)
    return [(to_ascii(strip) if ascii else strip).text.rstrip() for strip in strips]


DIAMOND = [(0, 2), (1, 2), (1, 3), (2, 4), (3, 4)]
"""(a + b) * (b + 1)"""


def test_a_diamond() -> None:
    boxes = boxes_of("a\n2.0", "b\n1.0", "a + b\n3.0", "b + 1\n2.0", "*\n6.0")
    assert picture(boxes, DIAMOND, "+2 +2 +3 +2 +3") == [
        "┌─────┐  ┌─────┐",
        "│ a   │  │ b   │",
        "│ 2.0 │  │ 1.0 │",
        "└───┬─┘  └─┬──┬┘",
        "    │+2  +2│  │+3",
        "    │ ╭────╯  │",
        " ┌──▼─▼──┐  ┌─▼─────┐",
        " │ a + b │  │ b + 1 │",
        " │ 3.0   │  │ 2.0   │",
        " └──────┬┘  └───┬───┘",
        "        │+2     │+3",
        "        │  ╭────╯",
        "       ┌▼──▼─┐",
        "       │ *   │",
        "       │ 6.0 │",
        "       └─────┘",
    ]


def test_a_tensor_used_twice_has_two_wires() -> None:
    assert picture(boxes_of("x", "x * x"), [(0, 1), (0, 1)], "+3 +3") == [
        "       ┌───┐",
        "       │ x │",
        "       └┬─┬┘",
        "      +3│ │+3",
        "     ┌──▼─▼──┐",
        "     │ x * x │",
        "     └───────┘",
    ]


def test_a_long_wire_passes_next_to_the_boxes_between() -> None:
    assert picture(boxes_of("x", "relu", "+"), [(0, 1), (1, 2), (0, 2)]) == [
        "       ┌───┐",
        "       │ x │",
        "       └┬─┬┘",
        "        │ │",
        "        │ ╰─╮",
        "   ┌────▼─┐ │",
        "   │ relu │ │",
        "   └────┬─┘ │",
        "        │   │",
        "        │ ╭─╯",
        "       ┌▼─▼┐",
        "       │ + │",
        "       └───┘",
    ]


def test_crossing_wires_go_straight_on() -> None:
    # Three boxes above, each wired to all three below: every order has crossings.
    pairs = [(above, below) for above in (0, 1, 2) for below in (3, 4, 5)]
    assert "┼" in "".join(picture(boxes_of(*"abcdef"), pairs))


def test_wires_that_swap_columns_turn_through_a_free_column() -> None:
    turns, rows = channel([(0, 4), (4, 0)])
    assert (turns, rows) == ([[(0, 2), (2, 4)], [(1, 0)]], 3)


def test_the_current_and_a_folded_box_are_recognised_without_colour() -> None:
    boxes = [*boxes_of("a", heavy=True), Box(1, ((("b", PLAIN),),), PLAIN, dashed=True)]
    assert picture(boxes, [(0, 1)]) == [
        "┏━━━┓",
        "┃ a ┃",
        "┗━┯━┛",
        "  │",
        "┌╌▼╌┐",
        "┆ b ┆",
        "└╌╌╌┘",
    ]


def test_a_graph_in_ascii() -> None:
    boxes = boxes_of("a", "b", "+")
    assert picture(boxes, [(0, 2), (1, 2), (1, 1)], "+1 -2 0", ascii=True) == [
        "+---+  +---+",
        "| a |  | b @",
        "+-+-+  +-+-+",
        "  |+1    |-2",
        "  '-. .--'",
        "   +v-v+",
        "   | + |",
        "   +---+",
    ]


def test_wide_and_control_characters_stay_in_their_box() -> None:
    assert picture(boxes_of("模型\n\x1b[2J"), []) == [
        "┌──────┐",
        "│ 模型 │",
        "│ ␛[2J │",
        "└──────┘",
    ]
    # A box keeps its size when its content becomes longer.
    layout = lay_out({0: (6, 3)}, [], 80)
    assert [
        strip.text for strip in paint(layout, boxes_of("模型模型"), [], Region(0, 0, 6, 3), PALETTE)
    ][1] == "│ 模…│"


def test_a_label_without_room_is_clipped_or_left_out() -> None:
    wide = picture(boxes_of("a", "b"), [(0, 1)], "0123456789")
    assert wide[3] == "  │0123456…"
    crowded = picture(boxes_of("x", "y"), [(0, 1)] * 3, "left none right")
    assert crowded[3] == "    left│ │ │right"


def test_unconnected_parts_stand_side_by_side_if_they_fit() -> None:
    boxes = boxes_of("a", "b", "c")
    assert layout_of(boxes, [], 12).places == {
        0: Region(0, 0, 5, 3),
        1: Region(7, 0, 5, 3),
        2: Region(0, 5, 5, 3),
    }


@pytest.mark.parametrize(
    ("count", "pairs"),
    [
        (0, []),
        (1, []),
        (1, [(0, 0)]),
        (2, [(0, 1), (1, 0)]),
        (3, [(0, 1), (1, 2), (2, 0), (1, 1)]),
        (2, [(0, 1)] * 9),
        (2000, []),
        (2000, [(key, (key + 1) % 2000) for key in range(2000)]),
        (1200, [(key, 1199) for key in range(1199)]),
    ],
)
def test_unusual_graphs_are_drawn(count: int, pairs: list[Pair]) -> None:
    layout = lay_out(dict.fromkeys(range(count), (9, 3)), pairs, 5)
    assert len(layout.places) == count
    boxes = boxes_of(*map(str, range(count)))
    strips = paint(layout, boxes, wires_of(pairs), Region(0, 0, 5, 4), PALETTE)
    assert [strip.cell_length for strip in strips] == [5] * 4


def test_a_cycle_has_one_wire_that_goes_up() -> None:
    assert Counter("".join(picture(boxes_of("a", "b"), [(0, 1), (1, 0)])))["▲"] == 1


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[int, Pair], list[Pair]]:
    count = draw(st.integers(1, 15))
    sizes = {key: draw(st.tuples(st.integers(3, 14), st.integers(3, 6))) for key in range(count)}
    keys = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(keys, keys), max_size=30))
    return sizes, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]


def cells(path: Sequence[Pair]) -> list[Pair]:
    """Return the cells of a path without its ends, which are in the borders of boxes."""
    found = [path[0]]
    for (x, y), (to_x, to_y) in pairwise(path):
        assert x == to_x or y == to_y
        across, down = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        while (x, y) != (to_x, to_y):
            x, y = x + across, y + down
            found.append((x, y))
    return found[1:-1]


@given(graph=graphs(), width=st.integers(1, 200))
def test_no_wire_goes_through_a_box(graph: tuple[dict[int, Pair], list[Pair]], width: int) -> None:
    sizes, pairs = graph
    layout = lay_out(sizes, pairs, width)
    inside = Counter(
        (x, y)
        for place in layout.places.values()
        for x in range(place.x, place.right)
        for y in range(place.y, place.bottom)
    )
    assert max(inside.values()) == 1
    ends = [end for path in layout.paths for end in (path[0], path[-1])]
    assert len(set(ends)) == len(ends)
    for pair, path in zip(pairs, layout.paths, strict=True):
        assert not inside.keys() & set(cells(path))
        (upper, lower), (first, last) = (layout.places[key] for key in pair), (path[0], path[-1])
        assert upper.x < first.x < upper.right - 1 and first.y == upper.bottom - 1
        assert lower.x < last.x < lower.right - 1 and last.y == lower.y
    for place in layout.places.values():
        assert sizes.keys() == layout.places.keys()
        assert Region(0, 0, layout.width, layout.height).contains_region(place)


AHEAD = {
    "│": {(0, 1): (0, 1), (0, -1): (0, -1)},
    "─": {(1, 0): (1, 0), (-1, 0): (-1, 0)},
    "╭": {(-1, 0): (0, 1), (0, -1): (1, 0)},
    "╮": {(1, 0): (0, 1), (0, -1): (-1, 0)},
    "╰": {(0, 1): (1, 0), (-1, 0): (0, -1)},
    "╯": {(0, 1): (-1, 0), (1, 0): (0, -1)},
    "┼": {direction: direction for direction in ((0, 1), (0, -1), (1, 0), (-1, 0))},
}
"""By the character of a cell: direction in which a wire enters it -> direction it leaves in."""


@given(graph=graphs())
def test_each_wire_can_be_followed_to_its_arrow(graph: tuple[dict[int, Pair], list[Pair]]) -> None:
    sizes, pairs = graph
    layout = lay_out(sizes, pairs, 100)
    boxes = [Box(key, (), PLAIN, heavy=key % 2 == 0) for key in sizes]
    whole = Region(0, 0, layout.width, layout.height)
    rows = [strip.text for strip in paint(layout, boxes, wires_of(pairs), whole, PALETTE)]
    for path in layout.paths:
        (x, y), direction = path[0], (0, 1)
        assert rows[y][x] in "┬┯"
        x, y = x + direction[0], y + direction[1]
        while rows[y][x] != "▼":
            direction = AHEAD[rows[y][x]][direction]
            x, y = x + direction[0], y + direction[1]
        assert (x, y) == path[-1]


texts = st.text(alphabet="ab你好+.\x1b\n\t\u0301\u200d\U0001f600é", max_size=12)


@given(
    graph=graphs(),
    view=st.builds(
        Region, st.integers(-20, 60), st.integers(-9, 40), st.integers(0, 90), st.integers(0, 40)
    ),
    text=texts,
    label=texts,
)
def test_a_view_is_an_exact_part_of_the_whole(
    graph: tuple[dict[int, Pair], list[Pair]], view: Region, text: str, label: str
) -> None:
    sizes, pairs = graph
    layout = lay_out(sizes, pairs, 100)
    boxes = [Box(key, (((text, PLAIN),),), PLAIN, dashed=key % 2 == 0) for key in sizes]
    wires = [Wire(*pair, label, PLAIN) for pair in pairs]
    strips = paint(layout, boxes, wires, view, PALETTE)
    assert len(strips) == view.height
    for strip in strips:
        for drawn in (strip, to_ascii(strip)):
            assert drawn.cell_length == view.width
            assert sum(cell_len(segment.text) for segment in drawn) == view.width
            assert all(segment.style is not None for segment in drawn)
        assert to_ascii(strip).text.isascii()
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in strip.text)
    if text.isascii() and label.isascii():
        whole = paint(layout, boxes, wires, Region(-20, -9, 300, 300), PALETTE)
        part = [row.text[view.x + 20 :][: view.width] for row in whole[view.y + 9 :]]
        assert [strip.text for strip in strips] == part[: view.height]
