"""Formatting of numbers."""

import math

import numpy as np
import pytest

from tutor.schema import values
from tutor.schema.frame import Summary, TensorView
from tutor.ui.draw.text.numbers import (
    aligned,
    brief,
    change,
    element,
    is_finite,
    number,
    preview,
    shape,
    spark,
    unit,
)


def view(elements: object, dtype: str = "f4") -> TensorView:
    array = np.asarray(elements, dtype)
    return TensorView("tensor", array.shape, array.dtype.name, "cpu", False, dtype, array.tobytes())


def large(nonfinite: int = 0) -> TensorView:
    counts = tuple(range(32)) if not nonfinite else ()
    block = np.zeros((64, 64), "<f4").tobytes()
    summary = Summary(-1.5, 2.25, 0.125, 1.0, 316.2, nonfinite, counts, 64, 64, block)
    return TensorView("tensor", (1000, 100), "float32", "cpu", False, "f4", None, summary)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0933333, "1.09333"), (3.0, "3"), (1e-5, "1e-5"), (-2.5e12, "-2.5e12"), (0.0001, "0.0001"),
     (123456.7, "123457"), (1234567.0, "1.23457e6"), (-0.0, "-0"), (math.nan, "nan"),
     (math.inf, "inf"), (-math.inf, "-inf")],
)  # fmt: skip
def test_a_number_has_six_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_integers_and_booleans_are_written_in_full() -> None:
    assert [element(x) for x in (True, 446, -123456789, 10**12, 1 + 2j)] == [
        "True", "446", "-123456789", "1e12", "1+2j",
    ]  # fmt: skip
    assert element(-(10**400) * 3) == "-3.00000e400"


def test_elements_are_aligned_at_the_decimal_point() -> None:
    assert aligned([1.5, -10.25, 0.0]) == ["  1.50", "-10.25", "  0.00"]
    assert aligned([1.0, math.nan]) == ["  1", "nan"]
    assert aligned([1e-8, 1.0]) == ["1e-8", "   1"]


def test_a_preview_has_the_brackets_of_its_shape() -> None:
    assert preview(view(2.5), 10) == "2.5"
    assert preview(view([1, 2, 3]), 10) == "[1 2 3]"
    assert preview(view([[1.5], [2]]), 12) == "[[1.5] [2]]"
    assert preview(view(np.zeros((2, 0))), 10) == "[]"
    assert preview(view([True, False], "?"), 20) == "[True False]"


def test_a_preview_ends_in_an_ellipsis_and_never_within_a_number() -> None:
    assert preview(view(np.arange(100.0)), 12) == "[0 1 2 3 4 …"
    assert preview(view([[0.123456]]), 9) == "…"
    assert preview(view([[0.123456]]), 10) == "[[0.1235]]"
    assert preview(view(-1234.5678, "f8"), 5) == "-1235"
    assert preview(view(1e100, "f8"), 3) == "…"


def test_a_large_tensor_is_previewed_by_its_range() -> None:
    assert preview(large(), 40) == "-1.5 … 2.25, mean 0.125"
    assert preview(large(), 12) == "-1.5 … 2.25"
    assert preview(large(nonfinite=3), 20) == "3 not finite"


def test_content_that_was_not_kept_is_being_replayed() -> None:
    bare = TensorView("tensor", (2,), "float32", "cpu", False, "f4", None)
    assert preview(bare, 20) == "being replayed"


def test_brief_drops_the_brackets_of_one_number() -> None:
    assert brief(view([[1.5]]), 10) == "1.5"
    assert brief(view([[1.5, 2]]), 10) == "[[1.5 2]]"


def test_shapes() -> None:
    assert shape(view(np.zeros((15, 1)))) == "15×1"
    assert shape(view(1.0)) == "scalar"
    assert shape(view(np.zeros((0, 3)))) == "0×3"


def test_a_change_shows_the_value_before() -> None:
    assert change("w", view([[1.0933]]), view([[1.0]])) == "w = 1.0933 ← 1"
    assert change("w", view([[1.0933]]), None) == "w = 1.0933"
    assert change("w.grad", None, view(1.0)) == "w.grad is gone"


def test_a_spark_is_a_histogram() -> None:
    assert spark(view([0, 0, 0, 0, 1, 2, 2, 2]), 3) == "█▂▆"
    assert spark(view([0, 0, 0, 0, 1, 2, 2, 2]), 3, ascii=True) == "#.*"
    assert spark(view(5.0), 4) == "    "
    assert spark(view([5.0, 5.0]), 4) == "  █ "
    assert spark(large(), 32)[0] == " "
    assert spark(large(), 32)[-1] == spark(large(), 4)[-1] == "█"


def test_a_spark_leaves_out_elements_that_are_not_finite() -> None:
    assert spark(view([0, 1, math.nan, math.inf]), 2) == "██"
    assert spark(view([math.nan, math.nan]), 2) == "  "
    assert spark(large(nonfinite=1), 2) == "  "
    assert not is_finite(view([math.nan]))
    assert not is_finite(large(nonfinite=1))
    assert is_finite(view([1.0]))


def test_unit_maps_the_whole_range_of_floats() -> None:
    assert unit(np.array([-1.7e308, 0, 1.7e308])).tolist() == [0, 0.5, 1]
    assert unit(np.array([3.0, 3.0])).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("width", "text"), [(40, "cannot be read: no copy"), (20, "cannot be read"), (8, "unread")]
)
def test_a_value_that_cannot_be_read_shows_why(width: int, text: str) -> None:
    nan = math.nan
    kept = Summary(nan, nan, nan, nan, nan, 0, (), 0, 0, b"", "cannot be read: no copy")
    view = TensorView("tensor", (4,), "uint4", "cpu", False, "<f4", None, kept)
    assert preview(view, width) == text
    assert values.plain(view) == {"shape": [4], "dtype": "uint4", "problem": kept.problem}
