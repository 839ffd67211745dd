"""The trajectory of values through a run, which a plot draws."""

import math
import struct
from collections.abc import Sequence

import numpy as np
import pytest

from tutor.history.timeline import Timeline
from tutor.insight.trajectory import MOST, coordinates
from tutor.schema.frame import Frame, Summary, TensorView
from tutor.script.declarations import Plot


def number(value: float) -> TensorView:
    kind = "int" if isinstance(value, int) else "float"
    return TensorView("number", (), kind, "cpu", False, "text", repr(value).encode())


def tensor(values: object, dtype: str = "<f4") -> TensorView:
    array = np.asarray(values, dtype)
    name = array.dtype.name
    return TensorView("tensor", array.shape, name, "cpu", False, dtype, array.tobytes())


def large() -> TensorView:
    """A tensor that is kept as a summary, without its elements."""
    block = struct.pack("<4f", 1.0, 2.0, 3.0, 4.0)
    summary = Summary(0.0, 4.0, 2.0, 1.0, 100.0, 0, (), 2, 2, block)
    return TensorView("tensor", (100, 100), "float32", "cpu", False, "<f4", None, summary)


def recorded(*changes: dict[str, TensorView | None]) -> Timeline:
    timeline = Timeline()
    for step, changed in enumerate(changes, 1):
        timeline.append(Frame(step, 1, 0, None, "other", None, False, changed))
    return timeline


def path(timeline: Timeline, *places: str, step: int | None = None) -> list[list[float]]:
    found = coordinates(timeline, places, len(timeline) if step is None else step)
    return [one.tolist() for one in found]


def test_a_trajectory_has_a_point_for_each_step_that_changed_the_value() -> None:
    timeline = recorded({"w": number(3.0)}, {"x": number(1)}, {"w": number(2.0)}, {})
    assert path(timeline, "w") == [[3.0, 2.0]]


def test_a_trajectory_ends_at_the_given_step() -> None:
    timeline = recorded({"w": number(3.0)}, {"w": number(2.0)}, {"w": number(1.0)})
    assert [path(timeline, "w", step=step) for step in range(4)] == [
        [[]], [[3.0]], [[3.0, 2.0]], [[3.0, 2.0, 1.0]],
    ]  # fmt: skip


def test_a_trajectory_grows_with_the_run() -> None:
    timeline = recorded({"w": number(3.0)})
    assert path(timeline, "w") == [[3.0]]
    timeline.append(Frame(2, 1, 0, None, "other", None, False, {"w": number(2.0)}))
    assert path(timeline, "w") == [[3.0, 2.0]]


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("w[0, 1]", 2.0),
        ("w[1,0]", 3.0),
        ("w[-1, -1]", 4.0),
        ("w[0:1, 0]", 1.0),
        # Not one number, or none at all.
        ("w[0]", math.nan),
        ("w[:, 0]", math.nan),
        ("w", math.nan),
        ("w[2, 0]", math.nan),
        ("w[0, 0, 0]", math.nan),
        ("w[0:0]", math.nan),
    ],
)
def test_a_subscript_selects_one_number(place: str, found: float) -> None:
    assert path(recorded({"w": tensor([[1, 2], [3, 4]])}), place) == [
        pytest.approx([found], nan_ok=True)
    ]


def test_a_name_may_have_dots_and_a_scalar_needs_no_subscript() -> None:
    timeline = recorded({"model.0.bias": tensor([5, 6]), "s": tensor(2.5), "k": tensor([[7]])})
    assert path(timeline, "model.0.bias[1]") == [[6.0]]
    assert path(timeline, "s", "k") == [[2.5], [7.0]]


@pytest.mark.parametrize(
    "place", ["w", "w[0]", "w[-1, 2:3]", "w.grad[0]", "model.0.weight[0, 1]", "w[:]", "w[...]"]
)
def test_every_name_that_a_plot_accepts_has_a_trajectory_even_if_an_empty_one(place: str) -> None:
    [name] = Plot("t", of="v", over={"v": (0, 1)}, at=(place,)).at
    assert path(recorded({"other": number(1.0)}), name) == [[]]


def test_booleans_and_complex_numbers_have_a_coordinate() -> None:
    assert path(recorded({"b": tensor([True, False], "|b1")}), "b[0]") == [[1.0]]
    assert path(recorded({"z": tensor([2 + 3j], "<c8")}), "z[0]") == [[2.0]]


def test_a_trajectory_starts_at_the_last_statement_outside_of_loops_that_set_the_value() -> None:
    timeline = Timeline()
    # A layer is initialised to 9, the script sets it to 3, and then the loop changes it.
    for step, (loop, value) in enumerate([(0, 9), (0, 3), (1, 2), (1, 1), (0, 7), (2, 6)], 1):
        changed: dict[str, TensorView | None] = {"w": number(value)}
        iteration = step if loop else None
        timeline.append(Frame(step, 1, loop, iteration, "other", None, False, changed))
    assert path(timeline, "w", step=4) == [[3, 2, 1]]
    assert path(timeline, "w", step=6) == [[7, 6]]
    # At an earlier step it is the trajectory as of that step.
    assert path(timeline, "w", step=3) == [[3, 2]]


def passing(*changes: tuple[int, dict[str, TensorView | None]]) -> Timeline:
    """Return a run of these steps, each with its iteration of a loop, from 1; 0 is outside."""
    timeline = Timeline()
    for step, (number, changed) in enumerate(changes, 1):
        iteration = number - 1 if number else None
        timeline.append(Frame(step, 1, int(number > 0), iteration, "other", None, False, changed))
    return timeline


def test_coordinates_changed_by_different_statements_have_one_point_for_each_iteration() -> None:
    timeline = passing(
        (0, {"a": number(0), "b": number(0)}),
        (1, {"a": number(1)}), (1, {"b": number(10)}), (1, {}),
        (2, {"a": number(2)}), (2, {"b": number(20)}), (2, {}),
        (3, {"a": number(3)}), (3, {"b": number(30)}), (3, {}),
        (0, {}),
    )  # fmt: skip
    # (1, 0), in the middle of the first iteration, is left out.
    found = list(zip(*path(timeline, "a", "b"), strict=True))
    # The current position may come twice.
    assert list(dict.fromkeys(found)) == [(0, 0), (1, 10), (2, 20), (3, 30)]
    assert len(found) <= 5
    # It is included even in the middle of an iteration.
    assert path(timeline, "a", "b", step=5) == [[0, 1, 2], [0, 10, 10]]
    assert path(timeline, "a", "b", step=6) == [[0, 1, 2], [0, 10, 20]]
    # In the first iteration no iteration has ended, so every point is included.
    assert path(timeline, "a", "b", step=3) == [[0, 1, 1], [0, 0, 10]]
    # A single coordinate has a point for every change.
    assert path(timeline, "a") == [[0, 1, 2, 3]]


def test_coordinates_changed_by_one_statement_have_a_point_for_each_change() -> None:
    both: list[tuple[int, dict[str, TensorView | None]]] = [
        (1, {"a": number(at), "b": number(-at)}) for at in range(1, 4)
    ]
    timeline = passing((0, {"a": number(0), "b": number(0)}), *both, (2, {}), (0, {}))
    assert path(timeline, "a", "b") == [[0, 1, 2, 3], [0, -1, -2, -3]]


def test_an_element_of_a_summarised_value_is_not_known() -> None:
    timeline = recorded({"w": tensor([1.0])}, {"w": large()}, {"w": tensor([2.0])})
    assert path(timeline, "w[0]") == [pytest.approx([1.0, math.nan, 2.0], nan_ok=True)]


def test_a_value_that_was_not_kept_or_was_deleted_is_not_known() -> None:
    bare = TensorView("tensor", (2000,), "float32", "cpu", False, "<f4", None)
    timeline = recorded({"w": bare}, {"w": None}, {"w": number(1.0)})
    assert path(timeline, "w") == [pytest.approx([math.nan, math.nan, 1.0], nan_ok=True)]


def test_a_trajectory_of_two_names_starts_when_both_have_a_value() -> None:
    timeline = recorded(
        {"a": number(1)}, {"a": number(2)}, {"b": number(10)}, {"a": number(3)}, {"b": number(20)}
    )
    assert path(timeline, "a", "b") == [[2, 3, 3], [10, 10, 20]]


def test_an_unknown_name_has_an_empty_trajectory() -> None:
    timeline = recorded({"a": number(1)})
    assert path(timeline, "unknown") == [[]]
    assert path(timeline, "a", "unknown") == [[], []]
    assert path(Timeline(), "a") == [[]]
    assert path(timeline) == []


def test_a_branch_continues_the_trajectory_of_its_parent() -> None:
    parent = recorded({"w": number(3.0)}, {"w": number(2.0)}, {"w": number(1.0)})
    fork = parent.fork(2)
    fork.edit(2, {"w": number(9.0)})
    fork.append(Frame(3, 1, 0, None, "other", None, False, {"w": number(8.0)}))
    assert path(fork, "w") == [[3.0, 9.0, 8.0]]
    assert path(parent, "w") == [[3.0, 2.0, 1.0]]


def test_an_edit_adds_a_point_to_the_trajectory() -> None:
    timeline = recorded({"w": number(3.0)}, {})
    timeline.edit(2, {"w": number(7.0)})
    assert path(timeline, "w") == [[3.0, 7.0]]


@pytest.mark.parametrize("count", [MOST, MOST + 1, 2 * MOST, 2 * MOST + 3, 10 * MOST - 1])
def test_a_long_trajectory_keeps_its_ends_and_its_order(count: int) -> None:
    timeline = recorded(*({"w": number(float(step))} for step in range(count)))
    [places] = path(timeline, "w")
    assert len(places) <= MOST + 1
    assert places[0] == 0.0
    assert places[-1] == count - 1
    assert places == sorted(places)
    # The points are evenly spaced: no part is skipped.
    assert max(np.diff(places)) <= -(-count // MOST)


def lengths(found: Sequence[Sequence[float]]) -> set[int]:
    return {len(one) for one in found}


def test_the_coordinates_of_a_long_trajectory_are_sampled_at_the_same_steps() -> None:
    timeline = recorded(*({"a": number(step), "b": number(-step)} for step in range(3 * MOST + 7)))
    found = path(timeline, "a", "b")
    assert len(lengths(found)) == 1
    assert found[0] == [-one for one in found[1]]
