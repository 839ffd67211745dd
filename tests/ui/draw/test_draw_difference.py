"""Drawing of the differences between a run and its parent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tutor.history.timeline import Moment, Timeline
from tutor.schema import values
from tutor.schema.frame import Frame, Summary, TensorView
from tutor.ui.draw.tensors.difference import (
    Subtraction,
    draw_difference,
    draw_differences,
    named,
    subtract,
)
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")


def view(elements: object, dtype: str | None = None) -> TensorView:
    array = np.asarray(elements, dtype)
    name, data = array.dtype.name, array.tobytes()
    return TensorView("tensor", array.shape, name, "cpu", False, array.dtype.str, data)


def number(value: float) -> TensorView:
    kind = type(value).__name__
    return TensorView("number", (), kind, "cpu", False, "text", repr(value).encode())


def large(block: object, mean: float = 0.0) -> TensorView:
    array = np.asarray(block, "<f4")
    kept = Summary(-1, 1, mean, 1, 1, 0, (1,) * 32, *array.shape, array.tobytes())
    return TensorView("tensor", (300, 500), "float32", "cpu", False, "<f4", None, kept)


def moment(**changed: TensorView) -> Moment:
    timeline = Timeline()
    timeline.append(Frame(1, 1, 0, None, "data", None, False, dict(changed)))
    return timeline.at(1)


def apart(now: object, then: object) -> object:
    """Return the difference as plain numbers, or the note in its place."""
    ours = now if isinstance(now, TensorView) else view(now)
    theirs = then if isinstance(then, TensorView) else view(then)
    found = subtract(ours, theirs, "main")
    if found.view is None:
        return found.note
    elements = values.array(found.view)
    assert elements is not None
    return elements.tolist()


def test_elements_are_subtracted_in_float64() -> None:
    assert apart(view([0.1], "f4"), view([0.2], "f4")) == [float(np.float32(0.1)) - np.float32(0.2)]
    assert apart(view([1, 250], "u1"), view([3, 0], "u1")) == [-2, 250]
    assert apart([True, False], [False, False]) == [1, 0]
    assert apart([1 + 2j], [1 - 1j]) == [3j]
    assert apart(number(2), number(0.5)) == 1.5


def test_equal_values_are_marked_for_every_dtype() -> None:
    assert apart([1.0, math.nan, math.inf], [1.0, math.nan, math.inf]) == "="
    assert apart(view([1, 2], "i8"), view([1, 2], "f4")) == "="
    assert apart(number(10**400), number(10**400)) == "="
    assert apart([1.0, math.inf], [2.0, math.inf]) == [-1, 0]
    assert apart([], []) == "="


def test_differences_that_are_not_finite_are_kept() -> None:
    [first, second] = apart([math.nan, math.inf], [1.0, -math.inf])
    assert math.isnan(first) and second == math.inf
    assert apart(number(10**400), number(1)) == math.inf


def test_a_note_explains_why_values_cannot_be_subtracted() -> None:
    here, bare = view([[1.0, 2.0]]), structs.replace(view([[1.0, 2.0]]), data=None)
    assert subtract(here, None, "main") == Subtraction(None, "new")
    assert subtract(None, here, "main") == Subtraction(None, "only in main")
    assert apart(here, view([1.0])) == "shape 1 in main"
    assert apart(here, bare) == apart(bare, bare) == "not kept"
    assert apart(large([[1, 2]]), large([[1, 2, 3]])) == "not kept"


def test_block_means_of_large_values_are_subtracted() -> None:
    same = large([[1, 2], [3, 4]])
    assert apart(same, large([[1, 2], [3, 4]])) == "= in all that is kept"
    found = subtract(same, large([[1, 2], [3, 8]], mean=1.0), "main").view
    assert found is not None and found.summary is not None
    assert values.block(found.summary).tolist() == [[0, 0], [0, -4]]
    assert (found.summary.min, found.summary.max, found.summary.mean) == (-4, 0, -1)


def rows(now: Moment, then: Moment, width: int = 60) -> list[str]:
    strips = draw_differences(now, then, "main", width, PALETTE)
    assert all(strip.cell_length == width for strip in strips)
    return [strip.text.rstrip() for strip in strips]


def test_each_name_of_both_runs_has_a_row() -> None:
    now = moment(a=view([[1.0, 2.0]]), b=view([1.0, 4.0]), c=number(2), **{"b.grad": view([1.0])})
    then = moment(b=view([1.0, 6.5]), a=view([[1.0, 2.0]]), d=number(0))
    assert named(now, then) == ["a", "b", "c", "d"]
    assert rows(now, then) == [
        "   a    1×2 =",
        "   b      2 -2.5 █      █ [0 -2.5]",
        "   c scalar new",
        "   d scalar only in main",
    ]
    assert rows(now, then, 20)[1] == "   b      2 -2.5"
    assert rows(moment(), moment()) == ["no values yet"]


def large_picture(now: TensorView | None, then: TensorView | None) -> list[str]:
    strips = draw_difference(now, then, "main", 50, 9, PALETTE)
    assert len(strips) == 9 and all(strip.cell_length == 50 for strip in strips)
    return [strip.text.rstrip() for strip in strips]


def test_one_difference_is_shown_in_detail() -> None:
    shown = large_picture(view([[1.0, 2.0], [3.0, 4.0]]), view([[1.0, 2.0], [3.0, 6.5]]))
    assert shown[0] == "− main: largest -2.5 at [1,1]"
    assert shown[2:4] == ["[0]   0.0   0.0", "[1]   0.0  -2.5"]
    assert large_picture(large([[1, 2]]), large([[1, 5]]))[0] == (
        "− main: of block means, largest -3"
    )


def test_the_value_is_shown_if_there_is_no_difference() -> None:
    assert large_picture(view([7.0]), view([7.0]))[0] == "= main"
    assert large_picture(view([7.0]), None)[:3] == ["new", "1 float64", "7"]
    assert large_picture(None, view([7.0]))[:3] == ["only in main", "1 float64", "7"]


SHAPES = st.sampled_from([(), (1,), (3,), (2, 2), (0,), (0, 3)])
TYPES = st.sampled_from(["?", "i1", "u8", "i8", "f2", "f4", "f8", "c8", "c16"])


@given(
    SHAPES, TYPES, TYPES, st.data(), st.integers(1, 70), st.sampled_from(["256", "standard", None])
)
def test_any_pair_of_values_fills_its_pane(
    shape: tuple[int, ...], one: str, other: str, data: st.DataObject, width: int, colors: str
) -> None:
    def drawn(dtype: str) -> TensorView:
        raw = data.draw(st.binary(min_size=(n := 16 * math.prod(shape)), max_size=n))
        count = math.prod(shape)
        return view(np.frombuffer(raw, "?" if dtype == "?" else dtype)[:count].reshape(shape))

    now, then = drawn(one), drawn(other)
    palette = palette_for(colors)
    here, there = moment(w=now), moment(w=then)
    for strip in [
        *draw_differences(here, there, "main", width, palette, selected="w"),
        *draw_difference(now, then, "main", width, 7, palette),
    ]:
        assert strip.cell_length == width
    found = subtract(now, then, "main")
    if found.view is not None and math.prod(shape) != 0:
        assert found.view.shape == shape


@pytest.mark.parametrize("width", [1, 3, 8, 15])
def test_rows_have_the_exact_width_of_a_narrow_pane(width: int) -> None:
    now, then = moment(weights=view([[1.0, 2.0]])), moment(weights=view([[1.0, 2.5]]))
    rows(now, then, width)
