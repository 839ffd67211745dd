"""Windows on the elements of a value, and their drawing."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.schema.frame import EXACT, TensorView
from tutor.schema.target import parse_subscript
from tutor.ui.draw.tensors.elements import draw_elements, part_of
from tutor.ui.draw.tensors.window import Span, Window, look, select
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")

SUBSCRIPTS = st.sampled_from(
    ["", "[0]", "[-1]", "[1:]", "[::2]", "[..., 0]", "[:, 0]", "[1:3, ::2]", "[..., 1:]", "[:0]",
     "[:, :, -1]", "[0, 0]", "[0, :, 0]", "[-3:-1]"]
)  # fmt: skip


FLOATS = st.floats(-1e300, 1e300) | st.sampled_from([math.nan, math.inf, -math.inf])


def view(elements: np.ndarray) -> TensorView:
    name, data = elements.dtype.name, elements.tobytes()
    return TensorView("tensor", elements.shape, name, "cpu", False, elements.dtype.str, data)


def window(
    elements: np.ndarray, index: str = "", at: Span = (0, 0), width: int = 60, height: int = 6
) -> Window:
    return look(view(elements), select(elements.shape, index), at, width, height)


def drawn(
    elements: np.ndarray, index: str = "", at: Span = (0, 0), width: int = 60, height: int = 6
) -> list[str]:
    seen = window(elements, index, at, width, height)
    (top, _), (left, _) = seen.needed
    strips = draw_elements(seen, part_of(elements, index, seen), (top, left), width, PALETTE)
    assert len(strips) <= max(2, height)
    assert all(strip.cell_length == cell_len(strip.text) == width for strip in strips)
    return [strip.text.rstrip() for strip in strips]


def test_rows_and_columns_have_their_indices() -> None:
    assert drawn(np.arange(30 * 50).reshape(30, 50), at=(28, 17), width=40, height=5) == [
        "          17    18    19    20    21",
        "[26,:]  1317  1318  1319  1320  1321",
        "[27,:]  1367  1368  1369  1370  1371",
        "[28,:]  1417  1418  1419  1420  1421",
        "[29,:]  1467  1468  1469  1470  1471",
    ]


def test_a_slice_keeps_the_indices_of_the_whole() -> None:
    assert drawn(np.arange(120).reshape(6, 5, 4), "[3:5, 1::2, -1]") == [
        "          1   3",
        "[3,:,3]  67  75",
        "[4,:,3]  87  95",
    ]


def test_a_vector_is_wrapped_at_a_round_number_of_columns() -> None:
    assert drawn(np.arange(100)[:37], width=50) == [
        "      +0  +1  +2  +3  +4  +5  +6  +7  +8  +9",
        " [0]   0   1   2   3   4   5   6   7   8   9",
        "[10]  10  11  12  13  14  15  16  17  18  19",
        "[20]  20  21  22  23  24  25  26  27  28  29",
        "[30]  30  31  32  33  34  35  36",
    ]


def test_a_single_number_and_an_empty_value() -> None:
    assert drawn(np.arange(6.0).reshape(2, 3), "[1, 2]") == ["", "[1,2]  5"]
    assert drawn(np.arange(6.0).reshape(2, 3), "[:0]") == ["no elements"]
    assert drawn(np.zeros((0, 3))) == ["no elements"]


def test_numbers_that_are_not_finite_stand_out() -> None:
    seen = window(np.array([[1.0, math.nan], [-math.inf, -2.0]]))
    strips = draw_elements(
        seen, np.array([[1.0, math.nan], [-math.inf, -2.0]]), (0, 0), 40, PALETTE
    )
    marked = [s.text for strip in strips for s in strip if s.style is PALETTE.error]
    assert marked == ["nan", "-inf"]


def test_an_unknown_number_is_a_dot() -> None:
    seen = window(np.arange(12.0).reshape(3, 4))
    strips = draw_elements(seen, np.array([[5.0, 6.0]]), (1, 1), 40, PALETTE)
    assert [strip.text.split()[1:] for strip in strips[1:]] == [
        ["·"] * 4, ["·", "5", "6", "·"], ["·"] * 4
    ]  # fmt: skip


def test_a_number_without_room_is_an_ellipsis() -> None:
    assert drawn(np.array([[123456.0]]), width=9)[1] == "[0,:]  …"


def test_a_window_describes_its_rows_and_columns() -> None:
    matrix = np.zeros((300, 500))
    assert str(window(matrix, at=(120, 0), width=100, height=21)) == (
        "rows 120–139 of 300, columns 0–7 of 500"
    )
    assert str(window(np.zeros(1500), at=(0, 60))) == "elements 60–79 of 1,500"
    assert str(window(matrix, "[0, 0]")) == ""


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4), SUBSCRIPTS, st.integers(0, 90),
    st.integers(0, 90), st.integers(12, 90), st.integers(2, 12),
)  # fmt: skip
def test_each_number_is_the_element_at_its_index(
    shape: list[int], index: str, row: int, column: int, width: int, height: int
) -> None:
    elements = np.arange(math.prod(shape)).reshape(shape) + 10_000
    try:
        select(shape, index)
    except ValueError:
        return
    heads, *rows = drawn(elements, index, (row, column), width, height)
    if heads == "no elements":
        assert elements[parse_subscript(index)].size == 0
        return
    for text in rows:
        label, *numbers = text.split()
        places = re.findall(r"\d+|:", label)
        assert numbers
        for head, number in zip(heads.split() or [""], numbers, strict=False):
            if number == "…":
                continue
            at = [int(head) if place == ":" else int(place) for place in places]
            if head.startswith("+"):
                # For a vector: an offset along the axis that the subscript keeps.
                axis = next(n for n, one in enumerate(select(shape, index)) if type(one) is range)
                at[axis] += int(head)
            assert elements[tuple(at)] == int(number)


@given(
    st.lists(FLOATS, min_size=1, max_size=60), st.integers(1, 80),
    st.integers(1, 9), st.sampled_from(["256", "standard", None]), st.integers(1, 7),
)  # fmt: skip
def test_rows_are_as_wide_as_the_pane_and_numbers_are_never_cut(
    numbers: list[float], width: int, height: int, colors: str | None, across: int
) -> None:
    elements = np.resize(np.array(numbers), (len(numbers), across))
    seen = window(elements, "", (0, 0), width, height)
    strips = draw_elements(seen, elements, (0, 0), width, palette_for(colors))
    assert all(strip.cell_length == cell_len(strip.text) == width for strip in strips)
    if width < 30:
        return
    for row, strip in zip(seen.rows, strips[1:], strict=True):
        for column, text in zip(seen.columns, strip.text.split()[1:], strict=True):
            assert float(text) == pytest.approx(elements[row, column], rel=0.6, nan_ok=True)


@given(
    st.tuples(st.integers(1, 400), st.integers(1, 400)), st.integers(0, 500), st.integers(0, 500),
    st.integers(20, 400), st.integers(2, 100),
)  # fmt: skip
def test_a_fetch_covers_the_window_and_keeps_the_limit(
    shape: tuple[int, int], row: int, column: int, width: int, height: int
) -> None:
    for seen in (
        look(view(np.zeros((1, 1))), select(shape, ""), (row, column), width, height),
        look(view(np.zeros(1)), select(shape, "[0]"), (row, column), width, height),
    ):
        size = 1
        for (first, end), (start, last) in zip(seen.around, seen.needed, strict=True):
            assert 0 <= first <= start < last <= end
            size *= end - first
        assert size <= EXACT
        assert look(view(np.zeros(1)), seen.axes, seen.moved(0, 0), width, height) == seen
