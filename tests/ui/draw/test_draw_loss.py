"""Drawing of the loss pane, with losses on which plotext would abort."""

import math
from typing import Any

import pytest

from tutor.ui.draw.plots.loss import Curve, draw_loss, suits_log
from tutor.ui.draw.text.numbers import number
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")
FALLING = [4.67 * 0.8**k for k in range(40)]


def texts(losses: list[float], width: int = 40, height: int = 10, **kinds: Any) -> list[str]:
    steps = range(1, len(losses) + 1)
    strips = draw_loss(steps, losses, width, height, PALETTE, **kinds)
    return [strip.text.rstrip() for strip in strips]


def dots(rows: list[str]) -> int:
    return sum(0x2800 <= ord(c) < 0x2900 for row in rows for c in row)


def test_a_message_stands_in_place_of_the_first_loss() -> None:
    assert texts([], height=3) == ["no loss yet (backward() is called on it)", "", ""]
    assert texts([], height=3, title="error") == ["error has no value yet", "", ""]


def test_a_curve_with_its_last_loss_and_ticks() -> None:
    rows = texts(FALLING, title="loss")
    assert rows[0] == f"loss {number(FALLING[-1])}"
    assert "●" in rows[-3]
    assert rows[-1].split() == ["20", "40"]
    assert dots(rows) > 30


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("log", [False, True])
def test_losses_that_are_not_finite_are_counted_and_left_out(bad: float, log: bool) -> None:
    rows = texts([3.0, bad, 2.0, 1.0, bad], log=log)
    assert "diverged: 2 losses are not finite" in rows[0]
    assert dots(rows) > 3


def test_no_curve_is_drawn_if_no_loss_is_finite() -> None:
    rows = texts([math.nan], height=6)
    assert rows[0] == "nan diverged: 1 loss is not finite"
    assert dots(rows) == 0


def test_no_line_is_drawn_over_a_gap() -> None:
    gap = [1.0] * 10 + [math.nan] * 20 + [1.0] * 10
    assert dots(texts(gap)) < 0.7 * dots(texts([1.0] * 40))


@pytest.mark.parametrize(
    "losses",
    [
        [2.0],
        [2.0, 2.0],
        [0.0, 0.0],
        [1e300, 1.0],
        [1.7e308, -1.7e308],
        [5e-324, 0.0],
        [1.0, 1e-320],
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_extreme_losses_are_drawn(losses: list[float], log: bool) -> None:
    assert len(texts(losses, log=log)) == 10


@pytest.mark.parametrize("size", [(3, 2), (1, 1), (12, 4), (13, 5), (300, 3)])
def test_tiny_panes_are_filled(size: tuple[int, int]) -> None:
    rows = texts(FALLING, *size)
    assert len(rows) == size[1]
    assert rows[0]


def test_a_logarithmic_axis_has_powers_of_ten() -> None:
    rows = texts([10.0**-k for k in range(9)], height=20, log=True)
    assert [row.split("┤")[0].strip() for row in rows if "┤" in row][-1] == "1e-8"
    assert "log" in rows[0]


def test_losses_not_above_zero_are_left_out_of_a_logarithmic_axis() -> None:
    assert "1 not above 0 left out" in texts([1.0, 0.0, 0.1], log=True)[0]


def test_log_is_suited_to_positive_losses_over_two_decades() -> None:
    assert suits_log([10.0, 0.05])
    assert suits_log([10.0, math.nan, 0.05])
    assert not suits_log([10.0, 0.2])
    assert not suits_log([10.0, 0.0])
    assert not suits_log([10.0, -1.0])
    assert not suits_log([])
    assert not suits_log([math.nan])
    assert suits_log([1.7e308, 5e-324])


def test_the_mark_is_at_the_last_loss_and_at_none_before_if_that_is_not_finite() -> None:
    column = next(row.index("●") for row in texts(FALLING) if "●" in row)
    assert column == 39
    assert "●" not in "".join(texts([*FALLING, math.nan]))


def test_other_runs_have_a_name_in_the_legend_and_a_mark_at_the_end_of_their_curve() -> None:
    others = [Curve("b", "lr 0.1", range(1, 21), FALLING[:20]), Curve("c", "nan", [1], [math.nan])]
    strips = draw_loss(range(1, 41), FALLING, 40, 12, PALETTE, name="main", others=others)
    legend = {s.text.strip(): s.style for s in strips[1] if s.text.strip()}
    assert list(legend) == ["● main", "b lr 0.1", "c nan"]
    row, column = next(
        (row, one.text.index("b")) for row, one in enumerate(strips[2:]) if "b" in one.text
    )
    assert 15 < column < 30
    marks = {segment.style for segment in strips[2 + row] if segment.text == "b"}
    assert marks == {legend["b lr 0.1"]} == {PALETTE.curves[0]}
    assert "c" not in "".join(one.text for one in strips[2:])


def test_decimation_keeps_a_spike() -> None:
    losses = [1.0] * 5000
    losses[2345] = 9.0
    top = "".join(texts(losses, height=12)[1:3])
    assert any(0x2800 < ord(c) < 0x2900 for c in top)


def test_the_curve_is_drawn_without_colours_too() -> None:
    strips = draw_loss([1, 2], [2.0, 1.0], 40, 10, palette_for(None))
    assert all(s.style is not None and s.style.color is None for strip in strips for s in strip)
    assert dots([strip.text for strip in strips]) > 5


def test_a_legend_that_just_fits_is_not_cut() -> None:
    others = (Curve("a", "main", [1, 2], [3.0, 2.0]), Curve("b", "lr = 0.2", [1, 2], [3.0, 1.0]))
    legend = "● lr = 0.5  a main  b lr = 0.2"
    rows = draw_loss([1, 2], [3.0, 1.5], len(legend), 8, PALETTE, name="lr = 0.5", others=others)
    assert rows[1].text == legend
