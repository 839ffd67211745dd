"""Two runs are aligned by loop iteration, and their values compared."""

import math

import numpy as np
import pytest

from tutor.history.timeline import Timeline
from tutor.insight.pairing import ComparedPair, TwinComparison
from tutor.schema.frame import Frame, Summary, TensorView

Values = dict[str, TensorView | None]


def tensor(values: object, dtype: str = "<f4") -> TensorView:
    array = np.asarray(values, dtype)
    name = array.dtype.name
    return TensorView("tensor", array.shape, name, "cpu", False, dtype, array.tobytes())


def large(*means: float) -> TensorView:
    """A value that is kept as a summary with block means."""
    block = np.asarray(means, "<f4")
    summary = Summary(-1e9, 1e9, 0.0, 1.0, 1.0, 0, (), 1, len(means), block.tobytes())
    return TensorView("tensor", (100, 100), "float32", "cpu", False, "<f4", None, summary)


BARE = TensorView("tensor", (2000,), "float32", "cpu", False, "<f4", None)
"""A value whose content was not kept."""


def run(name: str, start: object, ends: list[object], before: int = 1, inside: int = 1) -> Timeline:
    """`before` steps that set `name`, then a pass for each of `ends`, then one step more.

    Args:
        inside: Steps of a pass: only its last one changes the value.
    """
    timeline = Timeline()

    def add(loop: int, iteration: int | None, value: object = None) -> None:
        view = value if isinstance(value, TensorView) else tensor(value)
        changed: Values = {} if value is None else {name: view}
        step = len(timeline) + 1
        timeline.append(Frame(step, 1, loop, iteration, "other", None, False, changed))

    for at in range(before):
        add(0, None, start if not at else None)
    for number, value in enumerate(ends):
        for _ in range(inside - 1):
            add(3, number)
        add(3, number, value)
    add(0, None)
    return timeline


def fully_compared(comparison: TwinComparison, step: int) -> list[ComparedPair]:
    """Return the pairs after all iterations up to a step were compared."""
    while comparison.advance(step):
        pass
    return comparison.compared(step)


def test_runs_with_iterations_of_different_lengths_are_aligned_by_completed_iterations() -> None:
    ours = run("w", 0, [1, 2, 3], before=2, inside=4)
    theirs = run("v", 0, [1, 2, 3], before=5, inside=2)
    comparison = TwinComparison(ours, theirs, [("w", "v")])
    # Our iterations end at steps 6, 10 and 14, theirs at 7, 9 and 11; their loop starts after 5.
    assert [comparison.iterations(step) for step in (0, 2, 5, 6, 9, 10, 14, 15)] == [
        0, 0, 0, 1, 1, 2, 3, 3,
    ]  # fmt: skip
    assert [comparison.their_step(step) for step in (0, 5, 6, 10, 15)] == [5, 5, 7, 9, 11]
    for step in range(16):
        [pair] = comparison.compared(step)
        if step:
            assert pair.difference == 0.0
            assert comparison.agrees(pair)


def test_before_the_loop_the_values_are_those_of_the_step() -> None:
    ours, theirs = run("w", 5, [1], before=2), run("v", 2, [1], before=3)
    comparison = TwinComparison(ours, theirs, [("w", "v")])
    [pair] = comparison.compared(1)
    assert (comparison.iterations(1), pair.difference, pair.largest) == (0, 3.0, 3.0)
    [pair] = comparison.compared(0)
    assert pair.one is None
    assert math.isnan(pair.difference)
    assert not comparison.agrees(pair)


def test_within_an_iteration_the_values_are_those_of_the_last_completed_one() -> None:
    ours = run("w", 0, [1, 2], inside=3)
    comparison = TwinComparison(ours, run("v", 0, [1, 2]), [("w", "v")])
    # The last step of the second iteration changes `w`; before it, the first iteration counts.
    [pair] = comparison.compared(6)
    assert pair.one == tensor(1)
    assert pair.other == tensor(1)


def test_iterations_that_the_twin_does_not_have_are_not_compared() -> None:
    comparison = TwinComparison(run("w", 0, [1, 2, 3]), run("v", 0, [1, 5]), [("w", "v")])
    assert comparison.iterations(5) == 2
    [pair] = comparison.compared(5)
    assert (pair.one, pair.other) == (tensor(2), tensor(5))


def test_a_twin_that_is_still_running_catches_up() -> None:
    ours, theirs = run("w", 0, [1, 2]), Timeline()
    comparison = TwinComparison(ours, theirs, [("w", "v")])
    [pair] = comparison.compared(4)
    assert comparison.iterations(4) == 0
    assert (pair.other, pair.largest_at) == (None, 0)
    assert not comparison.advance(4)
    whole = run("v", 0, [1, 4])
    for step in range(1, len(whole) + 1):
        frame = whole.frame(step)
        assert frame is not None
        theirs.append(frame)
    assert comparison.iterations(4) == 2
    [pair] = fully_compared(comparison, 4)
    assert (pair.difference, pair.largest, pair.largest_at) == (2.0, 2.0, 2)
    assert comparison.compared_iterations == 2


def test_the_largest_difference_comes_with_its_iteration() -> None:
    ours = run("w", 0, [1, 12, 3, 4])
    comparison = TwinComparison(ours, run("v", 0, [1, 2, 3, 3.5]), [("w", "v")])
    found = []
    for step in (2, 3, 4, 5):
        [pair] = fully_compared(comparison, step)
        found.append((pair.difference, pair.largest, pair.largest_at))
    assert found == [(0.0, 0.0, 1), (10.0, 10.0, 2), (0.0, 10.0, 2), (0.5, 10.0, 2)]
    # At an earlier step, later iterations do not count.
    [pair] = comparison.compared(2)
    assert (pair.largest, pair.largest_at) == (0.0, 1)


def test_before_advancing_only_the_current_iteration_is_known() -> None:
    ours = run("w", 0, [1, 12, 3, 4])
    comparison = TwinComparison(ours, run("v", 0, [1, 2, 3, 3.5]), [("w", "v")])
    [pair] = comparison.compared(5)
    assert (pair.difference, pair.largest, pair.largest_at) == (0.5, 0.5, 4)
    assert comparison.compared_iterations == 0
    [pair] = fully_compared(comparison, 5)
    assert (pair.difference, pair.largest, pair.largest_at) == (0.5, 10.0, 2)


def test_iterations_are_compared_in_slices() -> None:
    ours = run("w", 0, [float(at == 3) for at in range(50)])
    comparison = TwinComparison(ours, run("v", 0, [0.0] * 50), [("w", "v"), ("w", "v")])
    # Without any time the work does not end.
    assert comparison.advance(51, seconds=-1.0)
    assert comparison.compared_iterations == 0
    compared = comparison.compared_iterations
    while comparison.advance(51, seconds=1e-5):
        # Compared iterations stay compared.
        assert comparison.compared_iterations >= compared
        compared = comparison.compared_iterations
    assert comparison.compared_iterations == 50
    assert not comparison.advance(51, seconds=-1.0)
    assert [(one.largest, one.largest_at) for one in comparison.compared(51)] == [(1.0, 4)] * 2


def test_the_difference_is_the_largest_of_two_elements() -> None:
    ours = run("w", 0, [[[1.0, 2.0], [3.0, 4.0]]])
    comparison = TwinComparison(ours, run("v", 0, [[1.0, -2.0, 3.5, 4.0]]), [("w", "v")])
    [pair] = comparison.compared(2)
    # A matrix and a vector with the same elements agree.
    assert pair.difference == 4.0


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ([math.nan, 1.0], [math.nan, 1.0], 0.0),
        ([math.inf], [math.inf], 0.0),
        ([math.nan], [1.0], math.nan),
        ([math.inf], [-math.inf], math.inf),
        ([math.inf], [1.0], math.inf),
        ([1.0, 2.0], [1.0], math.nan),
        ([], [], math.nan),
        (BARE, BARE, math.nan),
        (BARE, [1.0], math.nan),
        (large(1.0, 2.0), large(1.0, 2.5), 0.5),
        (large(1.0, 2.0), [1.0, 2.0], 0.0),
        (large(1.0, 2.0), large(1.0, 2.0, 3.0), math.nan),
    ],
)
def test_the_difference_of_special_values(one: object, other: object, difference: float) -> None:
    comparison = TwinComparison(run("w", 0, [one]), run("v", 0, [other]), [("w", "v")])
    [pair] = comparison.compared(2)
    assert pair.difference == pytest.approx(difference, nan_ok=True)
    assert comparison.agrees(pair) == (difference == 0.0)


def test_an_iteration_that_cannot_be_compared_does_not_hide_the_others() -> None:
    ours = run("w", 0, [5.0, math.nan, 3.0])
    comparison = TwinComparison(ours, run("v", 0, [4.0, 1.0, 3.0]), [("w", "v")])
    [pair] = fully_compared(comparison, 4)
    assert (pair.difference, pair.largest, pair.largest_at) == (0.0, 1.0, 1)


@pytest.mark.parametrize(
    ("one", "other", "agrees"),
    [
        (1000.0, 1000.05, True),
        (1000.0, 1001.0, False),
        (0.0, 5e-7, True),
        (0.0, 1e-5, False),
        ([1e6, 0.0], [1e6, 10.0], True),  # a difference of ten is within the tolerance of a million
        ([0.0, 1.0], [math.nan, 1.0], False),
    ],
)
def test_values_that_differ_by_rounding_agree(one: object, other: object, agrees: bool) -> None:
    comparison = TwinComparison(
        run("w", 0, [tensor(one, "<f8")]), run("v", 0, [tensor(other, "<f8")]), [("w", "v")]
    )
    [pair] = comparison.compared(2)
    assert comparison.agrees(pair) is agrees


def test_numbers_arrays_and_integers_are_compared_with_tensors() -> None:
    plain = TensorView("number", (), "float", "cpu", False, "text", b"2.5")
    comparison = TwinComparison(
        run("w", 0, [plain]), run("v", 0, [tensor([[2]], "<i8")]), [("w", "v")]
    )
    [pair] = comparison.compared(2)
    assert pair.difference == 0.5


def test_each_pair_has_its_own_largest_difference() -> None:
    ours, theirs = Timeline(), Timeline()
    for timeline, far in ((ours, 0), (theirs, 3)):
        for step, (one, other) in enumerate([(far, 0), (0, far)], 1):
            changed: Values = {"a": tensor(one), "b": tensor(other)}
            timeline.append(Frame(step, 1, 1, step, "other", None, False, changed))
        timeline.append(Frame(3, 9, 0, None, "other", None, False, {}))
    comparison = TwinComparison(ours, theirs, [("a", "a"), ("b", "b")])
    assert [(one.largest, one.largest_at) for one in fully_compared(comparison, 3)] == [
        (3.0, 1),
        (3.0, 2),
    ]


def test_a_name_that_one_run_does_not_have_is_not_compared() -> None:
    comparison = TwinComparison(run("w", 0, [1]), run("v", 0, [1]), [("w", "unknown")])
    for [pair] in (comparison.compared(2), fully_compared(comparison, 2)):
        assert pair.other is None
        assert math.isnan(pair.difference)
        # It is not the largest difference either.
        assert not pair.largest > 0.0
        assert not comparison.agrees(pair)


def test_a_script_without_a_loop_is_compared_at_its_end() -> None:
    def flat(name: str, *values: float) -> Timeline:
        timeline = Timeline()
        for step, value in enumerate(values, 1):
            changed: Values = {name: tensor(value)}
            timeline.append(Frame(step, step, 0, None, "other", None, False, changed))
        return timeline

    comparison = TwinComparison(flat("w", 1, 2), flat("v", 5, 6, 2), [("w", "v")])
    assert comparison.their_step(1) == 3
    [pair] = comparison.compared(2)
    assert pair.difference == 0.0


def test_a_branch_is_compared_as_it_is_after_its_edit() -> None:
    theirs = run("v", 0, [1, 2, 3])
    fork = run("w", 0, [1, 2, 3]).fork(3)
    comparison = TwinComparison(fork, theirs, [("w", "v")])
    # The screen compares as soon as the branch exists; the edit follows later.
    assert comparison.compared(3)[0].difference == 0.0
    fork.edit(3, {"w": tensor(9.0)})
    assert comparison.compared(3)[0].difference == 7.0


def test_an_edit_after_the_first_comparison_is_compared_too() -> None:
    theirs = run("v", 0, [1, 2, 3])
    fork = run("w", 0, [1, 2, 3]).fork(3)
    comparison = TwinComparison(fork, theirs, [("w", "v")])
    [pair] = fully_compared(comparison, 3)
    assert (pair.largest, pair.largest_at, comparison.compared_iterations) == (0.0, 1, 2)
    fork.edit(3, {"w": tensor(9.0)})
    [pair] = fully_compared(comparison, 3)
    assert (pair.largest, pair.largest_at, comparison.compared_iterations) == (7.0, 2, 2)


def test_values_that_a_replay_restores_are_compared() -> None:
    ours = run("w", 0, [BARE, 1])
    comparison = TwinComparison(ours, run("v", 0, [np.zeros(2000), 1]), [("w", "v")])
    fully_compared(comparison, 3)
    ours.complete(2, {"w": tensor(np.full(2000, 4.0))})
    [pair] = fully_compared(comparison, 3)
    assert (pair.largest, pair.largest_at) == (4.0, 1)
