"""`tutor diff` names the first step at which two recordings differ, and the values there."""

import struct

import msgspec
import pytest

from tutor.commands.diff import compare
from tutor.history.recording.writer import writing
from tutor.schema.errors import BadRequest
from tutor.schema.frame import BINS, Frame, Summary, TensorView
from tutor.wire.messages import Completed, Edit, Edited, Ended, Launch

SOURCE = "\n".join("abcdefghi")


def number(value: float) -> TensorView:
    dtype = type(value).__name__
    return TensorView("number", (), dtype, "cpu", False, "text", repr(value).encode())


def tensor(*elements: float, device: str = "cpu") -> TensorView:
    data = struct.pack(f"<{len(elements)}f", *elements)
    return TensorView("tensor", (len(elements),), "float32", device, False, "<f4", data)


def large(mean: float | None) -> TensorView:
    summary = None
    if mean is not None:
        summary = Summary(0.0, 1.0, mean, 0.1, 9.0, 0, (1,) * BINS, 1, 1, struct.pack("<f", mean))
    return TensorView("tensor", (99, 99), "float32", "cpu", False, "<f4", None, summary)


def step(at: int, changed: dict, line: int = 7, iteration: int | None = 0, loss=None) -> Frame:
    loop = 0 if iteration is None else 6
    return Frame(at, line, loop, iteration, "other", loss, False, changed)


@pytest.fixture
def recording(tmp_path):
    """Write a recording of these frames, and return its path."""
    count = 0

    def write(*events, source: str = SOURCE, branch=None) -> str:
        nonlocal count
        count += 1
        path = tmp_path / f"{count}.tutor"
        launch = Launch("script.py", source)
        with writing(path) as writer:
            writer.begin("main", launch)
            for event in events:
                writer.take(event)
            if branch is not None:
                at, name, *own = branch
                edited = msgspec.structs.replace(launch, edits=(Edit(at, "lr", 0.5),))
                writer.begin(name, edited, 0, at)
                for event in own:
                    writer.take(event)
        return str(path)

    return write


def test_the_first_step_that_differs_is_named_with_its_values(recording):
    same = [step(1, {"lr": number(0.1)}), step(2, {"w": tensor(1, 2), "n": number(3)})]
    one = recording(*same, step(3, {"w": tensor(1, 2.5), "v": number(1)}, iteration=9))
    other = recording(*same, step(3, {"w": tensor(1, 2.25), "v": number(2)}, iteration=9))
    found = compare(one, other)
    text = "they part at step 3 (line 7, iteration 9): w [1.0, 2.5] | [1.0, 2.25] (0.25 apart); "
    assert found.text() == text + "v 1 | 2"
    assert not found.is_same
    assert found.fields()["values"]["w"] == {"a": [1.0, 2.5], "b": [1.0, 2.25], "apart": 0.25}


def test_values_on_different_devices_agree_and_nan_agrees_with_nan(recording):
    one = recording(step(1, {"w": tensor(1, float("nan"))}))
    other = recording(step(1, {"w": tensor(1, float("nan"), device="cuda:0")}))
    assert compare(one, other).text() == "they are the same at every step, 1 in all"


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (tensor(*[0.0] * 40), tensor(*[0.0] * 33, 0.5, *[0.25] * 6), "w[33] 0.0 | 0.5 (0.5 apart)"),
        (tensor(1, 2), tensor(1, 2, 3), "w of shape (2,) | of shape (3,)"),
        (number(1), number(1.0), "w in int | in float"),
        (number(10**400), number(10**400 + 1), f"w {10**400} | {10**400 + 1}"),
        (tensor(float("inf")), tensor(1), "w [inf] | [1.0]"),
        (None, number(1.0), "w none | 1.0"),
        (large(0.25), large(0.5), "mean of w 0.25 | 0.5"),
    ],
)
def test_the_text_says_how_a_value_differs(recording, left, right, text):
    found = compare(recording(step(1, {"w": left})), recording(step(1, {"w": right})))
    assert found.text().partition(": ")[2] == text


def test_a_value_that_one_run_set_again_is_compared_with_the_others_current_value(recording):
    one = recording(step(1, {"w": number(1)}), step(2, {"w": number(1)}))
    other = recording(step(1, {"w": number(1)}), step(2, {}))
    assert compare(one, other).is_same


def test_values_within_the_tolerance_agree(recording):
    one, other = (recording(step(1, {"w": tensor(value, 0)})) for value in (100.0, 101.0))
    assert not compare(one, other).is_same
    assert compare(one, other, rtol=0.01).is_same
    assert compare(one, other, atol=1).is_same
    assert not compare(one, other, atol=0.9).is_same
    finite = recording(step(1, {"w": tensor(1, 0)}))
    infinite = recording(step(1, {"w": tensor(float("inf"), 0)}))
    assert not compare(finite, infinite, rtol=0.5).is_same


def test_runs_differ_in_the_line_that_they_run_and_in_how_they_end(recording):
    one = recording(step(1, {}), step(2, {}, line=3), Ended("finished"))
    other = recording(step(1, {}), step(2, {}, line=4))
    shorter = recording(step(1, {}), Ended("raised", "script.py:3: ValueError: no", 3))
    taken = "they part at step 2: one runs line 3, the other line 4"
    assert compare(one, other).text() == taken
    text = compare(one, shorter).text()
    assert text.startswith(f"they agree up to step 1, where {shorter} raised (script.py:3: V")
    assert text.endswith(f"; {one} goes on to line 3")
    twin = recording(step(1, {}), step(2, {}, line=3), Ended("died", "script.py:4: gone", 4))
    text = "they agree up to step 2; then one finished, the other died (script.py:4: gone)"
    assert compare(one, twin).text() == text


def test_a_branch_differs_from_its_parent_where_it_was_edited(recording):
    frames = [step(at, {"lr": number(0.1)} if at == 1 else {}) for at in range(1, 5)]
    own = [Edited(2, {"lr": number(0.5)}), step(3, {"w": number(7)})]
    path = recording(*frames, branch=(2, "lr = 0.5", *own))
    found = compare(path, f"{path}@lr = 0.5")
    text = "they part at step 2 (line 7, iteration 0), where one was edited: lr 0.1 | 0.5"
    assert found.text() == text
    with pytest.raises(BadRequest, match=r"no branch 'no': it has main, lr = 0\.5"):
        compare(path, f"{path}@no")


def test_values_without_content_are_counted_and_not_compared(recording):
    one = recording(step(1, {"w": large(None)}), step(2, {"w": large(0.5)}))
    other = recording(step(1, {"w": large(0.25)}), step(2, {"w": large(0.5)}), Completed(1, {}))
    found = compare(one, other)
    assert found.is_same and found.skipped == 1
    assert found.text().endswith("not compared, for their content was not kept: 1 values")


def twins(recording, by_hand, by_autograd) -> tuple[str, str]:
    """Record two scripts: one with three steps in each iteration, one with two."""
    hand, auto = [], []
    for at, (w, other) in enumerate(zip(by_hand, by_autograd, strict=True)):
        hand += [step(3 * at + n, {"grad": number(n)}, n + 6, at) for n in (1, 2)]
        hand.append(step(3 * at + 3, {"w": number(w)}, 9, at))
        auto.append(step(2 * at + 1, {}, 7, at))
        auto.append(step(2 * at + 2, {"w": tensor(other, device="cuda:0")}, 8, at, loss=1.0))
    return recording(*hand), recording(*auto, source=SOURCE + "\nj")


def test_two_scripts_are_compared_by_iteration(recording):
    same = compare(*twins(recording, [0.5, 0.25], [0.5, 0.25]))
    assert same.text() == "they are the same in w after every iteration, 2 in all"
    parted = compare(*twins(recording, [0.5, 0.25], [0.5, 0.125]))
    assert parted.text() == "they part in iteration 1 (steps 6 | 4): w 0.25 | [0.125]"
    assert (parted.step, parted.other_step, parted.iteration) == (6, 4, 1)


def test_scripts_without_a_common_name_are_refused(recording):
    one = recording(step(1, {"a": number(1)}))
    other = recording(step(1, {"b": number(1)}), source="b = 1\n" * 9)
    with pytest.raises(BadRequest, match="have no name in common"):
        compare(one, other)
