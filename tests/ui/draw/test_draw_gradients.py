"""Drawing of the gradients pane."""

import numpy as np

from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.ui.draw.tensors.gradients import draw_gradients
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")

Step = tuple[str, dict[str, TensorView | None]]


def view(values: object, grad: bool = False) -> TensorView:
    array = np.asarray(values, "f4")
    return TensorView("tensor", array.shape, "float32", "cpu", grad, "f4", array.tobytes())


def rows(*steps: Step, width: int = 60) -> list[str]:
    timeline = Timeline()
    for number, (phase, changed) in enumerate(steps, 1):
        timeline.append(Frame(number, number, 0, None, phase, None, False, changed))
    strips = draw_gradients(timeline.at(len(steps)), width, PALETTE)
    return [strip.text.rstrip() for strip in strips]


LEAF: Step = ("data", {"w": view([[3.0]], grad=True), "x": view(1.0)})


def backward(gradient: object) -> Step:
    return "backward", {"w.grad": view(gradient)}


def test_no_value_requires_a_gradient() -> None:
    assert rows(("data", {"x": view(1.0)})) == ["no named value requires a gradient"]


def test_a_leaf_without_a_gradient() -> None:
    assert rows(LEAF) == ["  w 3 ∇ none yet"]


def test_the_result_of_an_operation_has_no_row() -> None:
    assert len(rows(LEAF, ("loss", {"loss": view(4.0, grad=True)}))) == 1


def test_the_first_backward_adds_to_none() -> None:
    assert rows(LEAF, backward([[1.5]])) == ["* w 3 ∇ 1.5", "    none + 1.5 = 1.5"]


def test_the_second_backward_adds_to_the_first() -> None:
    assert rows(LEAF, backward([[1.5]]), backward([[3.5]])) == ["* w 3 ∇ 3.5", "    1.5 + 2 = 3.5"]


def test_norms_of_a_larger_gradient_are_not_written_as_a_sum() -> None:
    leaf: Step = ("data", {"w": view([0.0, 0.0], grad=True)})
    assert rows(leaf, backward([3.0, 0.0]), backward([3.0, 4.0])) == [
        "* w [0 0] ∇ [3 4]                                     norm 5",
        "    norm 3, added 4, now 5",
    ]


def test_a_zeroed_gradient_and_one_set_to_none() -> None:
    zeroed: Step = ("zero", {"w.grad": view([[0.0]])})
    gone: Step = ("zero", {"w.grad": None})
    assert rows(LEAF, backward([[1.5]]), zeroed) == ["* w 3 ∇ 0", "    zeroed"]
    assert rows(LEAF, backward([[1.5]]), gone) == ["* w 3 ∇ none, was 1.5"]
    assert rows(LEAF, backward([[1.5]]), gone, ("data", {})) == ["  w 3 ∇ none yet"]


def test_a_step_without_a_change_shows_only_the_gradient() -> None:
    assert rows(LEAF, backward([[1.5]]), ("other", {})) == ["  w 3 ∇ 1.5"]


def test_a_narrow_pane_keeps_the_gradient() -> None:
    assert rows(LEAF, backward([[1.5]]), width=20) == ["* w ∇ 1.5", "    none + 1.5 = 1.5"]


def test_a_gradient_that_was_not_kept_is_being_replayed() -> None:
    bare = TensorView("tensor", (9,), "float32", "cpu", False, "f4", None)
    shown = rows(LEAF, ("backward", {"w.grad": bare}))
    assert shown == ["* w 3 ∇ being replayed", "    being replayed"]
