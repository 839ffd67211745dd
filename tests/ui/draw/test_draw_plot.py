"""Drawing of plots, maps and the twin, with numbers on which plotext would abort."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.strip import Strip

from tutor.insight.pairing import ComparedPair
from tutor.insight.plots import PlotData
from tutor.insight.trajectory import Trajectory
from tutor.schema.frame import TensorView
from tutor.script.declarations import Plot
from tutor.ui.draw.plots.chart import Chart, log_ticks, ticks
from tutor.ui.draw.plots.plot import draw_plot, grid
from tutor.ui.draw.plots.surface import Overlay, draw_surface, room
from tutor.ui.draw.script.twin import draw_twin
from tutor.ui.draw.text.palette import Palette, palette_for

PALETTE = palette_for("256")
PALETTES = pytest.mark.parametrize("color", ["256", "standard", None])
SIZES = [(1, 1), (3, 2), (12, 3), (12, 4), (13, 5), (40, 12), (80, 24), (300, 3), (2, 40)]
NAN, INF = math.nan, math.inf

Array = np.ndarray[Any, Any]


def numbers(*values: float) -> Array:
    return np.array(values, dtype=np.float64)


POINTS = Plot("The points", points=("x", "y"))
CLASSED = Plot("The points", points=("x", "y", "kind"))
LINES = Plot("The lines", lines=(("x", "y", "a fit"), ("x", "z")))
CURVE = Plot("The bowl", of="(v - 2) ** 2", over={"v": (-1, 5)}, at=("w[0]",))
MAP = Plot("The map", of="a + b", over={"a": (0, 1), "b": (0, 2)}, at=("u", "model.v"))
BARS = Plot("The bars", bars="{'first': 1}")


def bowl(count: int = 200) -> PlotData:
    return PlotData(1, surface=(np.linspace(-1, 5, count) - 2) ** 2)


def slope(width: int, height: int, plot: Plot = MAP) -> PlotData:
    """A map that rises to the top and not to the right."""
    columns, rows = grid(plot, width, height)
    return PlotData(1, surface=np.repeat(np.linspace(0, 1, rows)[:, None], columns, axis=1))


def run(*places: Sequence[float], mark: str = "", name: str = "main") -> Trajectory:
    return Trajectory(mark, name, [numbers(*one) for one in places])


def drawn(
    plot: Plot,
    picture: PlotData,
    *trajectories: Trajectory,
    width: int = 40,
    height: int = 12,
    palette: Palette = PALETTE,
) -> list[Strip]:
    strips = draw_plot(plot, picture, trajectories, width, height, palette)
    assert len(strips) == height
    assert {strip.cell_length for strip in strips} == {width}
    assert {sum(s.cell_length for s in strip) for strip in strips} == {width}
    assert all(segment.style is not None for strip in strips for segment in strip)
    return strips


def texts(*args: Any, **kinds: Any) -> list[str]:
    return [strip.text.rstrip() for strip in drawn(*args, **kinds)]


def dots(rows: Sequence[str]) -> int:
    return sum(0x2800 < ord(c) < 0x2900 for row in rows for c in row)


def column(rows: Sequence[str], mark: str) -> int:
    return next(row.index(mark) for row in rows if mark in row)


def row(rows: Sequence[str], mark: str) -> int:
    return next(number for number, row in enumerate(rows) if mark in row)


PICTURES: list[Callable[[int, int], tuple[Plot, PlotData, tuple[Trajectory, ...]]]] = [
    lambda w, h: (POINTS, PlotData(1, points=(numbers(1, 2, 3), numbers(4, 2, 9))), ()),
    lambda w, h: (
        CLASSED, PlotData(1, points=(numbers(1, 2), numbers(3, 4), numbers(0, 1))), (run(),)
    ),
    lambda w, h: (
        LINES,
        PlotData(1, lines=((numbers(1, 2), numbers(3, 4), "a fit"), (numbers(1), numbers(2), ""))),
        (),
    ),
    lambda w, h: (CURVE, bowl(), (run([4, 3, 2], mark="b", name="訓練 lr"), run([4, 3]))),
    lambda w, h: (MAP, slope(w, h), (run([0, 0.5], [0, 1.5], mark="b", name="b"), run([1], [1]))),
    lambda w, h: (
        BARS, PlotData(1, bars=(("first", 1.0), ("訓練", -2.0), ("nan", NAN)), problem="oops: no"),
        (),
    ),
    lambda w, h: (CURVE, PlotData(1, problem="NameError: name 'v' is not defined"), (run([1]),)),
]  # fmt: skip


@PALETTES
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", PICTURES)
def test_every_plot_fills_its_pane(make: Any, size: tuple[int, int], color: str | None) -> None:
    plot, picture, trajectories = make(*size)
    drawn(plot, picture, *trajectories, width=size[0], height=size[1], palette=palette_for(color))


@settings(max_examples=30)
@given(st.integers(1, 90), st.integers(1, 30), st.sampled_from(PICTURES))
def test_every_plot_fills_a_pane_of_any_size(width: int, height: int, make: Any) -> None:
    plot, picture, trajectories = make(width, height)
    drawn(plot, picture, *trajectories, width=width, height=height)


def test_a_pane_without_room_is_left_alone() -> None:
    assert draw_plot(CURVE, bowl(), (), 10, 0, PALETTE) == []
    assert [s.cell_length for s in draw_plot(CURVE, bowl(), (), 0, 2, PALETTE)] == [0, 0]


def test_without_colours_nothing_has_a_colour() -> None:
    for make in PICTURES:
        plot, picture, trajectories = make(40, 12)
        strips = drawn(plot, picture, *trajectories, palette=palette_for(None))
        assert all(s.style is not None and s.style.color is None for one in strips for s in one)


# Unusual numbers


ODD = [
    [],
    [NAN],
    [NAN, NAN, 1.0],
    [INF, -INF],
    [1.0, INF, 2.0, NAN, 3.0],
    [2.0, 2.0, 2.0],
    [0.0, 0.0],
    [1e300, -1e300],
    [5e-324, 0.0],
    [1e16, 1e16 + 2],
    [-1e-320, 1.0],
]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("odd", ODD)
def test_unusual_numbers_are_left_out(odd: list[float], log: bool) -> None:
    count = len(odd)
    even = np.arange(float(count))
    values = numbers(*odd)
    kind = "log" if log else "plain"
    for x, y in ((even, values), (values, even), (values, values)):
        drawn(Plot(kind, points=("x", "y"), log=log), PlotData(1, points=(x, y)))
        drawn(Plot(kind, lines=(("x", "y"),), log=log), PlotData(1, lines=((x, y, "l"),)))
        kinds = PlotData(1, points=(x, y, values))
        drawn(Plot(kind, points=("x", "y", "c"), log=log), kinds)
    if count:
        curve = Plot(kind, of="v", over=CURVE.over, at=CURVE.at, log=log)
        drawn(curve, PlotData(1, surface=values), run(odd))
        flat = Plot(kind, of="a", over=MAP.over, at=MAP.at, log=log)
        drawn(flat, PlotData(1, surface=np.resize(values, (20, 32))), run(odd, odd))
    bars = tuple((str(number), value) for number, value in enumerate(odd))
    drawn(Plot(kind, bars="b", log=log), PlotData(1, bars=bars))


@given(
    st.lists(st.tuples(st.floats(), st.floats()), max_size=12),
    st.booleans(),
)
@settings(max_examples=40)
def test_a_line_through_any_numbers_is_drawn(pairs: list[tuple[float, float]], log: bool) -> None:
    # x beyond 1e300 has a test of its own.
    x = np.clip(numbers(*(one for one, _ in pairs)), -1e300, 1e300)
    y = numbers(*(other for _, other in pairs))
    drawn(Plot("t", points=("x", "y"), log=log), PlotData(1, (x, y), ((x, y, ""),)))


def test_points_at_both_ends_of_float64() -> None:
    points = numbers(1.7e308, -1.7e308), numbers(1, 2)
    assert "".join(texts(POINTS, PlotData(1, points=points))).count("•") == 2


def test_a_bar_at_the_end_of_float64() -> None:
    rows = texts(BARS, PlotData(1, bars=(("first", 1.7e308), ("second", 1.0))))
    assert (rows[1].count("█"), rows[2].count("█")) == (22, 0)


@pytest.mark.filterwarnings("error")
def test_a_map_between_both_ends_of_float64() -> None:
    surface = np.repeat([[-1.7e308], [1.7e308]], [9, 9], axis=0) * np.ones(32)
    rows = texts(MAP, PlotData(1, surface=surface))
    assert "×" not in "".join(rows)


def test_an_empty_plot_has_its_title() -> None:
    for plot in (POINTS, LINES, CURVE, MAP, BARS):
        assert texts(plot, PlotData(1)) == [plot.title, *[""] * 11]


def test_a_problem_is_shown_below_the_title() -> None:
    rows = texts(CURVE, PlotData(1, problem="v: NameError: no"), run([3.0]))
    assert rows[:3] == ["The bowl", "w[0] 3", "not drawn: v: NameError: no"]
    assert dots(rows) == 0


def test_a_long_problem_goes_on_in_the_next_row() -> None:
    problem = "(v - 1) ** 2: ValueError: it gives [4] numbers at each place; it should give one"
    rows = texts(CURVE, PlotData(1, problem=problem))
    assert " ".join(one for one in rows[1:] if one) == f"not drawn: {problem}"
    strips = drawn(CURVE, PlotData(1, problem=problem))
    inks = {s.style for strip in strips[1:4] for s in strip if s.text.strip()}
    assert inks == {PALETTE.warning}


def test_a_plot_waits_for_a_name_without_a_value() -> None:
    text = "(v - w) ** 2: NameError: name 'w' is not defined"
    strips = drawn(CURVE, PlotData(1, problem=text))
    assert strips[1].text.rstrip() == "the plot comes when w has a value"
    assert {s.style for s in strips[1] if s.text.strip()} == {PALETTE.muted}
    assert "NameError" not in "".join(one.text for one in strips)


def test_a_problem_does_not_hide_the_rest_of_the_plot() -> None:
    plot = Plot("t", points=("x", "y"), lines=(("x", "missing"),))
    points = numbers(1, 2), numbers(1, 2)
    rows = texts(plot, PlotData(1, points=points, problem="missing: NameError: no"))
    assert rows[1].startswith("not drawn: missing")
    assert "".join(rows).count("•") == 2


# Points and lines


def test_points_of_several_classes_have_marks_of_their_own() -> None:
    kinds = numbers(0, 0, 1, 2, 7)
    points = numbers(1, 2, 3, 4, 5), numbers(1, 2, 3, 4, 5), kinds
    rows = texts(CLASSED, PlotData(1, points=points))
    body = "".join(rows[1:])
    assert [body.count(mark) for mark in "o+x*"] == [2, 1, 1, 1]
    assert "•" not in body


def test_points_of_one_kind_are_dots() -> None:
    rows = texts(POINTS, PlotData(1, points=(numbers(1, 2, 3), numbers(1, NAN, 3))))
    assert "".join(rows).count("•") == 2


def test_each_line_with_a_label_is_in_the_legend() -> None:
    x = numbers(0, 1)
    lines = (x, numbers(0, 1), "a fit"), (x, numbers(1, 2), ""), (x, numbers(1, 0), "the truth")
    strips = drawn(LINES, PlotData(1, lines=lines))
    assert strips[1].text.split("━")[1:] == [" a fit  ", " the truth".ljust(30)]
    legend = {s.text.strip(" ━"): s.style for s in strips[1] if s.text.strip()}
    inks = {s.style for strip in strips[2:] for s in strip if dots([s.text])}
    # The legend's styles are those of the lines, and each line has one of its own.
    assert set(legend.values()) < inks
    assert len(inks) == 3


def test_without_colours_each_line_has_a_mark_of_its_own() -> None:
    x = np.linspace(0, 1, 80)
    lines = tuple((x, np.full(80, float(at)), f"line {at}") for at in range(4))
    rows = texts(LINES, PlotData(1, lines=lines), palette=palette_for(None), height=20)
    assert rows[1] == "━ line 0  * line 1  + line 2  x line 3"
    body = [one.partition("┤")[2] or one.partition("│")[2] for one in rows[2:]]
    assert dots(body) > 20
    for mark in "*+x":
        assert "".join(body).count(mark) > 20
    # With colours the lines differ in colour.
    coloured = texts(LINES, PlotData(1, lines=lines), height=20)
    assert coloured[1] == "━ line 0  ━ line 1  ━ line 2  ━ line 3"
    assert not set("*+x") & set("".join(one.partition("┤")[2] for one in coloured))


def test_a_moving_line_does_not_move_the_axes() -> None:
    plot = Plot("t", points=("x", "y"), lines=(("x", "z"),))
    x = np.linspace(0, 10, 21)

    def drawn_with(line: Array) -> tuple[list[str], list[int]]:
        rows = texts(plot, PlotData(1, (x, x), ((x, line, ""),)), height=20)
        labels = [one.split("┤")[0].strip() for one in rows if "┤" in one]
        return labels, [number for number, one in enumerate(rows) if "•" in one]

    labels, places = drawn_with(np.full(21, NAN))
    for line in (x, 100 * x, -1e6 * x, 0 * x + 500):
        assert drawn_with(line) == (labels, places)
    # There is free space above and below the points, about a third of their range.
    above, below = places[0] - 1, 17 - places[-1]
    assert (above, below) == (pytest.approx(0.3 * 11, abs=1), pytest.approx(0.3 * 11, abs=1))


def test_a_line_is_cut_at_the_end_of_the_axes() -> None:
    plot = Plot("t", points=("x", "y"), lines=(("x", "z"),))
    x = np.linspace(0, 10, 101)
    whole = texts(plot, PlotData(1, (x, 0 * x + x / 10), ((x, x / 10, ""),)), height=20)
    steep = texts(plot, PlotData(1, (x, 0 * x + x / 10), ((x, 100 * x, ""),)), height=20)
    alone = texts(plot, PlotData(1, (x, 0 * x + x / 10), ((x, NAN * x, ""),)), height=20)
    assert dots(steep) < 8
    assert dots(alone) == 0
    # No part of it runs along the upper end.
    assert dots(steep[1:2]) <= 1
    assert "".join(whole).count("•") > 20


def test_no_line_is_drawn_over_a_gap() -> None:
    x = np.arange(40.0)
    whole, broken = np.ones(40), np.where((x > 10) & (x < 30), NAN, 1.0)
    lines = [texts(LINES, PlotData(1, lines=((x, y, ""),))) for y in (whole, broken)]
    assert dots(lines[1]) < 0.7 * dots(lines[0])


def test_a_logarithmic_plot_has_powers_of_ten() -> None:
    x = np.arange(9.0)
    plot = Plot("t", lines=(("x", "y"),), log=True)
    rows = texts(plot, PlotData(1, lines=((x, 10.0**-x, ""),)), height=20)
    assert [one.split("┤")[0].strip() for one in rows if "┤" in one][-1] == "1e-8"
    # It falls evenly; without logarithms all points but the first would be on the axis.
    assert len([one for one in rows if dots([one])]) > 15


def test_numbers_not_above_zero_are_left_out_of_a_logarithmic_plot() -> None:
    plot = Plot("t", points=("x", "y"), log=True)
    points = numbers(1, 2, 3, 4), numbers(1, 0, -1, 10)
    assert "".join(texts(plot, PlotData(1, points=points))).count("•") == 2


# A curve and the ball on it


def test_the_ball_sits_on_the_curve() -> None:
    rows = texts(CURVE, bowl(), run([5, 4, 2]))
    assert rows[:2] == ["The bowl", "w[0] 2"]
    # At the bottom of the bowl, and that is in the middle of the pane.
    assert row(rows, "●") == len(rows) - 3
    left = column(rows, "┤") + 1
    assert column(rows, "●") == pytest.approx((left + 39) / 2, abs=1)
    assert "".join(rows).count("•") == 2


@pytest.mark.parametrize("place", [-1.0, 0.3, 2.0, 3.7, 5.0])
def test_the_ball_has_the_height_of_the_curve(place: float) -> None:
    rows = texts(CURVE, bowl(), run([place]), width=60, height=20)
    # The same curve with as many rows above it, without a ball.
    bare = texts(CURVE, bowl(), run([NAN]), width=60, height=20)
    assert "●" not in "".join(bare)
    # The ball hides a part of the curve.
    assert dots([bare[row(rows, "●")][column(rows, "●")]]) == 1


@pytest.mark.parametrize(("place", "arrow"), [(-7.0, "◄"), (9.0, "►"), (1e300, "►")])
def test_an_arrow_points_to_a_ball_outside_the_axis(place: float, arrow: str) -> None:
    rows = texts(CURVE, bowl(), run([2.0, place]))
    assert "●" not in "".join(rows)
    at = column(rows, arrow)
    assert at == 39 if arrow == "►" else at == column(rows, "┤") + 1
    # Its earlier place is still marked on the curve.
    assert "•" in "".join(rows)


def test_a_ball_that_was_outside_the_axis_leaves_no_mark() -> None:
    rows = texts(CURVE, bowl(), run([-9.0, 9.0, 2.0]))
    assert "•" not in "".join(rows)
    assert "●" in "".join(rows)


def test_an_unknown_place_is_skipped() -> None:
    rows = texts(CURVE, bowl(), run([2.0, NAN]))
    assert "●" in "".join(rows)
    assert rows[:2] == ["The bowl", "w[0] nan"]
    assert "●" not in "".join(texts(CURVE, bowl(), run([NAN])))
    assert "●" not in "".join(texts(CURVE, bowl(), run([])))


def test_a_ball_over_a_gap_is_interpolated() -> None:
    holed = bowl()
    assert holed.surface is not None
    holed.surface[80:120] = NAN
    rows = texts(CURVE, holed, run([2.0]))
    assert "●" in "".join(rows)


def test_other_runs_are_on_the_curve_with_their_letters() -> None:
    rows = texts(CURVE, bowl(), run([4.0], mark="b", name="lr = 0.5"), run([0.0]))
    assert rows[:2] == ["The bowl", "w[0] 0  b lr = 0.5"]
    assert "main" not in "".join(rows)
    assert column(rows[2:], "●") < column(rows[2:], "b")


def test_a_curve_is_drawn_without_a_ball() -> None:
    plot = Plot("t", of="v", over=CURVE.over)
    for trajectories in ([], [run()], [run(mark="b", name="lr = 0.5"), run()]):
        rows = texts(plot, bowl(), *trajectories)
        assert dots(rows) > 30
        # Runs that are not on the curve are not in the legend.
        assert rows[0] == "t"
        assert "┤" in "".join(rows[1:3])
        assert not {"●", "•", "b lr"} & set("".join(rows))
        assert "lr" not in "".join(rows)


def test_the_ball_lies_over_points() -> None:
    plot = Plot("t", points=("x", "y"), of="v", over=CURVE.over, at=CURVE.at)
    x = np.linspace(-1, 5, 60)
    picture = PlotData(1, points=(x, (x - 2) ** 2), surface=bowl().surface)
    assert "●" not in "".join(texts(plot, picture))
    rows = texts(plot, picture, run([1.0, 2.0]))
    assert "".join(rows).count("●") == 1


# A map


def test_a_map_is_brighter_for_larger_numbers() -> None:
    rows = texts(MAP, slope(40, 12), palette=palette_for(None))
    body = [one[8:] for one in rows[1:10]]
    assert body[0] == "@" * 32
    assert body[-1].strip() == ""
    # The numbers at its edges, and the names of its axes.
    assert [rows[at].split()[0] for at in (1, 5)] == ["2", "v"]
    assert rows[9] == "      0"
    assert rows[10].split() == ["0", "u", "1"]


def test_a_trajectory_on_a_map_ends_at_the_ball() -> None:
    rows = texts(MAP, slope(40, 12), run([0.0, 0.5, 0.99], [0.0, 1.0, 1.9]))
    assert rows[:2] == ["The map", "u 0.99  v 1.9"]
    assert (row(rows, "●"), column(rows, "●")) == (2, 39)
    # Two earlier places with dots between them, the first one at the lower left.
    assert "".join(rows).count("•") == 2
    assert (row(rows, "•"), rows[9][8]) == (5, "•")
    assert "".join(rows).count("·") > 10


def test_only_the_part_of_a_trajectory_on_the_map_is_drawn() -> None:
    rows = texts(MAP, slope(40, 12), run([0.1, 1e300], [0.2, -1e300]))
    assert "●" not in "".join(rows)
    assert "•" in "".join(rows)
    assert "·" not in "".join(rows)


def test_lines_only_join_places_on_the_map() -> None:
    def trail(*places: tuple[float, float]) -> int:
        rows = texts(MAP, slope(40, 12), run(*zip(*places, strict=True)))
        return "".join(rows).count("·")

    start, end = (0.0, 0.1), (1.0, 1.9)
    assert trail(start, end) > 20
    assert trail(start, (1.2, 1.0), end) == 0
    assert trail(start, (0.5, 1.0), (1.2, 1.0)) == trail(start, (0.5, 1.0)) > 10


def test_a_map_has_the_numbers_of_its_edges() -> None:
    for u, v, where in ((0.0, 0.0, (9, 8)), (1.0, 2.0, (2, 39))):
        rows = texts(MAP, slope(40, 12), run([u], [v]))
        assert (row(rows, "●"), column(rows, "●")) == where
    for u, v in ((-0.1, 1.0), (1.1, 1.0), (0.5, -0.2), (0.5, 2.2)):
        assert "●" not in "".join(texts(MAP, slope(40, 12), run([u], [v])))


def test_trajectories_of_other_runs_end_at_their_letters() -> None:
    other = run([0.1, 0.2], [0.1, 1.5], mark="c", name="w = 0")
    rows = texts(MAP, slope(40, 13), other, run([0.9], [1.0]), height=13)
    assert rows[:2] == ["The map", "u 0.9  v 1  c w = 0"]
    assert column(rows[2:], "c") < column(rows[2:], "●")


def test_lines_and_points_are_drawn_over_a_map() -> None:
    picture = slope(40, 12)
    line = numbers(0, 1), numbers(1, 1), ""
    kinds = numbers(0.2, 0.8), numbers(0.4, 0.4), numbers(0, 1)
    rows = texts(MAP, PlotData(1, kinds, (line,), surface=picture.surface))
    assert rows[5].count("·") > 28
    assert column(rows, "o") < column(rows, "+")
    assert row(rows, "o") == row(rows, "+")


def test_numbers_that_are_not_finite_are_crossed_out() -> None:
    picture = slope(40, 12)
    assert picture.surface is not None
    picture.surface[:, :4] = NAN
    for color in ("256", None):
        rows = [one.text for one in drawn(MAP, picture, palette=palette_for(color))]
        assert {one[8:12] for one in rows[1:10]} == {"××××"}
        assert "×" not in "".join(one[12:] for one in rows)
    picture.surface[:] = INF
    assert "×" * 32 in "".join(texts(MAP, picture))


@PALETTES
def test_a_level_divides_a_map_in_two(color: str | None) -> None:
    palette = palette_for(color)
    plot = Plot("t", of="a", over=MAP.over, level=0.5)
    picture = slope(60, 12, plot)
    strips = drawn(plot, picture, palette=palette, width=60)
    assert "0.5 between" in strips[-1].text
    styles = [list(strip)[1] for strip in strips[1:10]]
    looks = [(one.text[0], one.style) for one in styles]
    # Both sides of the level differ in every palette.
    assert not set(looks[:4]) & set(looks[5:])
    low, high = strips[-1].text.split()[0], strips[-1].text.split(",")[0].split()[-1]
    assert (low, high) == ("0", "1")


def test_a_level_beyond_all_numbers_leaves_one_side() -> None:
    plot = Plot("t", of="a", over=MAP.over, level=5.0)
    rows = texts(plot, slope(40, 12, plot), palette=palette_for(None))
    assert not set("".join(one[8:] for one in rows[1:10])) & set("=+*#%@")


def test_a_flat_map_is_on_its_side_of_a_level() -> None:
    plot = Plot("t", of="a", over=MAP.over, level=0.0)
    looks = []
    for height in (-3.0, 0.0, 3.0):
        flat = PlotData(1, surface=np.full((18, 32), height))
        looks.append(texts(plot, flat, palette=palette_for(None))[3])
    assert len(set(looks)) == 3


def test_a_logarithmic_map_says_so() -> None:
    plot = Plot("t", of="a", over=MAP.over, log=True)
    columns, rows = grid(plot, 60, 12)
    surface = np.repeat(10.0 ** np.linspace(-8, 0, rows)[:, None], columns, axis=1)
    found = texts(plot, PlotData(1, surface=surface), palette=palette_for(None), width=60)
    assert "by its logarithm" in found[-1]
    # All shades cover equally many rows; without logarithms one would cover nearly all.
    shades = [one[8:9] for one in found[1:10]]
    assert len(set(shades)) >= 8


def test_a_flat_map_is_one_colour() -> None:
    flat = PlotData(1, surface=np.full((18, 32), 3.0))
    rows = texts(MAP, flat, palette=palette_for(None))
    assert len({one[8:] for one in rows[1:10]}) == 1


@pytest.mark.parametrize(("relief", "is_flat"), [(5e-6, True), (-5e-6, True), (2e-4, False)])
def test_differences_of_rounding_are_drawn_flat(relief: float, is_flat: bool) -> None:
    surface = 3.0 * np.ones((18, 32))
    surface[:9] *= 1 + relief
    rows = texts(MAP, PlotData(1, surface=surface), palette=palette_for(None))
    assert (len({one[8:].ljust(32) for one in rows[1:10]}) == 1) == is_flat


def test_a_legend_does_not_change_the_map() -> None:
    plain = palette_for(None)
    alone = texts(MAP, slope(40, 9), palette=plain, height=9)
    other = run([0.1], [0.1], mark="b", name="lr = 0.5")
    both = texts(MAP, slope(40, 9), other, run([0.5], [1.0]), palette=plain, height=9)
    # In both, the upper row of the map has the largest numbers, and the lower row the smallest.
    assert alone[1].endswith("@")
    assert both[2].endswith("@")
    assert alone[6].split()[0] == both[6].split()[0] == "0"
    assert not set("@%#*+=") & {alone[6][-1], both[6][-1]}


def test_a_map_sampled_for_another_size_is_drawn_whole() -> None:
    for shape in ((4, 5), (90, 130), (1, 130), (90, 1)):
        surface = np.add.outer(np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1]))
        found = texts(MAP, PlotData(1, surface=surface), palette=palette_for(None))
        rows = [one[8:].ljust(32) for one in found[1:10]]
        # It rises to the top and to the right.
        assert rows[0][-1] == "@"
        assert rows[-1][0] == " "
        heights = [[" .:-=+*#%@".index(shade) for shade in one] for one in rows]
        assert all(one == sorted(one) for one in heights)
        assert all([*one] == sorted(one, reverse=True) for one in zip(*heights, strict=True))


def test_a_map_sampled_for_another_size_fills_its_pane() -> None:
    for size in ((2, 3), (3, 500), (90, 2)):
        drawn(MAP, PlotData(1, surface=np.ones(size)), run([0.5], [0.5]))


def test_a_map_is_sampled_for_its_room() -> None:
    assert grid(MAP, 40, 12) == (32, 18)
    assert grid(CURVE, 40, 12) == (80, 1)
    assert room(1, 1) == (1, 1)
    assert grid(CURVE, 1, 1)[0] >= 2
    # A curve is sampled no more finely than a pane can show.
    assert grid(CURVE, 1000, 10) == (200, 1)


@PALETTES
@pytest.mark.parametrize("size", [(1, 1), (9, 3), (30, 10)])
def test_a_map_alone_fills_its_room(size: tuple[int, int], color: str | None) -> None:
    palette = palette_for(color)
    columns, rows = room(*size)
    overlays = [Overlay("●", numbers(NAN, 0.5), numbers(0.5, INF), palette.strong)]
    surface = np.arange(2.0 * rows * columns).reshape(2 * rows, columns)
    strips = draw_surface(surface, (0, 1), (0, 1), ("a", "b"), overlays, *size, palette)
    assert len(strips) == rows + 2
    assert {strip.cell_length for strip in strips} == {size[0]}


# Bars


def lengths(rows: Sequence[str]) -> dict[str, int]:
    return {one.split()[0]: one.count("█") for one in rows if one.split()[1:]}


def test_a_bar_is_proportional_to_its_number() -> None:
    rows = texts(
        BARS, PlotData(1, bars=(("one", 1.0), ("two", 2.0), ("less", -2.0), ("none", 0.0)))
    )
    found = lengths(rows[1:])
    assert found["two"] == 2 * found["one"] == found["less"] > 15
    assert found["none"] == 0
    assert rows[3].split()[:2] == ["less", "-2"]


def test_a_negative_bar_has_a_colour_of_its_own() -> None:
    strips = drawn(BARS, PlotData(1, bars=(("one", 1.0), ("less", -1.0))))
    inks = [next(s.style for s in strip if "█" in s.text) for strip in strips[1:3]]
    assert inks == [PALETTE.accent, PALETTE.negative]


def test_logarithmic_bars_say_so_and_show_small_numbers() -> None:
    plot = Plot("t", bars="b", log=True)
    bars = (("big", 1e6), ("small", 1e-6), ("none", 0.0), ("odd", NAN), ("endless", INF))
    rows = texts(plot, PlotData(1, bars=bars))
    found = lengths(rows[1:6])
    assert found["big"] > found["small"] > 0
    assert found["none"] == found["odd"] == found["endless"] == 0
    assert rows[0] == "t, by the logarithm"
    assert texts(Plot("t", bars="b"), PlotData(1, bars=bars))[0] == "t"


def test_a_bar_that_is_not_finite_has_the_style_of_an_error() -> None:
    strips = drawn(BARS, PlotData(1, bars=(("odd", NAN), ("one", 1.0))))
    assert PALETTE.error in {s.style for s in strips[1] if "nan" in s.text}


def test_more_bars_than_rows_are_cut() -> None:
    bars = tuple((f"n{number}", 1.0) for number in range(50))
    rows = texts(BARS, PlotData(1, bars=bars), height=5)
    assert [one.split()[0] for one in rows[1:4]] == ["n0", "n1", "n2"]
    assert rows[-1] == "and 47 more: Enter shows this pane alone"
    # Bars with just enough room are not cut.
    rows = texts(BARS, PlotData(1, bars=bars[:4]), height=5)
    assert [one.split()[0] for one in rows[1:]] == ["n0", "n1", "n2", "n3"]
    assert texts(BARS, PlotData(1, bars=bars[:5]), height=5)[-1].startswith("and 2 more: Enter")


# The chart itself


@pytest.mark.parametrize("count", [1, 2, 3, 10, 100])
@pytest.mark.parametrize(
    "ends", [(0.0, 1.0), (-1e300, 1e300), (5e-324, 1e-320), (1e16, 1e16 + 4), (3.0, 3.0), (-2, -1)]
)
def test_ticks_lie_between_the_ends(ends: tuple[float, float], count: int) -> None:
    for place, label in ticks(*ends, count):
        assert ends[0] <= place <= ends[1]
        assert label
    assert len(ticks(*ends, count)) <= count + 1


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_logarithmic_ticks_are_powers_of_ten_or_the_ends(count: int) -> None:
    assert [label for _, label in log_ticks(-4.0, 4.0, 40)][:3] == ["1e-4", "1e-3", "0.01"]
    assert [place for place, _ in log_ticks(0.2, 0.7, count)] == [0.2, 0.7]
    assert len(log_ticks(0.3, 0.3, count)) == 1
    assert len(log_ticks(-300.0, 300.0, count)) <= count + 1


def test_later_curves_cover_earlier_ones() -> None:
    chart = Chart((0.0, 1.0), (0.0, 1.0), 30, 8)
    chart.curve(numbers(0, 1), numbers(0, 1), PALETTE.accent)
    chart.marks(numbers(0.5), numbers(0.5), "a", PALETTE.error)
    chart.marks(numbers(0.5), numbers(0.5), "b", PALETTE.warning)
    styles = {s.text: s.style for strip in chart.strips(PALETTE) for s in strip}
    assert "a" not in styles
    assert styles["b"] == PALETTE.warning


def test_more_series_than_one_byte_can_count_keep_their_styles() -> None:
    chart = Chart((0.0, 1.0), (0.0, 1.0), 60, 10)
    for number in range(450):
        chart.marks(numbers(0.5), numbers(0.5), "x", PALETTE.curves[number % 5])
    chart.marks(numbers(0.25), numbers(0.5), "y", PALETTE.error)
    [style] = [s.style for strip in chart.strips(PALETTE) for s in strip if s.text == "y"]
    assert style == PALETTE.error


# The twin


def value(*elements: float) -> TensorView:
    array = np.asarray(elements, "<f4")
    return TensorView("tensor", array.shape, "float32", "cpu", False, "<f4", array.tobytes())


def pair(
    difference: float = 0.0,
    largest: float = 0.0,
    at: int = 1,
    one: TensorView | None = None,
    other: TensorView | None = None,
) -> ComparedPair:
    one, other = one or value(1.5, 2.0), other or value(1.5, 2.25)
    return ComparedPair("w.grad", "slope", one, other, difference, largest, at)


SOURCE = "\n".join(f"line_{number} = {number}" for number in range(1, 41)) + "\n"


def twin(
    pairs: Sequence[ComparedPair],
    agreeing: Sequence[bool],
    width: int = 60,
    height: int = 12,
    iterations: int = 3,
    at: int = 20,
    palette: Palette = PALETTE,
    failure: str = "",
) -> list[str]:
    strips = draw_twin(
        "by_hand", iterations, pairs, agreeing, SOURCE, at, width, height, palette, failure
    )
    # The pane scrolls if there is no room for them.
    assert len(strips) == max(height, 1 + bool(failure) + 2 * len(pairs))
    assert {strip.cell_length for strip in strips} == {width}
    return [strip.text.rstrip() for strip in strips]


@PALETTES
@pytest.mark.parametrize("size", SIZES)
def test_the_twin_fills_its_pane(size: tuple[int, int], color: str | None) -> None:
    odd = pair(
        NAN, INF, 3, value(NAN, INF), TensorView("tensor", (0,), "f", "cpu", False, "<f4", b"")
    )
    for pairs in ([], [pair()], [pair(2.0, 3.0, 2), odd, pair()]):
        for failure in ("", "NameError: name 'x' is not defined"):
            twin(pairs, [True] * len(pairs), *size, palette=palette_for(color), failure=failure)


def test_all_pairs_are_drawn_even_without_room() -> None:
    rows = twin([pair()] * 9, [True] * 9, height=4)
    assert len([one for one in rows if one.startswith("w.grad")]) == 9
    assert rows[-1].strip() == "apart 0"


def test_a_failed_twin_shows_the_reason_below_its_name() -> None:
    rows = twin([pair()], [True], failure="NameError: name 'x' is not defined")
    assert rows[1] == "it ended: NameError: name 'x' is not defined"
    assert rows[2].startswith("w.grad")
    assert not any("it ended" in one for one in twin([pair()], [True]))


def test_the_twin_shows_its_name_and_the_iterations() -> None:
    for count, text in (
        (0, "before the loop"),
        (1, "after 1 iteration"),
        (12, "after 12 iterations"),
    ):
        assert twin([], [], iterations=count)[0] == f"by_hand  {text}"


def test_both_values_of_a_pair_share_a_row() -> None:
    rows = twin([pair()], [True])
    assert rows[1].split("  ")[0] == "w.grad [1.5 2]"
    assert rows[1].endswith("slope [1.5 2.25]")


def test_a_missing_value_is_not_yet_there() -> None:
    missing = ComparedPair("w.grad", "slope", None, value(1.0), NAN, 0.0, 1)
    rows = twin([missing], [False])
    assert "w.grad not yet" in rows[1]
    assert rows[2].strip() == "not compared yet"
    assert "differ" not in rows[2]


def test_a_pair_shows_its_difference_and_the_largest_one() -> None:
    assert twin([pair(0.0, 0.0)], [True])[2].strip() == "apart 0"
    assert twin([pair(0.5, 0.5, 3)], [False])[2].strip() == "apart 0.5  they differ"
    text = twin([pair(0.5, 2.0, 3)], [False])[2].strip()
    assert text == "apart 0.5, at most 2 after 3  they differ"


def test_the_twins_source_is_shown_around_its_line() -> None:
    rows = twin([pair()], [True], at=20)
    [here] = [one for one in rows if "✓" in one]
    assert "line_20" in here
    assert 4 < rows.index(here) < 11
    assert "line_1 " in "\n".join(twin([pair()], [True], at=0))
    assert "line_40" in twin([pair()], [True], at=40)[-1]


def test_without_room_for_a_source_the_values_stay() -> None:
    rows = twin([pair(), pair()], [True, True], height=7)
    assert not any("line_" in one for one in rows)
    assert "apart 0" in rows[4]
