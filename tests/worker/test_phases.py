"""The phase of every step, and the loss: found from what happened, never from names."""

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

Phases = Callable[..., list[str]]


@pytest.fixture
def phases(record: Callable[..., Any]) -> Phases:
    """Return the phases of a script's steps, without those of its imports."""

    def run(source: str, **changes: Any) -> list[str]:
        recording = record(source, **changes)
        assert recording.ended.outcome == "finished", recording.ended
        source = textwrap.dedent(source).strip("\n")
        code = source.split("\n")
        frames = [f for f in recording.frames if not code[f.line - 1].startswith("import")]
        return [frame.phase for frame in frames]

    return run


@pytest.mark.parametrize(
    "update",
    ["w -= 0.1 * w.grad", "w.sub_(0.1 * w.grad)", "w.data = w.data - 0.1 * w.grad"],
)
def test_gradient_descent_by_hand(phases: Phases, update: str) -> None:
    source = f"""
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        for i in range(2):
            e = (w - 1) ** 2
            e.backward()
            with torch.no_grad():
                {update}
            w.grad.zero_()
        """
    assert phases(source) == ["data", *(["loss", "backward", "update", "zero"] * 2)]


@pytest.mark.parametrize("set_to_none", [True, False])
def test_an_optimizer_and_a_module(phases: Phases, set_to_none: bool) -> None:
    source = f"""
        import torch
        x, y = torch.ones(3, 1), torch.ones(3, 1)
        net = torch.nn.Linear(1, 1)
        sgd = torch.optim.SGD(net.parameters(), lr=0.1)
        for epoch in range(2):
            out = net(x)
            cost = ((out - y) ** 2).mean()
            sgd.zero_grad(set_to_none={set_to_none})
            cost.backward()
            sgd.step()
        """
    first = ["forward", "loss", "other", "backward", "update"]
    later = ["forward", "loss", "zero", "backward", "update"]
    assert phases(source) == ["data", "data", "other", *first, *later]


def test_plain_floats_by_hand(phases: Phases) -> None:
    source = """
        w = 3.0
        lr = 0.1
        for i in range(2):
            g = 2 * (w - 1)
            w -= lr * g
        """
    assert phases(source) == ["data", "data", "data", "update", "data", "update"]


def test_tensors_by_hand_without_autograd(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0)
        for i in range(2):
            g = 2 * (w - 1)
            w = w - 0.1 * g
        """
    assert phases(source) == ["data", *(["data", "update"] * 2)]


def test_autograd_grad_is_a_backward(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        (g,) = torch.autograd.grad((w - 1) ** 2, w)
        """
    assert phases(source) == ["data", "backward"]


def test_backward_inside_a_function(phases: Phases) -> None:
    source = """
        import torch
        def slope(w):
            ((w - 1) ** 2).backward()
        w = torch.tensor(3.0, requires_grad=True)
        slope(w)
        w.grad = None
        """
    assert phases(source) == ["other", "data", "backward", "zero"]


def test_a_counter_is_no_update(phases: Phases) -> None:
    source = """
        seen = 0
        for i in range(2):
            seen += 1
        """
    assert phases(source) == ["data", "data", "data"]


def test_a_parameter_created_again_is_data(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        w.grad = torch.tensor(1.0)
        w = torch.tensor(5.0, requires_grad=True)
        del w
        """
    assert phases(source) == ["data", "other", "data", "other"]


def test_asking_for_gradients_is_no_update(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0)
        w.requires_grad = True
        """
    assert phases(source) == ["data", "data"]


def test_a_parameter_stepped_outside_a_loop_is_updated(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        with torch.no_grad():
            w -= 1
        """
    assert phases(source) == ["data", "update"]


def test_a_step_that_does_everything_is_a_backward(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        def step():
            loss = (w - 1) ** 2
            loss.backward()
            with torch.no_grad():
                w.sub_(0.1 * w.grad)
            w.grad = None
            return loss
        for i in range(2):
            loss = step()
        """
    assert phases(source) == ["data", "other", "backward", "backward"]


def test_a_negative_zero_is_a_zeroed_gradient(phases: Phases) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        (-w).backward()
        w.grad *= 0
        """
    assert phases(source) == ["data", "backward", "zero"]


# The loss


def losses(recording: Any) -> list[tuple[int, float]]:
    """Return the points of the loss curve: steps and losses."""
    return [(f.step, f.loss) for f in recording.frames if f.is_new_loss]


def test_the_loss_has_the_name_that_backward_was_called_on(record: Callable[..., Any]) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        for i in range(3):
            e = (w - 1) ** 2
            e.backward()
            w.data -= 0.5
            w.grad = None
        """
    assert losses(record(source)) == [(4, 4.0), (7, 2.25), (11, 1.0)]


def test_a_loss_without_a_name_is_new_at_its_backward(record: Callable[..., Any]) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        for i in range(2):
            ((w - 1) ** 2).backward()
            w.data -= 0.5
        """
    assert losses(record(source)) == [(3, 4.0), (5, 2.25)]


def test_a_loss_that_lives_in_a_function(record: Callable[..., Any]) -> None:
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        def step():
            e = (w - 1) ** 2
            e.backward()
            w.data -= 0.5
        for i in range(2):
            step()
        """
    assert losses(record(source)) == [(4, 4.0), (5, 2.25)]


def test_a_loss_that_the_lesson_names_needs_no_backward(record: Callable[..., Any]) -> None:
    source = """
        error = 4.0
        for i in range(2):
            error = error / 2
        """
    assert losses(record(source, loss="error")) == [(1, 4.0), (2, 2.0), (3, 1.0)]


def test_a_loss_that_is_not_a_number_is_none(record: Callable[..., Any]) -> None:
    source = """
        import torch
        loss = torch.ones(3)
        loss = torch.tensor(2.0)
        del loss
        """
    assert losses(record(source, loss="loss")) == [(3, 2.0)]
    assert record(source, loss="loss").frames[-1].loss is None
