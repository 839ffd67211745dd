"""What a learner changes at a step: from what they type to what the engine is asked for."""

import struct
from pathlib import Path

import pytest

from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.script.lesson import parse
from tutor.session.edits import BadChange, change, name_of, offers, turning_point
from tutor.wire.messages import Edit, Launch

SOURCE = """\
import torch
lr = 0.1  # @param {type: "slider", min: 0.01, max: 1.2, step: 0.01}
w = torch.tensor([1.0, 0.1], requires_grad=True)
big = torch.zeros(4, 50)
optimizer = torch.optim.SGD([w], lr=lr, momentum=0.9)
kind = "mean"  # @param ["mean", "sum"]
epochs = 3  # @param {type: "integer"}
"""
LESSON = parse(SOURCE, Path("l.py"))
LAUNCH = Launch("l.py", SOURCE)


def number(value: float) -> TensorView:
    kind = type(value).__name__
    return TensorView("number", (), kind, "cpu", False, "text", repr(value).encode())


def tensor(shape: tuple[int, ...], *values: float) -> TensorView:
    data = struct.pack(f"<{len(values)}f", *values)
    return TensorView("tensor", shape, "float32", "cpu", len(values) == 2, "<f4", data)


TIMELINE = Timeline()
for _step, _changed in enumerate(
    (
        {},
        {"lr": number(0.1)},
        {"w": tensor((2,), 1.0, 0.1)},
        {"big": tensor((4, 50), *range(200))},
        {},
        {},
    ),
    1,
):
    TIMELINE.append(Frame(_step, _step, 0, None, "data", None, False, _changed))


def changed(text: str, step: int = 5) -> Launch:
    return change(text, step, LESSON, TIMELINE, LAUNCH)


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("lr = 0.5", "lr", 0.5),
        ("w = [3, 4.5]", "w", [3, 4.5]),
        ("w[0] = -1e-3", "w[0]", -1e-3),
        ("big[1, 2:4] = 7", "big[1, 2:4]", 7),
        ('optimizer.param_groups[0]["lr"] = 0.01', 'optimizer.param_groups[0]["lr"]', 0.01),
        ("model.0.weight = 2.0", "model.0.weight", 2.0),
    ],
)
def test_a_value_is_put_in_place(text: str, target: str, value: object) -> None:
    assert changed(text).edits == (Edit(5, target, value),)


@pytest.mark.parametrize(
    "text",
    [
        "lr *= 2",
        "w.data.zero_()",
        "w = torch.zeros(2)",
        "fresh = 3",
        "kind = 'sum'",
        "w[0] += 1",
        "del big",
        "for p in w: print(p)",
    ],
)
def test_anything_else_is_run_as_a_statement(text: str) -> None:
    assert changed(text, 6).edits == (Edit(6, "", None, text),)


@pytest.mark.parametrize(
    ("text", "step", "reason"),
    [
        ("lr =", 5, "is no statement"),
        ("lr == 3", 5, "changes nothing: NAME = VALUE"),
        ("lr = 0.1", 5, "lr is that already"),
        ("a = 1; b = 2", 5, "want one change"),
        ("", 5, "want one change"),
        ("w.zero_()", 0, "nothing has run yet"),
        ("kind = 'median'", 5, "kind is one of mean, sum"),
        ("kind = median", 5, "kind is one of mean, sum, not 'median'"),
        ("kind = median", 6, "kind is one of mean, sum, not 'median'"),
        ("kind = 'median'", 6, "kind is one of mean, sum, not 'median'"),
        ("epochs = 2.5", 5, "epochs is a whole number"),
    ],
)
def test_what_cannot_be_changed_has_a_reason_of_one_line(text: str, step: int, reason: str) -> None:
    with pytest.raises(BadChange, match=reason) as problem:
        changed(text, step)
    assert "\n" not in str(problem.value)


def test_a_knob_that_is_still_to_come_is_turned_at_its_assignment() -> None:
    assert changed("kind = 'sum'").knobs == {6: "sum"}
    assert changed(" kind=sum ").knobs == {6: "sum"}
    assert changed("epochs = 40").knobs == {7: 40}
    assert changed("lr = 0.5", 0).knobs == {2: 0.5}
    assert changed("lr = 0.5", 0).edits == ()


def test_a_choice_of_a_knob_that_has_run_needs_no_quotes() -> None:
    assert changed("kind = sum", 6).edits == changed("kind = 'sum'", 6).edits
    # An expression is what Python makes of it.
    assert changed("kind = str(kind)", 6).edits == (Edit(6, "", None, "kind = str(kind)"),)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        # `lr` is set in step 2, on line 2: it is turned before that step is made.
        ("lr = 0.5", 1),
        ("  lr=0.5 ", 1),
        ("kind = 'sum'", 5),
        ("kind = sum", 5),
        # Nothing ran on this one's line, the run ended before.
        ("epochs = 40", 6),
        # What is no knob is changed where the learner is.
        ("w = [3, 4.5]", 6),
        ("w[0] = 3", 6),
        ("fresh = 3", 6),
        ("lr *= 2", 6),
        ("lr == 3", 6),
        ("lr =", 6),
        ("", 6),
    ],
)
def test_at_the_end_of_a_run_a_knob_turns_at_its_assignment(text: str, point: int) -> None:
    assert turning_point(text, 6, LESSON, TIMELINE) == point


def test_a_knob_that_turns_at_its_assignment_is_no_edit_of_a_value() -> None:
    point = turning_point("lr = 0.5", 6, LESSON, TIMELINE)
    launch = changed("lr = 0.5", point)
    assert (launch.knobs, launch.edits) == ({2: 0.5}, ())
    assert name_of(launch, LAUNCH) == "lr = 0.5"


def test_a_knob_in_a_loop_turns_before_its_first_pass() -> None:
    timeline = Timeline()
    for step, line in enumerate((1, 3, 2, 3, 2, 3), 1):
        timeline.append(Frame(step, line, 0, None, "data", None, False, {}))
    assert turning_point("lr = 0.5", 6, LESSON, timeline) == 2
    # What comes later does not count.
    assert turning_point("lr = 0.5", 2, LESSON, timeline) == 2
    assert turning_point("epochs = 4", 6, LESSON, timeline) == 6


def test_a_branch_is_called_after_what_was_changed() -> None:
    assert name_of(changed("lr = 0.5"), LAUNCH) == "lr = 0.5"
    assert name_of(changed("w.data.zero_()"), LAUNCH) == "w.data.zero_()"
    assert name_of(changed("epochs = 40"), LAUNCH) == "epochs = 40"


def test_the_likeliest_is_offered_first_with_its_present_value() -> None:
    found = offers(LESSON, TIMELINE, 5, LAUNCH, None)
    assert [offer.text for offer in found] == [
        'optimizer.param_groups[0]["lr"] = 0.1',
        'optimizer.param_groups[0]["momentum"] = 0.9',
        "lr = 0.1",
        "kind = 'mean'",
        "epochs = 3",
        "w = [1.0, 0.1]",
        "big[0, 0] = 0.0",
    ]
    assert "the optimizer has its own" in found[2].about
    assert "still to come" in found[3].about
    assert offers(LESSON, TIMELINE, 5, LAUNCH, "w")[0].text == "w = [1.0, 0.1]"


def test_a_knob_whose_value_is_not_recorded_is_offered_after_its_line() -> None:
    def offered(launch: Launch, step: int = 6) -> tuple[str, str]:
        # Behind two settings of the optimizer and the knob before it.
        found = offers(LESSON, TIMELINE, step, launch, None)[3]
        return found.text, found.about

    assert offered(LAUNCH) == ("kind = 'mean'", "knob: mean, sum")
    assert offered(changed("kind = sum", 5)) == ("kind = 'sum'", "knob: mean, sum")
    assert offered(changed("kind = sum", 6)) == ("kind = 'sum'", "knob: mean, sum")
    back = change("kind = mean", 6, LESSON, TIMELINE, changed("kind = sum", 6))
    assert offered(back) == ("kind = 'mean'", "knob: mean, sum")
    # Its own line came after this one.
    assert offered(Launch("l.py", SOURCE, edits=(Edit(5, "", None, "kind = 'sum'"),)))[0] == (
        "kind = 'mean'"
    )


def test_before_an_optimizer_is_made_it_has_no_settings() -> None:
    assert not any("param_groups" in one.text for one in offers(LESSON, TIMELINE, 4, LAUNCH, None))


def test_an_earlier_edit_of_a_setting_is_its_present_value() -> None:
    launch = changed('optimizer.param_groups[0]["lr"] = 0.02')
    found = offers(LESSON, TIMELINE, 6, launch, None)
    assert found[0].text == 'optimizer.param_groups[0]["lr"] = 0.02'


def test_every_offer_changes_nothing_as_it_stands() -> None:
    """What is offered is what is there: to the last bit of float32."""
    for offer in offers(LESSON, TIMELINE, 5, LAUNCH, None):
        name, _, value = offer.text.partition(" = ")
        if name == "w":
            assert struct.pack("<2f", *eval(value)) == TIMELINE.view("w", 5).data
