"""The operations of a statement: forward, backward, and those that cannot be noted."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from plain_python import under_python

from tests.conftest import Recording
from tutor.schema import values
from tutor.schema.frame import Frame, Operation, TensorView

MODELS = sorted((Path(__file__).parents[1] / "scripts" / "models").glob("*.py"))
Record = Callable[..., Recording]


def inside(recording: Recording, line: int = 0) -> list[Operation]:
    """Return the operations of the steps on a line; of all steps for 0."""
    frames = [f for f in recording.frames if f.inside and line in (0, f.line)]
    return [one for frame in frames if frame.inside for one in frame.inside.operations]


def numbers(view: TensorView | None) -> np.ndarray:
    found = values.array(view) if view else None
    assert found is not None
    return found


def named(operations: list[Operation], name: str) -> Operation:
    return next(one for one in operations if one.name == name)


def passes(frame: Frame) -> list[list[Operation]]:
    """Return the nodes of a frame, a list for each backward pass."""
    found: list[list[Operation]] = []
    start = frame.inside.forwards if frame.inside else 0
    for size in frame.inside.passes if frame.inside else ():
        nodes = frame.inside.operations[start : start + size]
        found.append([one for one in nodes if one.order is not None])
        start += size
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_contributions_add_up_to_the_gradient_of_the_next_node(model: Path, record: Record) -> None:
    recording = record(model.read_text(), operations=0, exact=True)
    assert recording.ended.outcome == "finished", recording.ended.message
    checked = 0
    for frame in recording.frames:
        for nodes in passes(frame):
            arrived: dict[tuple[int, int], list[np.ndarray]] = defaultdict(list)
            for node in nodes:
                for edge in node.edges:
                    if edge.contribution is not None:
                        arrived[edge.to, edge.number].append(numbers(edge.contribution))
            for node in nodes:
                for number, grad in enumerate(node.grads):
                    if parts := arrived.get((node.id, number)):
                        entered = numbers(grad)
                        if is_hooked(model, frame, node):
                            entered = entered / 2
                        assert np.allclose(sum(parts), entered, rtol=1e-5, atol=1e-7), node.name
                        checked += 1
    assert checked > 5


def is_hooked(model: Path, frame: Frame, node: Operation) -> bool:
    """Return True if the script's own hook doubled the gradient that entered this node."""
    source = model.read_text().splitlines()
    return source[frame.line - 1].startswith("hooked") and node.call == "mul(_0, 3)"


@pytest.fixture(scope="module")
def bare() -> dict[Path, tuple[str, int]]:
    """Return what each model prints under Python, and its exit status."""
    return dict(zip(MODELS, under_python(MODELS), strict=True))


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_recording_operations_changes_no_bit(
    model: Path, bare: dict[Path, tuple[str, int]], record: Record
) -> None:
    printed, status = bare[model]
    assert status == 0
    plain, seen = record(model.read_text()), record(model.read_text(), operations=0, exact=True)
    assert plain.text() == seen.text()
    if "manual_seed" in model.read_text():
        assert seen.text() == printed
    for one, other in zip(plain.frames, seen.frames, strict=True):
        assert (one.line, one.phase, one.loss) == (other.line, other.phase, other.loss)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_each_operation_has_an_id_of_its_own(model: Path, record: Record) -> None:
    recording = record(model.read_text(), operations=0, exact=True)
    met: dict[int, tuple[str, str]] = {}
    for frame in recording.frames:
        for one in frame.inside.operations if frame.inside else ():
            assert met.setdefault(one.id, (one.kind, one.call)) == (one.kind, one.call)
        orders = [
            n.order
            for n in (frame.inside.operations if frame.inside else ())
            if n.order is not None
        ]
        assert sorted(orders) == list(range(len(orders)))
        for one in frame.inside.operations if frame.inside else ():
            assert all(source in met for source in one.inputs), (frame.line, one)
            assert all(edge.to in met for edge in one.edges)


def test_backward_nodes_are_in_execution_order(record: Record) -> None:
    recording = record(
        """
        import torch
        x = torch.tensor(2.0)
        w = torch.tensor(3.0, requires_grad=True)
        loss = (w * x - 1) ** 2
        loss.backward()
        """,
        operations=0,
    )
    nodes = inside(recording, 5)
    assert [(node.name, numbers(node.grads[0]).item()) for node in nodes] == [
        ("pow", 1.0), ("sub", 10.0), ("mul", 10.0), ("w", 20.0),
    ]  # fmt: skip
    assert [node.line for node in nodes] == [4, 4, 4, 3]
    leaf = nodes[-1]
    assert (leaf.kind, leaf.before) == ("leaf", None)
    assert numbers(leaf.after).item() == 20.0


def test_an_accumulation_has_the_gradient_before_and_after(record: Record) -> None:
    recording = record(
        """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        for i in range(2):
            loss = w ** 2
            loss.backward()
        """,
        operations=0,
    )
    leaves = [one for one in inside(recording, 5) if one.kind == "leaf"]
    assert leaves[0].before is None
    assert [numbers(v).item() for v in (leaves[1].before, leaves[1].grads[0], leaves[1].after)] == [
        6.0, 6.0, 12.0,
    ]  # fmt: skip


def test_a_tensor_used_twice_has_two_edges(record: Record) -> None:
    recording = record(
        """
        import torch
        a = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        e = (a + b) * (b + 1)
        e.backward()
        """,
        operations=0,
    )
    nodes = inside(recording, 5)
    leaf = named(nodes, "b")
    edges = [edge for node in nodes for edge in node.edges if edge.to == leaf.id]
    assert sorted(numbers(edge.contribution).item() for edge in edges) == [2.0, 3.0]
    assert numbers(leaf.grads[0]).item() == 5.0
    assert numbers(named(nodes, "a").grads[0]).item() == 2.0


def test_modules_and_parameters_have_the_scripts_names(record: Record) -> None:
    recording = record(MODELS[[m.stem for m in MODELS].index("mlp")].read_text(), operations=0)
    out = inside(recording, 9)
    assert [(one.name, one.module) for one in out if one.kind == "operation"][:3] == [
        ("linear", "model.0"), ("tanh", "model.1"), ("linear", "model.2"),
    ]  # fmt: skip
    assert "model.0.weight" in [one.name for one in out if one.kind == "leaf"]
    assert named(inside(recording, 10), "MseLoss").module == ""
    assert [one.name for one in inside(recording, 13) if one.kind == "library"] == ["SGD.step"] * 3
    assert {one.name for one in inside(recording, 5)} == {"Linear"}


def test_an_operation_has_its_line_inside_the_scripts_function(record: Record) -> None:
    recording = record(
        """
        import torch
        def f(t):
            u = t * 2
            return u.sum()
        w = torch.ones(2, requires_grad=True)
        y = f(w)
        """,
        operations=0,
    )
    assert [(one.name, one.line) for one in inside(recording, 6)] == [
        ("w", 5), ("mul", 3), ("sum", 4),
    ]  # fmt: skip


def test_a_node_that_fails_names_the_forward_line(record: Record) -> None:
    recording = record(
        """
        import torch
        x = torch.tensor([0.0, 1.0], requires_grad=True)
        y = torch.sigmoid(x)
        y.mul_(2)
        y.sum().backward()
        """,
        operations=0,
    )
    last = recording.ended.inside
    assert last is not None and "modified by an inplace operation" in last.error
    failed = next(one for one in last.operations if one.id == last.failed)
    assert (failed.name, failed.line, failed.order is not None) == ("sigmoid", 3, True)


def test_a_cut_graph_names_what_backward_was_called_on(record: Record) -> None:
    recording = record(
        """
        import torch
        w = torch.ones(2, requires_grad=True)
        with torch.no_grad():
            y = w * 3
        y.sum().backward()
        """,
        operations=0,
    )
    last = recording.ended.inside
    assert last is not None and "does not require grad" in last.error
    failed = next(one for one in last.operations if one.id == last.failed)
    assert (failed.name, failed.line) == ("sum", 5)


def test_a_function_of_the_scripts_own_is_an_unknown_producer(record: Record) -> None:
    recording = record(
        """
        import torch
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return g * 2
        w = torch.ones(2, requires_grad=True)
        d = Double.apply(w)
        d.sum().backward()
        """,
        operations=0,
    )
    double = named(inside(recording, 10), "Double")
    assert (double.kind, double.line, double.call) == ("unknown", 10, "")
    back = [one for one in inside(recording, 11) if one.id == double.id]
    assert numbers(back[0].edges[0].contribution).tolist() == [2.0, 2.0]


def test_threads_and_compiled_code_are_named_as_unseen(record: Record) -> None:
    recording = record(
        """
        import threading
        import torch
        w = torch.ones(2, requires_grad=True)
        made = []
        t = threading.Thread(target=lambda: made.append(w * 5))
        t.start(); t.join()
        made[0].sum().backward()
        fast = torch.compile(lambda v: torch.sin(v) * 2, backend="eager", fullgraph=True)
        y = fast(w)
        y.sum().backward()
        print(w.grad.tolist())
        """,
        operations=0,
    )
    assert recording.ended.outcome == "finished", recording.ended.message
    five = {one.name for one in inside(recording, 7) if one.kind == "unknown"}
    assert five == {"mul"}
    unseen = [line for frame in recording.frames if frame.inside for line in frame.inside.unseen]
    assert any("compiled" in line for line in unseen)


def test_a_long_chain_is_walked_without_recursion(record: Record) -> None:
    recording = record(
        """
        import torch
        w = torch.ones(1, requires_grad=True)
        y = sum([w] * 20_000)
        y.backward()
        """,
        operations=0,
    )
    assert recording.ended.outcome == "finished", recording.ended.message
    nodes = inside(recording, 4)
    assert len(nodes) == 20_001
    assert numbers(nodes[-1].grads[0]).item() == 20_000


def test_operations_are_noted_only_after_the_requested_step(record: Record) -> None:
    script = """
        import torch
        w = torch.ones(1, requires_grad=True)
        y = w * 2
        z = y * 3
        z.backward()
        """
    recording = record(script, operations=3, begin=3)
    assert [f.step for f in recording.frames] == [4, 5]
    made_before = [one for one in inside(recording, 4) if one.kind == "unknown"]
    assert [one.name for one in made_before] == ["mul"]
    replayed = record(script, operations=0, begin=4)
    assert [f.step for f in replayed.frames] == [5]
    assert [one.name for one in inside(replayed)] == ["mul", "mul", "w"]
    assert [one.call for one in inside(replayed)] == ["mul(_0, 3)", "mul(_0, 2)", ""]
