"""The request that a plot makes of a run, and the plot that the answer becomes."""

import math
import struct

from tutor.insight.plots import names_in, plot_data, sample_of
from tutor.script.declarations import Plot
from tutor.wire.messages import Sample, Sampled


def packed(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


# Requests and answers

POINTS = Plot("t", points=("x", "y", "kind"), lines=(("x", "w * x", "fit"), ("x", "b")), line=1)
BOWL = Plot("t", of="(v - w) ** 2", over={"v": (-1, 5)}, at=("w",), line=2)
MAP = Plot("t", of="a * b", over={"a": (0, 1), "b": (2, 3)}, line=3)
BARS = Plot("t", bars="{'w': w}", line=4)


def test_a_request_has_every_expression_of_its_plot() -> None:
    assert sample_of(POINTS, 80, 1).expressions == ("x", "y", "kind", "x", "w * x", "x", "b")
    assert sample_of(BOWL, 80, 1) == Sample((), "(v - w) ** 2", (("v", -1, 5),), (80,))
    assert sample_of(MAP, 80, 20).counts == (80, 20)
    assert sample_of(BARS, 80, 20) == Sample(("{'w': w}",))


def test_an_answer_becomes_points_lines_and_a_surface() -> None:
    sample = Sample(counts=(3, 2))
    values = (packed(1, 2), packed(3, 4), packed(0, 1), packed(5), packed(6), packed(7), packed(8))
    picture = plot_data(POINTS, Sampled(sample, values), 9)
    assert [one.tolist() for one in picture.points] == [[1, 2], [3, 4], [0, 1]]
    found = [(x.tolist(), y.tolist(), label) for x, y, label in picture.lines]
    assert found == [([5], [6], "fit"), ([7], [8], "")]
    assert (picture.step, picture.problem, picture.surface) == (9, "", None)
    mapped = plot_data(MAP, Sampled(sample, surface=packed(*range(6))), 9)
    assert mapped.surface is not None
    # The first name runs along the rows.
    assert mapped.surface.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_points_are_cut_to_the_shorter_coordinate() -> None:
    values = (packed(1, 2, 3), packed(4), packed(0, 0), b"", packed(1), packed(1), packed(1, 2))
    picture = plot_data(POINTS, Sampled(Sample(), values), 1)
    assert [one.size for one in picture.points] == [1, 1, 1]
    assert [(x.size, y.size) for x, y, _ in picture.lines] == [(0, 0), (1, 1)]


def test_bars_have_the_names_of_their_dictionary() -> None:
    answer = Sampled(Sample(), (packed(1.0, math.inf),), ("w1", "w2"))
    assert plot_data(BARS, answer, 1).bars == (("w1", 1.0), ("w2", math.inf))
    assert plot_data(BARS, Sampled(Sample(), (None,)), 1).bars == ()


def test_the_first_of_several_problems_is_shown_with_its_expression() -> None:
    problems = (("x", "NameError: name 'x' is not defined"), ("y", "ValueError: no"))
    answer = Sampled(Sample(), (None,) * 7, problems=problems)
    picture = plot_data(POINTS, answer, 1)
    assert picture.problem == "x: NameError: name 'x' is not defined"
    assert picture.points[0].size == 0


def test_the_names_of_a_plot_are_the_free_names_of_its_expressions() -> None:
    assert names_in(POINTS) == {"x", "y", "kind", "w", "b"}
    assert names_in(BOWL) == {"w"}
    assert names_in(MAP) == frozenset()
    assert names_in(BARS) == {"w"}
    assert names_in(Plot("t", points=("model(x).flatten()", " y "))) == {"model", "x", "y"}


# When a plot is requested
