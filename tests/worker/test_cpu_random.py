"""Random numbers are drawn on the CPU for every device; here `meta`, which every build has."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tutor.worker import cpu_random
from tutor.worker.cpu_random import DrawOnCpu

DEVICE = "meta"


def a(*shape: int) -> Tensor:
    """Return a tensor on the default device."""
    return torch.ones(*shape)


DRAWS: dict[str, Callable[[], object]] = {
    "rand": lambda: torch.rand(3),
    "rand of a size": lambda: torch.rand((2, 3)),
    "rand by keyword": lambda: torch.rand(size=(2, 3)),
    "randn": lambda: torch.randn(20),
    "randint": lambda: torch.randint(10, (4,)),
    "randint between": lambda: torch.randint(2, 10, (4,)),
    "randperm": lambda: torch.randperm(7),
    "normal of a size": lambda: torch.normal(0.0, 1.0, (5,)),
    "rand_like of a transposed": lambda: torch.rand_like(a(3, 2).t()),
    "rand_like": lambda: torch.rand_like(a(3)),
    "randn_like": lambda: torch.randn_like(a(3)),
    "randint_like": lambda: torch.randint_like(a(3), 10),
    "uniform_": lambda: a(3).uniform_(-1, 1),
    "normal_": lambda: a(20).normal_(),
    "exponential_": lambda: a(3).exponential_(),
    "random_": lambda: a(3).random_(10),
    "bernoulli_": lambda: a(3).bernoulli_(0.3),
    "dropout": lambda: functional.dropout(a(8), 0.5),
    "torch.dropout": lambda: torch.dropout(a(8), 0.5, True),
    "dropout2d": lambda: functional.dropout2d(a(2, 3, 4, 4), 0.5),
    "Dropout": lambda: nn.Dropout(0.5)(a(8)),
    "init.uniform_": lambda: nn.init.uniform_(a(3)),
    "init.xavier_normal_": lambda: nn.init.xavier_normal_(a(3, 3)),
    "init.kaiming_uniform_": lambda: nn.init.kaiming_uniform_(a(3, 3)),
    "Linear": lambda: nn.Linear(3, 2).weight,
    "Conv2d": lambda: nn.Conv2d(1, 2, 3).weight,
    "Embedding": lambda: nn.Embedding(4, 2).weight,
    "LSTM": lambda: nn.LSTM(2, 2).weight_hh_l0,
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2).in_proj_weight,
}


FROM_VALUES: dict[str, Callable[[], object]] = {
    "normal around means": lambda: torch.normal(a(3), 1.0),
    "normal by keyword": lambda: torch.normal(mean=a(3), std=1.0),
    "normal of deviations": lambda: torch.normal(0.0, a(3)),
    "normal of both": lambda: torch.normal(a(3), a(3)),
    "bernoulli": lambda: torch.bernoulli(a(3)),
    "poisson": lambda: torch.poisson(a(3)),
    "multinomial": lambda: torch.multinomial(a(5), 2),
}
"""A draw that needs the values of its input, which a tensor on `meta` does not have."""


def state_after(draw: Callable[[], object], device: str) -> tuple[Tensor, object]:
    """Return the CPU generator's state after a draw with `device` as the default."""
    torch.manual_seed(446)
    torch.set_default_device(device)
    try:
        if device == "cpu":
            found = draw()
        else:
            with DrawOnCpu(device):
                found = draw()
        return torch.get_rng_state(), found
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_advances_the_generator_as_on_the_cpu(name: str) -> None:
    expected, on_cpu = state_after(DRAWS[name], "cpu")
    found, there = state_after(DRAWS[name], DEVICE)
    assert torch.equal(found, expected)
    assert isinstance(there, Tensor)
    assert isinstance(on_cpu, Tensor)
    assert there.device.type == DEVICE
    assert (there.shape, there.dtype) == (on_cpu.shape, on_cpu.dtype)
    assert (there.requires_grad, there.is_leaf) == (on_cpu.requires_grad, on_cpu.is_leaf)


@pytest.mark.parametrize("name", FROM_VALUES)
def test_a_draw_from_values_copies_them_to_the_cpu(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_random, "_copied", cpu_random._ones)
    expected, _ = state_after(FROM_VALUES[name], "cpu")
    found, there = state_after(FROM_VALUES[name], DEVICE)
    assert torch.equal(found, expected)
    assert isinstance(there, Tensor)
    assert there.device.type == DEVICE


def test_drawn_numbers_move_to_the_device_bit_by_bit() -> None:
    """The CPU is the default device here, and the script names another one."""
    torch.manual_seed(446)
    expected = torch.randn(5)
    torch.manual_seed(446)
    with DrawOnCpu(DEVICE):
        assert torch.equal(torch.randn(5, device="cpu"), expected)


@pytest.fixture
def on_device() -> object:
    torch.manual_seed(446)
    torch.set_default_device(DEVICE)
    with DrawOnCpu(DEVICE):
        yield
    torch.set_default_device(None)


@pytest.mark.usefixtures("on_device")
class TestOnADevice:
    def test_a_leaf_that_requires_grad_stays_one(self) -> None:
        w = torch.randn(3, requires_grad=True)
        assert w.is_leaf
        assert w.requires_grad
        assert w.device.type == DEVICE

    def test_a_device_named_by_the_script_is_kept(self) -> None:
        assert torch.rand(2, device="cpu").device.type == "cpu"
        assert torch.rand_like(a(2), device="cpu").device.type == "cpu"
        assert torch.randn(2, device=torch.device(DEVICE)).device.type == DEVICE

    def test_a_dtype_named_by_the_script_is_kept(self) -> None:
        assert torch.rand(2, dtype=torch.float64).dtype is torch.float64
        assert torch.rand_like(a(2), dtype=torch.float64).dtype is torch.float64

    def test_a_cpu_generator_is_used(self) -> None:
        generator = torch.Generator("cpu").manual_seed(1)
        expected = torch.Generator("cpu").manual_seed(1)
        x = torch.randn(3, generator=generator)
        torch.randn(3, generator=expected, device="cpu")
        assert x.device.type == DEVICE
        assert torch.equal(generator.get_state(), expected.get_state())
        a(3).normal_(generator=generator)

    def test_dropout_keeps_the_graph_of_its_input(self) -> None:
        x = torch.ones(4, requires_grad=True)
        functional.dropout(x, 0.5).sum().backward()
        assert x.grad is not None

    def test_dropout_outside_training_does_nothing(self) -> None:
        before = torch.get_rng_state()
        x = a(4)
        assert functional.dropout(x, 0.5, training=False).shape == x.shape
        assert functional.dropout(x, p=0.5, training=False).shape == x.shape
        assert torch.equal(torch.get_rng_state(), before)

    def test_dropout_in_place_is_in_place(self) -> None:
        x = a(4)
        assert functional.dropout(x, 0.5, inplace=True) is x

    def test_dropout_takes_keyword_arguments(self) -> None:
        assert functional.dropout(input=a(4), p=0.5, training=True).device.type == DEVICE

    def test_filling_a_tensor_keeps_its_identity(self) -> None:
        x = a(3)
        assert x.uniform_() is x
        assert nn.init.normal_(x) is x
        w = torch.ones(3, requires_grad=True)
        assert nn.init.zeros_(w) is w
        assert w.is_leaf

    def test_a_function_that_draws_nothing_is_called_unchanged(self) -> None:
        before = torch.get_rng_state()
        x = a(3) * 2 + torch.zeros(3)
        assert x.device.type == DEVICE
        assert torch.equal(torch.get_rng_state(), before)


def test_a_data_loader_shuffles_as_on_the_cpu(device: str | None) -> None:
    """This needs a device whose tensors can be read: the sampler reads its permutation."""
    there = device or "cpu"
    data = torch.utils.data.TensorDataset(torch.arange(6))
    torch.manual_seed(446)
    expected = [int(x) for [batch] in torch.utils.data.DataLoader(data, 2, True) for x in batch]
    torch.manual_seed(446)
    torch.set_default_device(there)
    try:
        with DrawOnCpu(there):
            found = [
                int(x) for [batch] in torch.utils.data.DataLoader(data, 2, True) for x in batch
            ]
    finally:
        torch.set_default_device(None)
    assert found == expected
    assert sorted(found) == list(range(6))
