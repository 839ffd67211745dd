"""Events are found as a run goes on, the same for all slices of the scan."""

import math
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.history.budget import Budget
from tutor.history.timeline import Timeline
from tutor.insight.events.detect import Events
from tutor.insight.events.first_nonfinite import first_nonfinite
from tutor.insight.events.kinds import Kind, RunEvent
from tutor.insight.events.wording import describe
from tutor.schema.frame import Edge, Frame, Inside, Operation, Summary, TensorView


def tensor(*elements: float) -> TensorView:
    data = struct.pack(f"<{len(elements)}d", *elements)
    return TensorView("tensor", (len(elements),), "float64", "cpu", True, "<f8", data)


def number(value: float) -> TensorView:
    data = repr(value).encode()
    return TensorView("number", (), type(value).__name__, "cpu", False, "text", data)


def large(norm: float, nonfinite: int = 0) -> TensorView:
    summary = Summary(-1, 1, 0 if not nonfinite else math.nan, 1, norm, nonfinite, (), 0, 0, b"")
    return TensorView("tensor", (5000,), "float32", "cpu", True, "<f4", None, summary)


def frame(step, changed=None, phase="other", loss=None) -> Frame:
    return Frame(step, step, 0, None, phase, loss, loss is not None, changed or {})


def timeline_of(frames: Sequence[Frame], **options) -> Timeline:
    timeline = Timeline(**options)
    for one in frames:
        timeline.append(one)
    return timeline


def scanned_events(timeline: Timeline) -> Events:
    events = Events(timeline)
    while events.advance():
        pass
    return events


def described(events: Events) -> list[str]:
    return [describe(events, event) for event in events.listed()]


def losses(*found: float) -> Events:
    return scanned_events(timeline_of([frame(n, loss=loss) for n, loss in enumerate(found, 1)]))


def gradients(*views: TensorView | None) -> Events:
    """Return the events of `w.grad` after backward passes; None where a step clears it."""
    phases = ["zero" if view is None else "backward" for view in views]
    return scanned_events(
        timeline_of(
            [
                frame(n, {"w.grad": view}, phase)
                for n, (view, phase) in enumerate(zip(views, phases, strict=True), 1)
            ]
        )
    )


def test_a_value_that_becomes_nan_is_an_event_once() -> None:
    nan = math.nan
    events = scanned_events(
        timeline_of(
            [
                frame(1, {"loss": number(0.5), "n": number(3)}),
                frame(2, {"loss": number(nan), "w": tensor(1, nan), "b": tensor(-math.inf)}),
                frame(3, {"loss": number(nan), "w": None}),
                frame(4, {"w": tensor(nan)}),
                frame(5, {"loss": number(1.0)}),
                frame(6, {"loss": number(math.inf)}),
            ]
        )
    )
    assert [event.step for event in events.listed()] == [2, 6]
    assert described(events) == ["loss became nan, and 2 more", "loss became inf"]


def test_only_the_first_rise_of_several_is_an_event() -> None:
    events = losses(3, 2, 2.5, 2.5, 2.75, 1, 1.25)
    assert [event.step for event in events.listed()] == [3, 7]
    assert described(events) == ["loss rose 2 → 2.5", "loss rose 1 → 1.25"]


def test_a_loss_that_is_not_finite_neither_rises_nor_falls() -> None:
    assert described(losses(2, math.nan, math.inf, 3)) == ["loss rose 2 → 3"]


def test_a_rise_in_a_late_digit_is_described_with_that_digit() -> None:
    assert described(losses(0.25, 0.2500001)) == ["loss rose 0.25 → 0.2500001"]


def test_a_gradient_that_changes_a_hundredfold_between_two_passes_is_an_event() -> None:
    events = gradients(tensor(3, 4), None, tensor(0.03, 0.03), None, tensor(60), None, tensor(61))
    assert [(e.step, e.kind) for e in events.listed()] == [(3, Kind.VANISHED), (5, Kind.EXPLODED)]
    assert described(events) == [
        "w.grad vanished: norm 5 → 0.04243",
        "w.grad exploded: norm 0.04243 → 60",
    ]


def test_a_gradient_that_becomes_zero_vanished_and_one_that_was_zero_does_not_explode() -> None:
    events = gradients(tensor(0), None, tensor(1), None, tensor(0), None, tensor(0))
    assert [(e.step, e.kind) for e in events.listed()] == [(5, Kind.VANISHED)]


def test_gradients_that_were_not_cleared_accumulate() -> None:
    events = gradients(tensor(1.5), tensor(3), None, tensor(1))
    assert described(events) == ["w.grad accumulated onto [1.5]"]


def test_large_gradients_are_judged_by_their_summaries() -> None:
    events = gradients(large(1), large(500), large(500, nonfinite=7))
    assert [(e.step, e.kind) for e in events.listed()] == [
        (2, Kind.EXPLODED),
        (2, Kind.ACCUMULATED),
        (3, Kind.NONFINITE),
        (3, Kind.ACCUMULATED),
    ]
    assert described(events)[0] == "w.grad exploded: norm 1 → 500"


def test_output_is_one_event_a_step_described_by_its_first_line() -> None:
    timeline = timeline_of([frame(1), frame(2), frame(3)])
    timeline.output_log.append(2, [(1, b"\nepo"), (1, b"ch 3\n"), (1, b"more\n")])
    timeline.output_log.append(4, [(1, b"of a step that is not recorded yet")])
    assert described(scanned_events(timeline)) == ["printed: epoch 3"]


def test_an_exception_comes_after_the_last_step() -> None:
    events = losses(1, 2)
    events.fail("ValueError: no")
    events.fail("ValueError: no")
    assert [(e.step, e.kind) for e in events.listed()] == [(2, Kind.EXCEPTION), (2, Kind.ROSE)]
    assert described(events)[0] == "ValueError: no"
    early = Events(Timeline())
    early.fail("NameError: w")
    assert list(early.listed()) == [RunEvent(0, Kind.EXCEPTION)]


def test_events_are_found_forwards_and_backwards() -> None:
    events = losses(1, 2, 1, 2, 1, 2)
    events.timeline.output_log.append(4, [(1, b"hello")])
    events = scanned_events(events.timeline)
    rose = [Kind.ROSE]
    assert [events.next(0), events.next(2), events.next(6)] == [
        (2, Kind.ROSE),
        (4, Kind.ROSE),
        None,
    ]
    assert [events.previous(7), events.previous(2)] == [(6, Kind.ROSE), None]
    assert events.next(2, [Kind.PRINTED]) == (4, Kind.PRINTED)
    assert events.at(4) == [(4, Kind.ROSE), (4, Kind.PRINTED)]
    assert events.most_severe(3, 6) is Kind.ROSE
    assert events.most_severe(3, 3) is None
    assert [events.listed(rose).near(step) for step in (0, 2, 3, 5, 9)] == [0, 0, 0, 1, 2]
    assert events.listed([]).near(3) == 0


def test_an_edit_makes_events_after_its_step_was_scanned() -> None:
    timeline = timeline_of([frame(1, {"w": tensor(1)}), frame(2, {"w": tensor(math.nan)})])
    events = scanned_events(timeline)
    timeline.edit(2, {"w": tensor(2), "b": tensor(math.inf)})
    while events.advance():
        pass
    assert described(events) == ["b became inf"]
    timeline.append(frame(3, {"w": tensor(math.nan)}))
    events.advance()
    assert described(events) == ["b became inf", "w became nan"]


def test_dropped_values_make_no_events_and_are_described_without_numbers() -> None:
    kept = [
        TensorView("tensor", (400,), "float64", "cpu", True, "<f8", struct.pack("<d", n) * 400)
        for n in (*[1.0, 1000.0] * 100, math.nan)
    ]
    timeline = timeline_of(
        [frame(n, {"w.grad": view}, "backward") for n, view in enumerate(kept, 1)],
        budget=Budget(10_000),
    )
    events = Events(timeline)
    while events.advance():
        pass
    assert 0 < events.count(Kind.EXPLODED) < 100
    assert events.count(Kind.NONFINITE) == 1
    whole = timeline_of([frame(n, {"w.grad": v}, "backward") for n, v in enumerate(kept[:4], 1)])
    events = scanned_events(whole)
    column = whole.columns["w.grad"]
    for index in range(4):
        column.large(index).thin()
    assert described(events) == [
        "w.grad exploded", "w.grad accumulated", "w.grad vanished", "w.grad accumulated",
        "w.grad exploded", "w.grad accumulated",
    ]  # fmt: skip


def test_a_print_in_each_of_many_steps_takes_ten_bytes_an_event() -> None:
    timeline = Timeline()
    for step in range(1, 20_001):
        timeline.append(frame(step))
        timeline.output_log.append(step, [(1, b"x\n")])
    events = scanned_events(timeline)
    assert len(events.listed()) == 20_000
    arrays = [*events._steps.values(), *events._numbers.values(), *events._counts.values()]
    assert sum(len(one) * one.itemsize for one in arrays) == 10 * 20_000


# Compared with a plain scan of every frame

elements = st.sampled_from([0.0, 1.0, -1.0, 50.0, 0.001, 2000.0, math.nan, math.inf])
contents = st.one_of(
    st.none(),
    st.lists(elements, max_size=2).map(lambda found: tensor(*found)),
    st.sampled_from([large(0.0), large(3.0), large(900.0), large(math.nan, 1)]),
    st.sampled_from([number(1), number(2.5), number(math.nan)]),
)


@st.composite
def frames(draw: st.DrawFn) -> list[Frame]:
    made = []
    for step in range(1, draw(st.integers(0, 25)) + 1):
        names = draw(st.lists(st.sampled_from(["w", "w.grad", "b.grad"]), max_size=3, unique=True))
        changed = {name: draw(contents) for name in names}
        phase = draw(st.sampled_from(["backward", "backward", "zero", "other"]))
        loss = draw(st.one_of(st.none(), elements))
        made.append(frame(step, changed, phase, loss))
    return made


def is_bad(view: TensorView) -> bool:
    if view.summary:
        return view.summary.nonfinite > 0
    return not all(map(math.isfinite, unpacked(view)))


def norm(view: TensorView) -> float:
    return view.summary.norm if view.summary else math.sqrt(sum(x * x for x in unpacked(view)))


def unpacked(view: TensorView) -> Sequence[float]:
    assert view.data is not None
    if view.stored == "text":
        return [float(view.data)]
    return struct.unpack(f"<{view.count}d", view.data)


def scanned(made: Sequence[Frame]) -> set[tuple[int, Kind]]:
    """Find the events by the definition of each kind, frame by frame."""
    found = set()
    now: dict[str, TensorView | None] = {}
    was_bad: dict[str, bool] = {}
    norms: dict[str, float] = {}
    last, rising = math.nan, False
    for one in made:
        for name, view in one.changed.items():
            if view is not None:
                if is_bad(view) and not was_bad.get(name):
                    found.add((one.step, Kind.NONFINITE))
                was_bad[name] = is_bad(view)
            if name.endswith(".grad") and one.phase == "backward" and view is not None:
                before = now.get(name)
                if before is not None and norm(before) != 0:
                    found.add((one.step, Kind.ACCUMULATED))
                old, new = norms.get(name, math.nan), norm(view)
                if math.isfinite(old) and math.isfinite(new) and old > 0:
                    if new > 100 * old:
                        found.add((one.step, Kind.EXPLODED))
                    if new < old / 100:
                        found.add((one.step, Kind.VANISHED))
                norms[name] = new
            now[name] = view
        if one.is_new_loss and one.loss is not None and math.isfinite(one.loss):
            if one.loss > last and not rising:
                found.add((one.step, Kind.ROSE))
            if one.loss != last:
                rising = one.loss > last
            last = one.loss
    return found


@given(made=frames(), slices=st.lists(st.integers(1, 6)), fork=st.integers(0, 25))
def test_all_slices_find_the_same_events_as_a_plain_scan(
    made: list[Frame], slices: list[int], fork: int
) -> None:
    timeline, wanted = Timeline(), scanned(made)
    events, sizes = Events(timeline), iter(slices)
    left = next(sizes, 99)
    for one in made:
        timeline.append(one)
        left -= 1
        if not left:
            events.advance(0)  # one piece of work, after which steps are added
            left = next(sizes, 99)
    while events.advance(0):
        pass
    assert set(map(tuple, events.listed())) == wanted
    assert all(describe(events, event) for event in events.listed())
    steps = [event.step for event in events.listed()]
    assert steps == sorted(steps)
    branch = scanned_events(timeline.fork(min(fork, len(timeline))))
    assert set(map(tuple, branch.listed())) == {one for one in wanted if one[0] <= fork}


# The first non-finite value


def operation(number: int, name: str, inputs: tuple[int, ...], *values: float, **more) -> Operation:
    kind = more.pop("kind", "operation")
    return Operation(number, kind, name, 14, "", inputs, "", (tensor(*values),), **more)


def test_the_first_operation_with_a_nonfinite_output_is_found() -> None:
    inside = Inside(
        (
            operation(1, "w", (), 0.0, kind="leaf"),
            operation(2, "log", (1,), -math.inf),
            operation(3, "mul", (2, 1), math.nan),
        ),
        3,
        (),
        {},
    )
    assert first_nonfinite(inside) == "log → -inf, line 14"


@pytest.mark.parametrize("kind", ["leaf", "data"])
def test_an_operation_on_a_nonfinite_input_is_not_the_origin(kind: str) -> None:
    x, double = operation(1, "x", (), math.nan, kind=kind), operation(2, "mul", (1,), math.nan)
    assert first_nonfinite(Inside((x, double), 2, (), {})) == ""


def test_the_first_node_that_passes_on_a_nonfinite_gradient_is_found() -> None:
    one, infinite = tensor(1), tensor(math.inf)
    walked = (
        operation(2, "sum", (1,), 1.0, grads=(one,), edges=(Edge(1, 0, one),)),
        operation(1, "sqrt", (0,), 0.0, grads=(one,), edges=(Edge(0, 0, infinite),)),
        operation(0, "mul", (), 0.0, grads=(infinite,), edges=(Edge(9, 0, tensor(math.nan)),)),
    )
    assert first_nonfinite(Inside(walked, 0, (3,), {})) == "backward of sqrt → inf, line 14"
