"""The numbers written out in lessons are the ones that the seed gives."""

import ast
from pathlib import Path

import pytest
import torch

from tutor.catalog import resolve


def table_of(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "table":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{path} has no table")


@pytest.fixture(params=["three_grads", "double_deposit"])
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
    # A product may be rounded once or twice, as the processor likes.
    assert torch.allclose(written[:, 2], drawn[:, 2], rtol=0, atol=5e-7)


def test_the_points_begin_with_the_ones_in_the_notes(written):
    first = torch.tensor([-1.3435512781143188, 0.7279439568519592, 2.759108781814575])
    assert torch.equal(written[0], first)
