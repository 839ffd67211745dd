"""Data written out in several lessons is the same everywhere, and is what the seed gives."""

import ast
import re
from pathlib import Path

import pytest
import torch

from tutor.course.catalog import find, resolve


def table_of(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "table":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{path} has no table")


@pytest.fixture(params=["three_grads", "double_deposit", "pytorchic", "sgd"])
def written(request: pytest.FixtureRequest) -> torch.Tensor:
    numbers = table_of(resolve(request.param)).split()
    return torch.tensor([float(number) for number in numbers], device="cpu").view(-1, 3)


@pytest.fixture
def drawn() -> torch.Tensor:
    """The data of 002 section 9: two earlier draws, then inputs and noise."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(446)
        torch.randn(10000, 3, 28, 28, device="cpu")
        torch.rand(10, device="cpu")
        x = torch.randn(50, 2, device="cpu")
        y = x @ torch.tensor([[-1.0], [2.0]]) + torch.randn(50, 1, device="cpu") * 0.1
    return torch.cat([x, y], dim=1)


def test_the_fifty_points_are_those_of_the_seed(written, drawn):
    assert torch.equal(written[:, :2], drawn[:, :2])
    # Processors differ in how often they round a product.
    assert torch.allclose(written[:, 2], drawn[:, 2], rtol=0, atol=5e-7)


def test_the_fifty_points_begin_with_the_point_that_the_notes_print(written):
    first = torch.tensor([-1.3435512781143188, 0.7279439568519592, 2.759108781814575])
    assert torch.equal(written[0], first)


def numbers_in(path: Path) -> list[float]:
    """Return all numbers in a lesson's code, those in tables of text too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            found.append(float(node.value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [float(part) for part in re.findall(r"(?<!\S)\d+\.\d+(?!\S)", node.value)]
    return found


def test_the_fifteen_points_are_the_same_in_all_lessons():
    x = "3.3 4.4 5.5 6.71 6.93 4.168 9.779 6.182 7.59 2.167 7.042 10.791 5.313 7.997 3.1"
    y = "1.7 2.76 2.09 3.19 1.694 1.573 3.366 2.596 2.53 1.221 2.827 3.465 1.65 2.904 1.3"
    lessons = [entry.path for entry in find() if 10.791 in numbers_in(entry.path)]
    assert len(lessons) > 5
    for path in lessons:
        written = numbers_in(path)
        # One of them needs the x alone.
        points = [*x.split(), *(y.split() if 2.827 in written else ())]
        assert all(float(number) in written for number in points), path
