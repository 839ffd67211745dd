"""Slices of large values: the requested elements, or a line that says why not."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tutor.schema import values
from tutor.schema.target import parse_subscript
from tutor.wire.messages import Fetch
from tutor.worker import slices

MATRIX = torch.arange(300 * 500).reshape(300, 500).float()
CUBE = torch.arange(6 * 5 * 4).reshape(6, 5, 4)


def elements(wanted: Fetch, value: torch.Tensor) -> np.ndarray:
    found = slices.fetch(wanted, value)
    assert not found.problem
    assert found.part is not None
    shown = values.array(found.part)
    assert shown is not None
    return shown


def test_a_slice_has_the_requested_rows_and_columns() -> None:
    shown = elements(Fetch("w", rows=(120, 140), cols=(490, 510)), MATRIX)
    assert shown.shape == (20, 10)
    assert (shown == MATRIX[120:140, 490:].numpy()).all()


def test_a_vector_is_one_row_and_a_number_one_cell() -> None:
    assert elements(Fetch("v", rows=(0, 1), cols=(2, 4)), torch.arange(9)).tolist() == [[2, 3]]
    assert elements(Fetch("x"), torch.tensor(7)).tolist() == [[7]]


def test_the_leading_dimensions_become_rows() -> None:
    shown = elements(Fetch("c", rows=(9, 11), cols=(1, 3)), CUBE)
    assert shown.tolist() == [CUBE[1, 4, 1:3].tolist(), CUBE[2, 0, 1:3].tolist()]


@pytest.mark.parametrize("index", ["[3:5, :, 0]", "[2]", "[..., 1:3]", "[1, 2]", "[:, ::2]"])
def test_a_subscript_works_as_in_python(index: str) -> None:
    found = slices.fetch(Fetch("c", index), CUBE)
    expected = CUBE.numpy()[parse_subscript(index)]
    assert found.shape == expected.shape
    assert found.part is not None
    shown = values.array(found.part)
    assert shown is not None
    assert shown.reshape(-1).tolist() == expected.reshape(-1).tolist()


def test_a_subscript_may_leave_one_number_or_nothing() -> None:
    assert elements(Fetch("c", "[1, 2, 3]"), CUBE).tolist() == [[31]]
    nothing = slices.fetch(Fetch("c", "[4:4]"), CUBE)
    assert nothing.shape == (0, 5, 4)
    assert nothing.part is not None and nothing.part.count == 0 and nothing.part.data == b""


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.bool, torch.complex64])
def test_every_dtype_can_be_sliced(dtype: torch.dtype) -> None:
    shown = elements(Fetch("w", rows=(0, 3), cols=(0, 3)), (MATRIX % 7).to(dtype))
    assert shown.tolist() == (MATRIX % 7).to(dtype)[:3, :3].tolist()


def test_tensors_of_other_layouts_can_be_sliced() -> None:
    sparse = torch.eye(100).to_sparse()
    assert elements(Fetch("s", rows=(98, 100), cols=(98, 100)), sparse).tolist() == [[1, 0], [0, 1]]
    turned = CUBE.permute(2, 0, 1)
    assert elements(Fetch("c", rows=(7, 8)), turned).tolist() == [turned[1, 1].tolist()]


def test_a_tensor_larger_than_memory_can_be_sliced() -> None:
    endless = torch.arange(3.0).expand(10**6, 10**6, 3)
    assert elements(Fetch("e", rows=(10**12 - 1, 10**12)), endless).tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ("[9]", "out of bounds"),
        ("[0, 0, 0, 0]", "too many indices"),
        ("[::-1]", "step must be greater than zero"),
        ("[x]", "numbers and colons only"),
        ("3:5", "no subscript"),
    ],
)
def test_an_impossible_slice_is_explained_in_one_line(index: str, reason: str) -> None:
    found = slices.fetch(Fetch("c", index), CUBE)
    assert found.part is None
    assert found.problem.startswith(f"c{index} (6x5x4): ")
    assert reason in found.problem
    assert "\n" not in found.problem


def test_too_many_elements_and_a_missing_tensor_are_refused() -> None:
    many = slices.fetch(Fetch("w", rows=(0, 300), cols=(0, 300)), MATRIX)
    assert many.shape == (300, 500) and "at most 4096" in many.problem
    assert slices.fetch(Fetch("lr"), None).problem == "lr is no tensor here"


@given(st.lists(st.integers(0, 4), max_size=4), st.data())
def test_a_slice_equals_that_of_the_reshaped_tensor(shape: list[int], data: st.DataObject) -> None:
    tensor = torch.arange(int(np.prod(shape, dtype=int))).reshape(shape)
    rows, columns = (
        data.draw(st.tuples(st.integers(-2, 70), st.integers(-2, 70))) for _ in range(2)
    )
    if tensor.numel() == 0:
        return
    last = shape[-1] if len(shape) > 1 else tensor.numel()
    matrix = tensor.numpy().reshape(-1, last)
    (top, bottom), (left, right) = ((max(0, n) for n in ends) for ends in (rows, columns))
    assert (
        elements(Fetch("t", "", rows, columns), tensor).tolist()
        == matrix[top:bottom, left:right].tolist()
    )
