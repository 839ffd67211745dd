"""Edits give a value of a running script another value."""

from typing import Any

import numpy as np
import pytest
import torch

from tutor.wire.messages import Edit
from tutor.worker import edits
from tutor.worker.edits import EditError


def apply(names: dict[str, Any], target: str, value: object) -> None:
    edits.apply(names, Edit(1, target, value))


def test_an_edited_number_is_rebound() -> None:
    names: dict[str, Any] = {"lr": 0.1, "n": 3}
    apply(names, "lr", 0.5)
    apply(names, "n", 4)
    assert names == {"lr": 0.5, "n": 4}


def test_a_tensor_keeps_its_identity_and_its_graph() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    apply({"w": w}, "w", [3.0, 4.0])
    assert w.tolist() == [3.0, 4.0]
    assert w.is_leaf
    assert w.requires_grad
    (w**2).sum().backward()
    optimizer.step()
    assert w.tolist() == [-3.0, -4.0]


def test_an_intermediate_keeps_its_place_in_the_graph() -> None:
    w = torch.tensor(3.0, requires_grad=True)
    y = w * 2
    apply({"y": y}, "y", 10.0)
    y.backward()
    assert y.item() == 10.0
    assert w.grad == 2.0


def test_editing_a_tensor_with_one_number_fills_it() -> None:
    x = torch.arange(4.0).view(2, 2)
    apply({"x": x}, "x", 7)
    assert x.tolist() == [[7.0, 7.0], [7.0, 7.0]]


def test_an_edit_keeps_the_dtype() -> None:
    x = torch.zeros(2, dtype=torch.int64)
    apply({"x": x}, "x", [1, 2])
    assert x.dtype is torch.int64
    assert x.tolist() == [1, 2]


def test_gradients_and_parameters_can_be_edited_by_name() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(1, 1))
    model(torch.ones(1)).backward()
    apply({"model": model}, "model.0.weight", [[5.0]])
    apply({"model": model}, "model.0.weight.grad", 0.0)
    weight = model[0].weight
    assert weight.item() == 5.0
    assert weight.grad == 0.0


def test_an_array_is_edited_in_place_and_a_numpy_scalar_rebound() -> None:
    array = np.zeros(2)
    names: dict[str, Any] = {"a": array, "s": np.float64(1.0)}
    apply(names, "a", [1.0, 2.0])
    apply(names, "s", 2.5)
    assert array.tolist() == [1.0, 2.0]
    assert names["s"] == 2.5
    assert isinstance(names["s"], np.float64)


@pytest.mark.parametrize(
    ("target", "value", "reason"),
    [
        ("nobody", 1, "no 'nobody' to edit here"),
        ("w.grad", 1.0, "'grad' is not there"),
        ("w.nothing", 1.0, "'nothing' is not there"),
        ("", 1.0, "no '' to edit here"),
        ("w", [1.0, 2.0, 3.0], r"does not fit 'w' \(2\)"),
        ("w", [[1.0], [2.0, 3.0]], "does not fit 'w'"),
        ("w", "text", "does not fit 'w'"),
        ("w", None, "does not fit 'w'"),
        ("scalar", [1.0, 2.0], r"does not fit 'scalar' \(scalar\)"),
        ("lr", "fast", "'lr' is a number"),
        ("lr", True, "'lr' is a number"),
        ("lr", [0.1], "'lr' is a number"),
        ("a", [1.0, 2.0, 3.0], r"does not fit 'a' \(2\)"),
        ("a", "text", "does not fit 'a'"),
        ("s", [1.0, 2.0], "'s' is a number"),
        ("text", "other", "'text' is a str"),
        ("model", 1.0, "'model' is a Linear"),
    ],
)
def test_an_impossible_edit_is_explained_in_one_line(
    target: str, value: object, reason: str
) -> None:
    names = {
        "w": torch.ones(2, requires_grad=True),
        "scalar": torch.tensor(1.0),
        "lr": 0.1,
        "a": np.zeros(2),
        "s": np.float64(1.0),
        "text": "a",
        "model": torch.nn.Linear(1, 1),
    }
    with pytest.raises(EditError, match=reason) as raised:
        apply(names, target, value)
    assert "\n" not in str(raised.value)
