"""Drawing of the tensors pane, and of one value in detail."""

import math

import numpy as np
from rich.cells import cell_len

from tutor.history.timeline import Moment, Timeline
from tutor.schema.frame import Frame, Summary, TensorView
from tutor.ui.draw.tensors.tensors import draw_tensors, listed
from tutor.ui.draw.tensors.value import draw_value
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")
NONE = palette_for(None)


def view(
    values: object, dtype: str = "f4", kind: str = "tensor", grad: bool = False, device: str = "cpu"
) -> TensorView:
    array = np.asarray(values, dtype)
    name, data = array.dtype.name, array.tobytes()
    return TensorView(kind, array.shape, name, device, grad, dtype, data)


def moment(*steps: dict[str, TensorView | None], phase: str = "data") -> Moment:
    timeline = Timeline()
    for number, changed in enumerate(steps, 1):
        timeline.append(Frame(number, number, 0, None, phase, None, False, changed))
    return timeline.at(len(steps))


def rows(at: Moment, width: int = 60) -> list[str]:
    return [strip.text.rstrip() for strip in draw_tensors(at, width, PALETTE)]


def picture(shown: TensorView, width: int = 40, height: int = 8) -> list[str]:
    strips = draw_value(shown, width, height, PALETTE)
    return [strip.text.rstrip() for strip in strips]


def test_a_message_stands_in_place_of_the_first_value() -> None:
    assert rows(moment()) == ["no values yet"]


def test_a_row_has_all_columns_if_there_is_room() -> None:
    at = moment({"x": view([[1], [2]], device="cuda:0"), "w": view(3.0, grad=True)})
    assert rows(at) == [
        "*  x    2×1 float32 cuda:0 █      █ [[1] [2]]",
        "*∇ w scalar float32                 3",
    ]


def test_less_important_columns_are_dropped_first() -> None:
    at = moment({"weights": view([[1.0], [2]])}, {})
    assert rows(at, 50) == ["   weights 2×1 float32 █      █ [[1] [2]]"]
    assert rows(at, 36) == ["   weights 2×1 █      █ [[1] [2]]"]
    assert rows(at, 27) == ["   weights 2×1 [[1] [2]]"]
    assert rows(at, 24) == ["   weights [[1] [2]]"]


def test_the_mark_shows_how_a_number_changed() -> None:
    before = {"a": view([[1.0]]), "b": view(2.0), "c": view([1.0, 2.0]), "d": view(0.0)}
    after = {"a": view([[1.5]]), "b": view(-2.0), "c": view([1.0, 3.0])}
    assert [row[0] for row in rows(moment(before, after))] == ["+", "-", "*", " "]


def test_gradients_have_no_row() -> None:
    at = moment({"w": view(1.0, grad=True), "w.grad": view(2.0)})
    assert listed(at) == ["w"]


def test_the_result_of_an_operation_is_not_marked_as_a_leaf() -> None:
    made = moment({"loss": view(1.0, grad=True)}, phase="loss")
    parameter = moment({"p": view(1.0, kind="parameter", grad=True)}, phase="forward")
    assert "∇" not in rows(made)[0]
    assert "∇" in rows(parameter)[0]


def test_the_whole_selected_row_is_highlighted() -> None:
    strip = draw_tensors(moment({"w": view(1.0)}), 30, PALETTE, selected="w")[0]
    backgrounds = {segment.style.bgcolor for segment in strip if segment.style}
    assert PALETTE.selected.bgcolor in backgrounds
    assert len([s for s in strip if s.style and s.style.bgcolor == PALETTE.text.bgcolor]) <= 1


def test_a_long_chinese_name_is_cut_at_a_whole_character() -> None:
    row = rows(moment({"模型的第一層的權重": view(1.0)}), 24)[0]
    assert cell_len(row) <= 24
    assert "…" in row


def test_a_small_tensor_is_a_table() -> None:
    assert picture(view([[1.5, -20.25], [0, 3]], grad=True)) == [
        "2×2 float32 ∇ requires grad",
        "[0]    1.50  -20.25",
        "[1]    0.00    3.00",
        "",
        "min -20.25  max 3  mean -3.938",
        "std 9.478  norm 20.53",
        "",
        "",
    ]


def test_a_vector_is_wrapped_into_rows() -> None:
    assert picture(view(range(12), "i8"), 24)[1:4] == [
        " [0]   0   1   2   3   4",
        " [5]   5   6   7   8   9",
        "[10]  10  11",
    ]


def test_the_matrices_of_a_batch_are_labelled() -> None:
    rows = picture(view(np.arange(8).reshape(2, 2, 2), "i4"), 30, 9)
    assert [row.split()[0] for row in rows[1:5]] == ["[0,0]", "[0,1]", "[1,0]", "[1,1]"]


def test_a_value_that_does_not_fit_is_a_heat_map_with_signs_and_a_range() -> None:
    shown = picture(view(np.arange(-32, 32).reshape(8, 8)), 26, 13)
    assert shown[1] == "- " * 7 + "-"
    assert shown[5].startswith(" ")
    assert shown[6] == "+ " * 7 + "+"
    assert shown[9].startswith("-32 ")
    assert shown[9].endswith("+ 32")


def test_a_cell_that_is_not_finite_is_marked() -> None:
    values = np.ones((8, 8))
    values[0, 1] = math.nan
    shown = picture(view(values), 20, 13)
    assert shown[1].startswith("+ ××+ ")
    assert any("1 not finite" in row for row in shown)


def test_a_large_tensor_is_drawn_from_its_blocks() -> None:
    block = np.linspace(-1, 1, 64 * 64).astype("<f4").reshape(64, 64)
    summary = Summary(-9, 9, 0, 1, 316, 0, (1,) * 32, 64, 64, block.tobytes())
    large = TensorView("tensor", (1000, 100), "float32", "cpu", False, "f4", None, summary)
    shown = picture(large, 64, 20)
    assert shown[0] == "1000×100 float32"
    assert shown[1] == "-" * 64
    assert shown[17] == "+" * 64
    assert shown[18].endswith("block means")
    assert shown[19] == "min -9  max 9  mean 0  std 1  norm 316"


def test_without_colours_digits_show_the_magnitude() -> None:
    strips = draw_value(view(np.linspace(-9, 9, 100).reshape(10, 10)), 20, 16, NONE)
    assert strips[1].text == "-9-9-9-8-8-8-8-8-8-7"
    assert strips[10].text == "+7+8+8+8+8+8+8+9+9+9"
    assert all(segment.style.reverse for segment in strips[1] if segment.style)


def test_content_that_was_not_kept_is_being_replayed() -> None:
    bare = TensorView("tensor", (4,), "float32", "cuda:0", False, "f4", None)
    assert picture(bare, 60)[:2] == [
        "4 float32 on cuda:0",
        "changed here; its content was not kept, being replayed",
    ]


def test_an_empty_tensor_has_its_description() -> None:
    assert picture(view(np.zeros((0, 3)))) == ["0×3 float32"] + [""] * 7
