"""The timeline: recorded values at any step, iterations, forks, and the memory budget."""

import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tutor.history.budget import Budget
from tutor.history.output_log import KEPT
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, Past, TensorView


def number(value: int) -> TensorView:
    return TensorView("number", (), "int", "cpu", False, "text", str(value).encode())


def heavy(value: int) -> TensorView:
    return TensorView("tensor", (1000,), "uint8", "cpu", False, "|u1", bytes([value % 256]) * 4000)


def frame(step: int, changed=None, *, line=1, iteration=None, loop=0, loss=None) -> Frame:
    return Frame(step, line, loop, iteration, "other", loss, loss is not None, changed or {})


def timeline_of(frames: Sequence[Frame], **options) -> Timeline:
    timeline = Timeline(**options)
    for one in frames:
        timeline.append(one)
    return timeline


def test_a_value_is_that_of_its_last_change():
    timeline = timeline_of([frame(1, {"x": number(1)}), frame(2), frame(3, {"x": number(2)})])
    assert [timeline.view("x", step) for step in range(4)] == [
        None,
        number(1),
        number(1),
        number(2),
    ]
    assert [timeline.changed_at("x", step) for step in range(4)] == [0, 1, 1, 3]


def test_a_name_is_not_listed_after_it_is_gone():
    timeline = timeline_of([frame(1, {"x": number(1), "y": number(2)}), frame(2, {"x": None})])
    assert [*timeline.values(1)] == ["x", "y"]
    assert [*timeline.values(2)] == ["y"]
    assert timeline.view("x", 2) is None


def test_steps_must_be_appended_in_order():
    timeline = timeline_of([frame(1)])
    with pytest.raises(ValueError, match="step 3 cannot follow step 1"):
        timeline.append(frame(3))
    with pytest.raises(IndexError, match="step 2 is not recorded"):
        timeline.at(2)


def test_iterations_and_cells_are_found_in_both_directions():
    lines = [1, 2, 5, 6, 5, 6, 9]
    iterations = [None, None, 0, 0, 1, 1, None]
    timeline = timeline_of(
        [
            frame(step, line=line, iteration=iteration, loop=0 if iteration is None else 4)
            for step, (line, iteration) in enumerate(zip(lines, iterations, strict=True), 1)
        ],
        cells=(1, 4, 8),
    )
    assert [timeline.iterations.next(step) for step in (1, 3, 4, 6)] == [3, 5, 5, 7]
    assert timeline.iterations.next(7) is None
    assert [timeline.iterations.previous(step) for step in (7, 6, 5, 4, 3)] == [5, 5, 3, 3, 1]
    assert timeline.iterations.previous(1) is None
    assert [timeline.cells.next(step) for step in (1, 4)] == [3, 7]
    assert timeline.cells.previous(4) == 3
    assert timeline.iterations.find(1, near=3) == 5
    assert timeline.iterations.find(7, near=3) is None


def test_finding_an_iteration_prefers_the_loop_of_the_given_step():
    frames = [frame(i + 1, iteration=i, loop=4) for i in range(3)]
    frames += [frame(i + 4, iteration=i, loop=9) for i in range(3)]
    timeline = timeline_of(frames)
    assert timeline.iterations.find(1, near=2) == 2
    assert timeline.iterations.find(1, near=6) == 5


def test_the_losses_end_at_the_given_step():
    timeline = timeline_of([frame(1, loss=4.0), frame(2), frame(3, loss=2.0)])
    assert [*map(list, timeline.losses(2))] == [[1], [4.0]]
    assert [*map(list, timeline.losses(3))] == [[1, 3], [4.0, 2.0]]


def test_the_output_of_a_step_is_what_was_written_by_its_end():
    timeline = Timeline()
    timeline.output_log.append(1, [(1, b"one")])
    timeline.append(frame(1))
    timeline.output_log.append(2, [(2, b"two")])
    timeline.append(frame(2))
    timeline.output_log.append(3, [(1, b"running")])
    assert timeline.output(1) == [(1, b"one")]
    assert timeline.output(2) == [(1, b"one"), (2, b"two"), (1, b"running")]


def test_the_last_megabyte_of_output_is_kept():
    timeline = Timeline()
    for step in range(1, 40):
        timeline.output_log.append(step, [(1, bytes([step]) * 100_000)])
        timeline.append(frame(step))
    kept = b"".join(text for _, text in timeline.output(39))
    assert kept.endswith(bytes([39]) * 100_000)
    assert KEPT <= len(kept) <= KEPT * 3 // 2
    assert timeline.output_log.dropped == 39 * 100_000 - len(kept)


def test_only_the_end_of_one_huge_piece_of_output_is_kept():
    timeline = Timeline()
    timeline.output_log.append(1, [(1, b"x" * 5_000_000 + b"end")])
    timeline.append(frame(1))
    [(_, kept)] = timeline.output(1)
    assert len(kept) == KEPT
    assert kept.endswith(b"end")


def test_a_budget_thins_old_large_values_and_never_steps():
    timeline = timeline_of(
        [frame(step, {"w": heavy(step), "n": number(step)}) for step in range(1, 1001)],
        budget=Budget(2_000_000),
    )
    assert timeline.budget.cost <= 2_000_000
    assert len(timeline) == 1000
    assert timeline.view("n", 17) == number(17)
    # The newest values are the ones that the learner looks at.
    assert all(timeline.view("w", step) == heavy(step) for step in range(940, 1001))
    thinned = [step for step in range(1, 1001) if timeline.incomplete(step)]
    assert thinned
    assert all(timeline.incomplete(step) == ["w"] for step in thinned)
    assert timeline.view("w", thinned[0]).shape == (1000,)


def test_thinned_values_can_be_completed():
    timeline = timeline_of(
        [frame(step, {"w": heavy(step)}) for step in range(1, 401)], budget=Budget(400_000)
    )
    step = next(step for step in range(1, 401) if timeline.incomplete(step))
    timeline.complete(step, {"w": heavy(step), "unheard of": number(1)})
    assert timeline.incomplete(step) == []
    assert timeline.at(step).view("w") == heavy(step)
    assert timeline.frame(step).changed["w"] == heavy(step)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9) | st.none()), max_size=30),
    st.lists(st.integers(0, 30)),
)
def test_the_values_at_a_step_do_not_depend_on_the_steps_visited_before(changes, walk):
    """Visit random steps of a run whose values are known at every step."""
    known: list[dict[str, int]] = [{}]
    timeline = Timeline()
    for step, change in enumerate(changes, 1):
        views = {n: None if v is None else number(v) for n, v in change.items()}
        timeline.append(frame(step, views))
        now = known[-1] | change
        known.append({name: value for name, value in now.items() if value is not None})
    for step in walk:
        moment = timeline.at(min(step, len(changes)))
        assert {n: moment.view(n) for n in moment.values} == {
            name: number(value) for name, value in known[moment.step].items()
        }


def looping(steps: int, **options: object) -> Timeline:
    """Steps 1 to 4 outside of a loop, then iterations of three steps: w, its gradient, the loss."""
    frames = [frame(at, {"lr": number(at)}) for at in range(1, 5)]
    for step in range(5, steps + 1):
        at = (step - 5) % 3
        changed = {("w", "w.grad", "loss")[at]: heavy(step) if at < 2 else number(step)}
        iteration = (step - 5) // 3
        loss = float(step) if at == 2 else None
        frames.append(frame(step, changed, line=5 + at, iteration=iteration, loop=4, loss=loss))
    return timeline_of(frames, **options)


@given(st.integers(0, 60))
def test_a_fork_shares_earlier_steps_with_its_parent_and_has_its_own_later_steps(step: int):
    parent = looping(60, cells=(1, 4))
    fork = parent.fork(step)
    assert len(fork) == step
    for at in range(step + 1):
        assert fork.frame(at) == parent.frame(at)
        assert fork.values(at) == parent.values(at)
        assert fork.iterations.next(at) in (parent.iterations.next(at), None)
        assert fork.past(at) == parent.past(at)
    fork.append(frame(step + 1, {"other": number(7)}))
    assert fork.view("other", step + 1) == number(7)
    assert parent.view("other", 60) is None
    assert [*map(list, fork.losses(step))] == [*map(list, parent.losses(step))]


def test_an_edit_replaces_the_value_from_its_step_on():
    timeline = looping(8)
    before = timeline.frame(8)
    timeline.edit(8, {"lr": number(50), "w": heavy(50)})
    assert timeline.view("lr", 8) == number(50)
    assert timeline.view("lr", 7) == number(4)
    assert timeline.changed_at("w", 8) == 8
    assert timeline.frame(8).changed == before.changed | {"lr": number(50), "w": heavy(50)}
    timeline.edit(8, {"w": timeline.view("w", 7)})
    assert timeline.changed_at("w", 8) == 5
    # A second edit of the same step replaces the first.
    timeline.edit(8, {"lr": number(60)})
    assert timeline.view("lr", 8) == number(60)
    assert timeline.edited == {8: {"lr", "w"}}
    timeline.append(frame(9, {"lr": number(61)}))
    assert [timeline.changed_at("lr", step) for step in (7, 8, 9)] == [4, 8, 9]
    with pytest.raises(ValueError, match="step 8 was edited, but the last one is 9"):
        timeline.edit(8, {})


def test_forks_share_a_budget_and_completed_values():
    budget = Budget(400_000)
    parent = looping(400, budget=budget)
    fork = parent.fork(390)
    thinned = next(step for step in range(5, 390) if parent.incomplete(step))
    names = parent.incomplete(thinned)
    assert fork.incomplete(thinned) == names
    fork.complete(thinned, {name: heavy(parent.changed_at(name, thinned)) for name in names})
    assert not parent.incomplete(thinned)
    fork.release()
    del fork
    parent.release()
    assert budget.cost == 0


def test_thinning_is_even_in_time_and_keeps_whole_moments():
    timeline = looping(3_000, budget=Budget(4_000_000))
    complete = [step for step in range(7, 2_900, 3) if not timeline.incomplete(step)]
    # The last steps may not have been thinned as often.
    early = [step for step in complete if step < 1_500]
    spacing = {after - before for before, after in pairwise(early)}
    assert spacing == {12}  # every fourth iteration


def test_a_step_with_one_number_takes_less_than_200_bytes():
    tracemalloc.start()
    timeline = Timeline()
    before, _ = tracemalloc.get_traced_memory()
    for step in range(1, 20_001):
        iteration, changed = step // 4, {"abcd"[step % 4]: number(step)}
        is_loss = {"loss": float(step)} if step % 4 == 0 else {}
        timeline.append(frame(step, changed, line=5, iteration=iteration, loop=4, **is_loss))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 20_000 < 200


def test_the_past_of_a_step_has_the_loss_and_the_names_set_outside_of_loops():
    weight = TensorView("tensor", (), "float32", "cpu", True, "<f4", b"\0\0\0\0")
    frames = [
        frame(1, {"w": weight, "n": number(1)}),
        frame(2, {"n": number(2)}, iteration=0, loop=4, loss=2.5),
        Frame(3, 5, 4, 0, "backward", 2.5, False, {"i": number(1)}, root="loss"),
        frame(4, {"late": number(3)}),
    ]
    timeline = timeline_of(frames)
    assert timeline.past(0) == Past("", None, {})
    assert timeline.past(2) == Past("", 2.5, {"w": True, "n": False})
    assert timeline.past(4) == Past("loss", None, {"w": True, "n": False, "late": False})


def looped(*places: tuple[int, int | None]) -> Timeline:
    """Return a timeline with one step for each (loop, iteration)."""
    return timeline_of(
        [frame(at, loop=loop, iteration=number) for at, (loop, number) in enumerate(places, 1)]
    )


TWO_LOOPS = [(0, None), (4, 0), (4, 0), (4, 1), (0, None), (9, 0), (9, 1), (9, 1), (0, None)]


def test_an_iteration_counts_from_its_last_step_on():
    timeline = looped(*TWO_LOOPS)
    assert [timeline.iterations.count(step) for step in range(10)] == [0, 0, 0, 1, 2, 2, 3, 3, 4, 4]
    assert [timeline.iterations.end(number) for number in range(5)] == [1, 3, 4, 6, 8]


def test_a_loop_ends_where_the_next_loop_begins():
    timeline = looped((4, 0), (4, 1), (9, 0), (0, None))
    assert [timeline.iterations.end(number) for number in range(4)] == [0, 1, 2, 3]


def test_the_end_of_an_iteration_is_known_after_the_next_step():
    timeline = looped((4, 0), (4, 0))
    assert timeline.iterations.count(2) == 0
    timeline.append(frame(3, loop=4, iteration=1))
    assert timeline.iterations.count(2) == timeline.iterations.count(3) == 1


def test_a_script_without_loops_has_no_iterations():
    timeline = looped((0, None), (0, None))
    assert timeline.iterations.count(2) == 0
    assert timeline.iterations.end(0) == 2
    assert Timeline().iterations.end(0) == 0


@pytest.mark.parametrize("step", range(10))
def test_a_fork_counts_the_iterations_of_its_parent_and_then_its_own(step: int):
    parent = looped(*TWO_LOOPS)
    fork = parent.fork(step)
    assert [fork.iterations.count(at) for at in range(step + 1)] == [
        parent.iterations.count(at) for at in range(step + 1)
    ]
    # With the same steps as its parent it has the same iterations.
    for at, (loop, number) in enumerate(TWO_LOOPS[step:], step + 1):
        fork.append(frame(at, loop=loop, iteration=number))
    assert [*fork.iterations.ends] == [*parent.iterations.ends]
    assert [fork.iterations.end(number) for number in range(5)] == [1, 3, 4, 6, 8]


def test_the_end_of_the_script_ends_its_last_iteration():
    timeline = looped((0, None), (4, 0), (4, 1))
    iterations = timeline.iterations
    assert (iterations.count(3), [*iterations.ends]) == (1, [2])
    iterations.finish()
    iterations.finish()
    assert (iterations.count(2), iterations.count(3), [*iterations.ends]) == (1, 2, [2, 3])
    # Outside of a loop nothing ends, and an iteration that has ended does not end again.
    for places in ((), ((0, None),), ((4, 0), (0, None))):
        timeline = looped(*places)
        before = [*timeline.iterations.ends]
        timeline.iterations.finish()
        assert [*timeline.iterations.ends] == before


def test_a_fork_of_a_run_that_ended_in_a_loop_counts_its_last_iteration_once():
    parent = looped((0, None), (4, 0), (4, 1))
    parent.iterations.finish()
    for step, ends in ((3, [2, 3]), (2, [2])):
        fork = parent.fork(step)
        fork.append(frame(step + 1))
        assert [*fork.iterations.ends] == ends


def test_a_caught_exception_belongs_to_its_step():
    timeline = timeline_of(
        [frame(1), structs.replace(frame(2), raised="ValueError: a"), frame(3),
         structs.replace(frame(4), raised="KeyError: 'b'", shown=("x",))]
    )  # fmt: skip
    assert [*timeline.steps.raising] == [2, 4]
    raised = ["", "ValueError: a", "", "KeyError: 'b'"]
    assert [timeline.steps.raised(step) for step in range(1, 5)] == raised
    assert [timeline.frame(step).raised for step in range(1, 5)] == raised
    assert timeline.frame(4).shown == ("x",)
    fork = timeline.fork(3)
    assert [*fork.steps.raising] == [2]
    fork.append(frame(4))
    assert ([*fork.steps.raising], fork.steps.raised(4)) == ([2], "")
    assert [*timeline.steps.raising] == [2, 4]


def test_first_run_finds_the_first_step_of_a_line():
    timeline = timeline_of([structs.replace(frame(at), line=at % 3) for at in range(1, 8)])
    assert [timeline.steps.first_run(1, step) for step in (0, 1, 7)] == [0, 1, 1]
    assert [timeline.steps.first_run(2, step) for step in (1, 2, 7)] == [0, 2, 2]
    assert timeline.steps.first_run(9, 7) == 0


def test_a_fork_that_leaves_the_loop_at_once_ends_the_iteration_once():
    fork = looped(*TWO_LOOPS).fork(3)
    fork.append(frame(4))
    assert fork.iterations.count(4) == 1
    assert fork.iterations.end(1) == 3


def test_values_last_set_outside_of_loops_are_found():
    places = [(0, "w"), (0, "b"), (4, "w"), (4, "b"), (0, "b"), (0, "other"), (4, "w")]
    timeline = timeline_of(
        [
            frame(at, {name: number(at)}, loop=loop, iteration=at if loop else None)
            for at, (loop, name) in enumerate(places, 1)
        ]
    )
    # Before the first loop there is no trajectory that could begin again.
    assert [timeline.last_set_outside_loops(["w"], step) for step in (1, 2, 3, 7)] == [0, 0, 1, 1]
    assert [timeline.last_set_outside_loops(["w", "b"], step) for step in (3, 4, 5, 7)] == [
        2,
        2,
        5,
        5,
    ]
    assert timeline.last_set_outside_loops(["unknown"], 7) == 0
    assert timeline.last_set_outside_loops([], 7) == 0
