"""Conditions in a small part of Python, and the first step where they hold."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.history.timeline import Timeline
from tutor.insight.search import Condition, ConditionError
from tutor.schema.frame import Frame, Summary, TensorView


def number(value: float) -> TensorView:
    data = repr(value).encode()
    return TensorView("number", (), type(value).__name__, "cpu", False, "text", data)


def tensor(*elements: float, shape: tuple[int, ...] | None = None) -> TensorView:
    data = struct.pack(f"<{len(elements)}f", *elements)
    shape = (len(elements),) if shape is None else shape
    return TensorView("tensor", shape, "float32", "cpu", True, "<f4", data)


LARGE = TensorView(
    "parameter", (100, 100), "float32", "cpu", True, "<f4", None,
    Summary(-2.0, 3.0, 0.5, 1.0, 12.0, 0, (), 0, 0, b""),
)  # fmt: skip


def timeline_of(*changes: dict[str, TensorView | None], losses: tuple[float, ...] = ()) -> Timeline:
    timeline = Timeline()
    for step, changed in enumerate(changes, 1):
        loss = losses[step - 1] if losses else None
        timeline.append(Frame(step, 7, 5, step - 1, "other", loss, loss is not None, changed))
    return timeline


def found(text: str, timeline: Timeline, first: int = 1) -> int | None:
    search = Condition(text).search(timeline, first, len(timeline))
    while search.advance():
        pass
    return search.found


def problem(text: str, timeline: Timeline) -> str:
    search = Condition(text).search(timeline, 1, len(timeline))
    while search.advance():
        pass
    assert search.found is None
    return search.problem


RUN = timeline_of(
    {"w": tensor(1, 2), "lr": number(0.5), "flag": number(0)},
    {"loss": tensor(0.5, shape=()), "model.0.weight": tensor(1, 2, 3, 4, shape=(2, 2))},
    {"w.grad": tensor(-3, 4), "model.0.weight.grad": LARGE},
    {"loss": tensor(0.1, shape=()), "w": tensor(3, 4)},
    {"loss": tensor(math.nan, shape=()), "w.grad": None, "flag": number(10**30)},
)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("loss < 0.2", 4),
        ("0.2 > loss", 4),
        ("loss == 0.1", 4),  # compared in the value's own precision, as torch does
        ("loss<=.5", 2),
        ("loss < 1e-1", None),
        ("isnan(loss)", 5),
        ("loss != loss", 5),
        ("not loss < 9", 5),
        ("w > 1", 4),
        ("any(w > 1)", 1),
        ("(w > 1).any()", 1),
        ("not any(w > 3) and loss < 1", 2),
        ("w[0] > 2 and step >= 3", 4),
        ("w[-1] == 4 or lr == 3", 4),
        ("w[0:1] > 2", 4),
        ("norm(w.grad) == 5", 3),
        ("abs(w.grad).max() > 3.5", 3),
        ("w.grad.sum() == 1", 3),
        ("w + w.grad < 7", 3),
        ("lr * w.mean() > 1.7", 4),
        ("model.0.weight[1, 0] == 3", 2),
        ("norm(model.0.weight.grad) > 10", 3),
        ("model.0.weight.grad.max() - min(model.0.weight.grad) == 5", 3),
        ("step > 2 and iteration == 3", 4),
        ("line == 7", 1),
        ("1 < w < 5", 4),
        ("-1 < -lr", 1),
        ("loss > -1", 2),
        ("flag > 5e29", 5),
        ("flag == 1" + "0" * 30, 5),
        ("loss.item() < 0.2", 4),
        ("w.grad < inf", 3),
        ("lr / flag > 1 or loss < 0.2", None),  # divides by zero until step 5
        ("lr == True or len(w) == 2", 1),
    ],
)
def test_a_search_finds_the_first_step_where_the_condition_holds(
    text: str, step: int | None
) -> None:
    assert found(text, RUN) == step
    holds = [at for at in range(1, len(RUN) + 1) if Condition(text).holds(RUN, at)]
    assert (holds or [None])[0] == step


def test_a_search_begins_at_its_first_step_and_ends_at_its_last() -> None:
    assert found("w > 0", RUN, first=3) == 3
    search = Condition("loss < 0.2").search(RUN, 1, 3)
    while search.advance():
        pass
    assert search.found is None
    assert found("step > 0", Timeline()) is None


def test_loss_means_the_runs_loss_if_no_value_is_called_loss() -> None:
    timeline = timeline_of({}, {}, {}, losses=(3.0, 0.5, 0.05))
    assert found("loss < 0.1", timeline) == 3
    assert found("loss < 1", timeline) == 2
    assert "loss" in problem("loss < 1", timeline_of({"w": tensor(1)}))


def test_step_means_the_scripts_own_value_if_it_has_one() -> None:
    assert found("step == 40", timeline_of({}, {"step": number(40)})) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wieght > 3", "no value is called wieght; there are weight, …"),
        ("loss < 0", ""),
        ("zero / zero > 1", "it cannot be computed at step 1: division by zero"),
        ("a + weight > 1", "it cannot be computed at step 1: shape mismatch"),
        ("a[7] > 1", "it cannot be computed at step 1: index 7 is out of bounds"),
        ("big > 0", "of 10,000 elements only min, max, mean, sum, norm, numel are known"),
        ("abs(big) > 0", "of 10,000 elements only"),
        ("gone > 0", "the value of gone was not kept"),
        ("gone * 2 > 0", "the value of gone was not kept"),
        ("9**9**9 > weight", "it cannot be computed at step 1:"),
        ("(column * row).sum() > 1", "a result of 16,000,000 elements is too large"),
    ],
)
def test_a_search_that_finds_nothing_says_why(text: str, message: str) -> None:
    timeline = timeline_of(
        {
            "weight": tensor(1, 2, 3),
            "a": tensor(1, 2),
            "big": LARGE,
            "zero": number(0),
            "loss": number(1.5),
            "gone": TensorView("tensor", (2,), "float32", "cpu", True, "<f4", None),
            "column": tensor(*[0.0] * 4000, shape=(4000, 1)),
            "row": tensor(*[0.0] * 4000, shape=(1, 4000)),
        }
    )
    assert message in problem(text, timeline)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("loss <", "cannot be read"),
        ("loss = 3", "= gives a value; == compares"),
        ("loss", "loss is no condition: compare it, as in loss < 0.1"),
        ("loss - 1", "is no condition"),
        ("5w > 1", "cannot be read"),
        ("open(w) > 1", "no function is called open; there are abs, "),
        ("w.detach() > 1", "no function is called detach"),
        ("max(w, 3) > 1", "a function takes one value here"),
        ("w is w", "a condition compares with"),
        ("1 in w", "a condition compares with"),
        ("(lambda: 1)() > 0", "a function takes one value here"),
        ("(lambda: 1) > 0", "and nothing else"),
        ("[1] * 9 > w", "and nothing else"),
        ("'a' * 999999999 > w", "and nothing else"),
        ("w[[0, 1]] > 1", "whole numbers, and slices"),
        ("w[b] > 1", "whole numbers, and slices"),
        ("(w + 1).__class__ == 1", "and nothing else"),
        ("w if w else w < 3", "is no condition"),
        ("f'{w}' == w", "cannot be read"),
        ("loss < 1\nloss > 2", "cannot be read"),
        ("(" * 199 + "1", "cannot be read"),
        ("1 < " * 60 + "2", "at most 200 characters"),
        ("loss \0< 1", "cannot be read"),
    ],
)
def test_text_that_is_not_a_condition_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as raised:
        Condition(text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_python_prints_no_warning_over_the_screen(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(ConditionError):
        Condition("1is 1")
    assert not recwarn.list


OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%"])
LEAVES = st.sampled_from(["a", "b", "n.x", "2", "0.5", "7"])
ELEMENTS = st.sampled_from([-1.0, 0.5, 2.0, math.nan])

expressions = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=6,
)
comparisons = st.builds(
    "{} {} {}".format, expressions, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), expressions
)
claims = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=3,
).filter(lambda text: len(text) <= 200)
values = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -1.5, 2.0]))


@given(text=claims, rows=st.lists(st.tuples(values, values, values), min_size=1, max_size=8))
def test_a_condition_on_numbers_has_the_value_that_python_gives(
    text: str, rows: list[tuple[float, ...]]
) -> None:
    timeline = timeline_of(
        *[{"a": number(a), "b": number(b), "n.x": number(x)} for a, b, x in rows]
    )
    expected = None
    for step, (a, b, x) in enumerate(rows, 1):
        try:
            holds = eval(text.replace("n.x", "x"), {"a": a, "b": b, "x": x})
        except ZeroDivisionError:
            holds = False
        assert Condition(text).holds(timeline, step) == holds
        if holds and expected is None:
            expected = step
    assert found(text, timeline) == expected


@given(
    contents=st.lists(st.lists(ELEMENTS, max_size=2), max_size=30),
    sign=st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    bound=st.sampled_from(["-1", "0.5", "2", "0"]),
    first=st.integers(1, 5),
)
def test_searching_many_steps_at_once_finds_the_same_step(
    contents: list[list[float]], sign: str, bound: str, first: int
) -> None:
    timeline = timeline_of(*[{"w": tensor(*one) if one else None} for one in contents])
    text = f"w {sign} {bound}"
    one_by_one = [s for s in range(first, len(timeline) + 1) if Condition(text).holds(timeline, s)]
    assert found(text, timeline, first) == (one_by_one or [None])[0]


def test_a_long_run_is_searched_in_slices() -> None:
    timeline = Timeline()
    for step in range(1, 20_001):
        changed = {"loss": tensor(1 + step % 7, shape=()), "n": number(step)}
        timeline.append(Frame(step, 1, 1, step, "other", None, False, changed))
    search = Condition("loss > 2 and abs(n - 1) > 1e9").search(timeline, 1, len(timeline))
    slices = 0
    while search.advance(0.002):
        slices += 1
    assert search.found is None
    assert slices > 5
