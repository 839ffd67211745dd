"""Capture finds what a statement changed: every kind of edit, every kind of tensor."""

import textwrap
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tutor.schema.frame import EXACT, ROOT, TensorView
from tutor.schema.values import plain
from tutor.worker.capture.capture import Capture
from tutor.worker.capture.requests import Changes

LARGE = EXACT + 904


class Script:
    """Runs statements and captures after each."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {"torch": torch, "np": np}
        self.capture = Capture(self.names)
        self("pass")

    def __call__(self, statement: str, complete: bool = True) -> Changes:
        """Run a statement; return what it changed."""
        exec(textwrap.dedent(statement), self.names)
        return self.capture.changes(complete)

    def shown(self, statement: str) -> dict[str, object]:
        """Run a statement; return what it changed as plain lists."""
        return {name: plain(view) for name, view in self(statement).items()}


@pytest.fixture
def step() -> Script:
    return Script()


def view(changes: Changes, name: str) -> TensorView:
    found = changes[name]
    assert found is not None
    return found


def problem(changes: Changes, name: str) -> str:
    """Return why the elements of a changed value cannot be read."""
    found = view(changes, name)
    assert found.summary is not None
    return found.summary.problem


# Names


def test_a_new_name_is_a_change(step: Script) -> None:
    assert step.shown("x = torch.tensor([1.0, 2.0])") == {"x": [1.0, 2.0]}
    assert step.shown("i = 3; lr = 0.5") == {"i": 3, "lr": 0.5}


def test_a_statement_without_effect_changes_nothing(step: Script) -> None:
    step("x = torch.ones(3, requires_grad=True); m = torch.nn.Linear(2, 2); a = np.ones(3); i = 1")
    assert step("pass") == {}
    assert step("x.sum(); m(torch.ones(2)); a.sum()") == {}


def test_binding_an_equal_value_is_no_change_but_the_name_is_bound(step: Script) -> None:
    step("x = torch.ones(2); i = 5; other = 1")
    assert step("x = torch.ones(2); i = int('5')") == {}
    assert "x" in step.capture.bound
    assert "other" not in step.capture.bound


def test_a_deleted_name_is_reported_as_gone(step: Script) -> None:
    step("w = torch.ones(2, requires_grad=True); w.sum().backward(); i = 1; a = np.ones(2)")
    assert step("del w") == {"w": None, "w.grad": None}
    assert step("del i, a") == {"i": None, "a": None}
    assert step("pass") == {}


def test_a_name_may_be_bound_to_another_kind_of_value(step: Script) -> None:
    step("x = torch.ones(1)")
    assert step.shown("x = 2") == {"x": 2}
    assert step("x = 'two'") == {"x": None}
    assert step.shown("x = np.array([2])") == {"x": [2]}
    step("x = torch.nn.Linear(1, 1)")
    assert set(step("x = 1.5")) == {"x", "x.weight", "x.bias"}


def test_one_statement_may_delete_a_name_and_make_another(step: Script) -> None:
    step("a = 1; b = 2; c = 3")
    assert step.shown("del b; del c; d = 4; c = 3") == {"b": None, "d": 4}


def test_two_names_may_swap_their_values(step: Script) -> None:
    step("a = 1; b = 2")
    assert step("del a; a = 1") == {}
    assert step.shown("a, b = b, a") == {"a": 2, "b": 1}
    assert step.shown("c = 5; a = b") == {"a": 1, "c": 5}


def test_two_names_for_one_tensor_change_together(step: Script) -> None:
    step("x = torch.zeros(2); y = x")
    assert step.shown("x += 1") == {"x": [1.0, 1.0], "y": [1.0, 1.0]}


def test_hidden_names_are_not_captured(step: Script) -> None:
    assert step("_ = torch.ones(1); __x = 1; text = 'a'; flag = True") == {}


def test_all_names_may_be_deleted_at_once(step: Script) -> None:
    step("x = 1")
    assert step("globals().clear()") == {"x": None}


# Edits


@pytest.mark.parametrize(
    "edit",
    [
        "x += 1",
        "x.add_(1)",
        "x[0] = 9",
        "x.data.add_(1)",
        "x.data[1] = 5",
        "x.detach().mul_(2)",
        "x.data = x.data + 1",
        "x.data = torch.ones(2, 3)",
        "x.data = x.data.view(4)",
        "x.data = x.data.t()",
        "x.data = x.data.double()",
        "x.t_()",
        "x.unsqueeze_(0)",
        "x.resize_(3)",
        "x.set_(torch.zeros(2))",
        "alias += 1",
        "x.requires_grad_()",
    ],
)
def test_every_kind_of_in_place_edit_is_seen_at_its_step(step: Script, edit: str) -> None:
    step("x = torch.arange(4.0).reshape(2, 2).clone(); alias = x.numpy()[:1]")
    changed = step(edit)
    x = step.names["x"]
    assert isinstance(x, torch.Tensor)
    seen = view(changed, "x")
    assert seen.shape == tuple(x.shape)
    assert seen.requires_grad is x.requires_grad
    assert plain(seen) == x.tolist()
    assert "x" not in step("pass")


def test_a_change_of_requires_grad_is_seen_at_its_step(step: Script) -> None:
    step("w = torch.ones(1)")
    assert view(step("w.requires_grad = True"), "w").requires_grad
    assert not view(step("w.requires_grad_(False)"), "w").requires_grad


def test_a_frame_holds_a_copy(step: Script) -> None:
    before = view(step("x = torch.zeros(2)"), "x")
    step("x += 1")
    assert plain(before) == [0.0, 0.0]


def test_capture_leaves_a_tensor_resizable(step: Script) -> None:
    step("x = torch.zeros(2)")
    assert step.shown("x.resize_(300); x.zero_()")["x"] == plain(
        view(step("y = torch.zeros(300)"), "y")
    )


def test_a_freed_storage_is_not_read(step: Script) -> None:
    step("x = torch.zeros(4)")
    step("x.untyped_storage().resize_(0)")
    assert step.shown("x.untyped_storage().resize_(16); x.fill_(2)") == {"x": [2.0] * 4}


def test_an_unchanged_nan_is_no_change(step: Script) -> None:
    step("x = torch.tensor([float('nan'), 1.0]); v = float('nan'); a = np.array([np.nan])")
    assert step("pass") == {}
    assert step("x = x.clone(); v = float('nan'); a = a.copy()") == {}


# Gradients


def test_a_gradient_appears_accumulates_and_disappears(step: Script) -> None:
    assert step.shown("w = torch.tensor([3.0], requires_grad=True)") == {"w": [3.0]}
    assert step.shown("(w**2).sum().backward()") == {"w.grad": [6.0]}
    assert step.shown("(w**2).sum().backward()") == {"w.grad": [12.0]}
    assert step.shown("w.grad.zero_()") == {"w.grad": [0.0]}
    assert step.shown("w.grad = torch.ones(1)") == {"w.grad": [1.0]}
    assert step.shown("w.grad.data.fill_(2)") == {"w.grad": [2.0]}
    assert step("w.grad = w.grad.clone()") == {}
    assert step("w.grad = None") == {"w.grad": None}
    assert step("w.grad = None") == {}
    assert step.shown("(w**2).sum().backward()") == {"w.grad": [6.0]}


def test_one_statement_may_edit_a_gradient_and_drop_it(step: Script) -> None:
    step("w = torch.ones(1, requires_grad=True); w.sum().backward()")
    assert step("w.grad.zero_(); w.grad = None") == {"w.grad": None}


def test_a_frozen_parameter_keeps_its_gradient(step: Script) -> None:
    step("w = torch.ones(1, requires_grad=True); w.sum().backward()")
    assert set(step("w.requires_grad_(False)")) == {"w"}
    assert step("w.grad = None") == {"w.grad": None}


def test_retain_grad_shows_the_gradient_of_an_intermediate(step: Script) -> None:
    step("w = torch.ones(2, requires_grad=True); y = w * 3")
    step("y.retain_grad()")
    assert step.shown("y.sum().backward()") == {"w.grad": [3.0, 3.0], "y.grad": [1.0, 1.0]}


def test_a_tensor_that_becomes_a_leaf_is_followed(step: Script) -> None:
    step("w = torch.ones(1, requires_grad=True); y = w * 2")
    step("y.detach_().requires_grad_()")
    assert step.shown("(y * 5).backward()") == {"y.grad": [5.0]}


def test_rebinding_a_name_removes_its_gradient(step: Script) -> None:
    step("w = torch.ones(1, requires_grad=True); w.sum().backward()")
    changed = step("w = torch.ones(1, requires_grad=True)")
    assert changed == {"w.grad": None}


def test_capturing_an_intermediate_does_not_warn(
    step: Script, recwarn: pytest.WarningsRecorder
) -> None:
    step("w = torch.ones(1, requires_grad=True); y = w * 2")
    step("z = y * 2")
    assert not recwarn.list


# Modules


def test_parameters_and_buffers_have_their_qualified_names(step: Script) -> None:
    step("class Net(torch.nn.Module): pass")
    changed = step("""
        net = Net()
        net.linear = torch.nn.Linear(2, 1)
        net.norm = torch.nn.BatchNorm1d(1)
        """)
    kinds = {name: view(changed, name).kind for name in changed}
    assert kinds == {
        "net.linear.weight": "parameter",
        "net.linear.bias": "parameter",
        "net.norm.weight": "parameter",
        "net.norm.bias": "parameter",
        "net.norm.running_mean": "buffer",
        "net.norm.running_var": "buffer",
        "net.norm.num_batches_tracked": "buffer",
    }
    assert set(step("net(torch.ones(2, 2)) if False else net.norm(torch.ones(2, 1))")) == {
        "net.norm.running_mean",
        "net.norm.running_var",
        "net.norm.num_batches_tracked",
    }


def test_the_gradients_of_parameters_are_captured(step: Script) -> None:
    step("model = torch.nn.Linear(1, 1)")
    assert set(step("model(torch.ones(1)).backward()")) == {"model.weight.grad", "model.bias.grad"}
    changed = step("model.zero_grad()")
    assert changed == {"model.weight.grad": None, "model.bias.grad": None}


def test_an_optimizer_changes_parameters(step: Script) -> None:
    step("model = torch.nn.Linear(1, 1); sgd = torch.optim.SGD(model.parameters(), 0.1)")
    step("model(torch.ones(1)).backward()")
    assert set(step("sgd.step()")) == {"model.weight", "model.bias"}


@pytest.mark.parametrize(
    ("edit", "names"),
    [
        ("model.fc = torch.nn.Linear(1, 2, bias=False)", {"model.fc.weight", "model.fc.bias"}),
        ("model.extra = torch.nn.Parameter(torch.ones(1))", {"model.extra"}),
        ("model.fc.weight = torch.nn.Parameter(torch.ones(1, 1))", {"model.fc.weight"}),
        ("model.fc.bias = None", {"model.fc.bias"}),
        ("model.register_buffer('mean', torch.zeros(1))", {"model.mean"}),
        ("del model.fc", {"model.fc.weight", "model.fc.bias"}),
        ("model.head = model.fc", set()),
        (
            "model.head = model._modules.pop('fc')",
            {"model.fc.weight", "model.fc.bias", "model.head.weight", "model.head.bias"},
        ),
        ("del model", {"model.fc.weight", "model.fc.bias"}),
    ],
)
def test_the_structure_of_a_module_may_change(step: Script, edit: str, names: set[str]) -> None:
    step("model = torch.nn.Module(); model.fc = torch.nn.Linear(1, 1)")
    assert set(step(edit)) == names
    assert step("pass") == {}


def test_a_parameter_shared_within_a_module_shows_once(step: Script) -> None:
    changed = step("""
        linear = torch.nn.Linear(1, 1, bias=False)
        model = torch.nn.Sequential(linear, torch.nn.ReLU(), linear)
        tied = torch.nn.Module()
        tied.a, tied.b = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
        tied.b.weight = tied.a.weight
        """)
    assert set(changed) == {"linear.weight", "model.0.weight", "tied.a.weight"}


def test_a_module_may_contain_itself(step: Script) -> None:
    changed = step("""
        m = torch.nn.Linear(1, 1)
        m.__dict__['_modules']['self'] = m
        """)
    assert set(changed) == {"m.weight", "m.bias"}


def test_a_lazy_module_shows_once_it_has_a_shape(step: Script) -> None:
    assert "uninitialized" in problem(step("m = torch.nn.LazyLinear(1, bias=False)"), "m.weight")
    assert view(step("m(torch.ones(1, 3))"), "m.weight").shape == (1, 3)


@pytest.mark.filterwarnings("ignore:.*is deprecated")
def test_a_scripted_module_is_followed(step: Script) -> None:
    step.names["m"] = torch.jit.trace(torch.nn.Linear(1, 1), torch.ones(1, 1))
    assert {"m.weight", "m.bias"} <= set(step("pass"))
    assert step("pass") == {}


# Kinds of tensors


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize(
    ("make", "stored"),
    [
        ("torch.tensor(2.5)", "<f4"),
        ("torch.tensor([1.0, 2.0], dtype=torch.float64)", "<f8"),
        ("torch.tensor([1.0, 2.0], dtype=torch.float16)", "<f2"),
        ("torch.tensor([1.0, 2.0], dtype=torch.bfloat16)", "<f4"),
        ("torch.tensor([True, False])", "|b1"),
        ("torch.tensor([1, -2], dtype=torch.int8)", "|i1"),
        ("torch.tensor([2**62])", "<i8"),
        ("torch.tensor([200], dtype=torch.uint8)", "|u1"),
        ("torch.tensor([])", "<f4"),
        ("torch.zeros(0, 3)", "<f4"),
        ("torch.arange(6.0).reshape(2, 3).t()", "<f4"),
        ("torch.arange(6.0)[::2]", "<f4"),
        ("torch.arange(6)[1:3]", "<i8"),
        ("torch.ones(1).expand(3)", "<f4"),
        ("torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)", "<f4"),
        ("torch.eye(2).to_sparse()", "<f4"),
        ("torch.eye(2).to_sparse_csr()", "<f4"),
    ],
)
def test_every_kind_of_tensor_is_captured(step: Script, make: str, stored: str) -> None:
    seen = view(step(f"x = {make}"), "x")
    x = step.names["x"]
    assert isinstance(x, torch.Tensor)
    dense = x if x.layout is torch.strided else x.to_dense()
    assert seen.stored == stored
    assert f"torch.{seen.dtype}" == str(x.dtype)
    assert plain(seen) == dense.tolist()
    assert step("pass") == {}


@pytest.mark.parametrize("make", ["torch.tensor([1 + 2j])", "torch.tensor([1 + 2j]).conj()"])
def test_complex_tensors_are_captured(step: Script, make: str) -> None:
    seen = view(step(f"x = {make}"), "x")
    x = step.names["x"]
    assert isinstance(x, torch.Tensor)
    assert seen.data == x.resolve_conj().numpy().tobytes()
    assert set(step("x *= 2")) == {"x"}


def test_the_imaginary_part_of_a_conjugate_is_captured(step: Script) -> None:
    assert step.shown("x = torch.tensor([1 + 2j]).conj().imag") == {"x": [-2.0]}


def test_an_edit_of_a_sparse_tensor_is_seen(step: Script) -> None:
    step("x = torch.eye(2).to_sparse()")
    assert step.shown("x.mul_(3)") == {"x": [[3.0, 0.0], [0.0, 3.0]]}


@pytest.mark.filterwarnings("ignore:.*are deprecated")
def test_a_quantized_tensor_shows_its_dequantized_values(step: Script) -> None:
    changed = step.shown("x = torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)")
    assert changed == {"x": [1.0, 1.0]}


def test_a_tensor_made_in_inference_mode_is_captured(step: Script) -> None:
    assert step.shown("with torch.inference_mode(): x = torch.ones(2)") == {"x": [1.0, 1.0]}
    assert step.shown("with torch.inference_mode(): x += 1") == {"x": [2.0, 2.0]}


def test_a_broadcast_array_is_not_copied(step: Script) -> None:
    """It would take a terabyte."""
    seen = view(step("x = np.broadcast_to(np.float64(1), (10**6, 10**5))"), "x")
    assert (seen.shape, seen.dtype) == ((10**6, 10**5), "float64")
    assert step("pass") == {}


@pytest.mark.parametrize("size", [3, LARGE])
def test_a_tensor_without_elements_shows_its_shape(step: Script, size: int) -> None:
    seen = view(step(f"x = torch.ones({size}, device='meta')"), "x")
    assert (seen.shape, seen.device, seen.is_complete) == ((size,), "meta", True)
    plain(seen)
    assert step("pass") == {}
    assert step("x = torch.zeros(2, device='meta')").keys() == {"x"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "make",
    [
        "torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])",
        "torch.masked.masked_tensor(torch.ones(2), torch.tensor([True, False]))",
        "torch._subclasses.FakeTensorMode().from_tensor(torch.ones(2))",
    ],
)
def test_a_tensor_that_cannot_be_read_is_shown_as_that_once(step: Script, make: str) -> None:
    step.names["x"] = eval(make)
    assert problem(step("y = 1"), "x").startswith("cannot be read: ")
    assert step("y = 2").keys() == {"y"}
    assert step.capture.completed() == {}
    assert step("del x").keys() <= {"x"}


def test_a_subclass_of_tensor_is_captured(step: Script) -> None:
    step("class Own(torch.Tensor): pass")
    assert step.shown("x = torch.ones(2).as_subclass(Own)") == {"x": [1.0, 1.0]}
    assert step.shown("x.data.add_(1)") == {"x": [2.0, 2.0]}


@pytest.mark.parametrize(
    "context",
    [
        lambda: torch.no_grad(),
        lambda: torch.inference_mode(),
        lambda: torch.device("meta"),
        lambda: torch.set_grad_enabled(False),
        lambda: torch.autocast("cpu"),
    ],
)
@pytest.mark.parametrize("size", [3, LARGE])
def test_capture_works_inside_the_contexts_of_the_script(
    step: Script, context: Callable[[], torch.no_grad], size: int
) -> None:
    step(f"x = torch.zeros({size}); a = np.zeros({size})")
    with context():
        changed = step("x.data.add_(1); a += 1")
    for name in ("x", "a"):
        seen = view(changed, name)
        assert seen.summary.mean == 1 if seen.summary else plain(seen) == [1.0] * size


def test_capture_works_with_another_default_dtype(step: Script) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        seen = view(step(f"x = torch.full(({LARGE},), 0.5, dtype=torch.float32)"), "x").summary
    finally:
        torch.set_default_dtype(torch.float32)
    assert seen is not None
    assert seen.mean == 0.5


# Numbers and arrays


def test_numbers_keep_their_text(step: Script) -> None:
    changed = step(f"a = 0.1; b = {2**200}; c = -0.0; d = float('inf')")
    assert {n: view(changed, n).data for n in changed} == {
        "a": b"0.1",
        "b": str(2**200).encode(),
        "c": b"-0.0",
        "d": b"inf",
    }


def test_an_integer_too_long_to_write_is_left_out(step: Script) -> None:
    step("n = 1")
    assert step("n = 10**5000") == {"n": None}


def test_one_and_one_point_zero_differ(step: Script) -> None:
    step("x = 1")
    assert view(step("x = 1.0"), "x").dtype == "float"


def test_numpy_arrays_and_scalars_are_captured(step: Script) -> None:
    assert step.shown("a = np.arange(3); s = np.float64(2.5)") == {"a": [0, 1, 2], "s": 2.5}
    assert step.shown("a[1] = 9") == {"a": [0, 9, 2]}
    assert step.shown("a = a[::-1]") == {"a": [2, 9, 0]}
    assert step.shown("b = np.array([1.5, 2.5], dtype='>f4')") == {"b": [1.5, 2.5]}
    assert step("c = np.array(['text']); d = np.array([object()])") == {}


def test_a_reshaped_array_is_a_change(step: Script) -> None:
    step("a = np.zeros(4)")
    assert step.shown("a = a.reshape(2, 2)") == {"a": [[0.0, 0.0], [0.0, 0.0]]}


@pytest.mark.parametrize(
    "make",
    [
        f"np.arange({LARGE}.0)",
        f"np.arange({LARGE}.0)[::-1]",
        f"np.arange({LARGE}.0).astype('>f8')",
        f"np.broadcast_to(np.float64(3), ({LARGE},))",
        f"np.ones({LARGE}, dtype=bool)",
        f"np.ones({LARGE}, dtype=np.longdouble)",
    ],
)
def test_a_large_array_is_captured_as_a_summary(
    step: Script, recwarn: pytest.WarningsRecorder, make: str
) -> None:
    seen = view(step(f"a = {make}"), "a").summary
    array = np.asarray(step.names["a"], dtype=np.float64)
    assert seen is not None
    assert seen.mean == pytest.approx(array.mean())
    assert seen.max == array.max()
    assert step("pass") == {}
    assert not recwarn.list


def test_an_edit_of_a_large_array_is_seen(step: Script) -> None:
    step(f"a = np.zeros({LARGE})")
    seen = view(step("a += 1"), "a").summary
    assert seen is not None
    assert seen.min == 1


# Large tensors


@pytest.mark.parametrize(
    "edit",
    ["x.add_(1)", "x.data.add_(1)", "x.numpy()[:] = 1", "x[7, 3] = 1", "x.data = x.data + 1"],
)
@pytest.mark.parametrize("make", ["torch.zeros(100, 60)", "torch.zeros(60, 100).t()"])
def test_an_edit_of_a_large_tensor_is_seen(step: Script, make: str, edit: str) -> None:
    step(f"x = {make}")
    seen = view(step(edit), "x").summary
    assert seen is not None
    assert seen.max == 1
    assert step("pass") == {}


def test_equal_content_of_a_large_tensor_is_no_change(step: Script) -> None:
    step(f"x = torch.zeros({LARGE})")
    assert step("x.zero_(); x = x.clone()") == {}


def test_a_run_that_is_not_stepped_reports_large_tensors_without_content(step: Script) -> None:
    step.capture.budget.spend(1e9)
    changed = step(f"x = torch.ones({LARGE}); small = torch.ones(2)", complete=False)
    assert not view(changed, "x").is_complete
    assert view(changed, "small").is_complete
    assert step("pass", complete=False) == {}
    completed = step.capture.completed()
    assert completed.keys() == {"x"}
    kept = completed["x"].summary
    assert kept is not None
    assert kept.mean == 1
    assert step.capture.completed() == {}


def test_a_tensor_may_be_resized_across_the_exact_limit(step: Script) -> None:
    step("x = torch.zeros(3)")
    assert view(step(f"x.resize_({LARGE}); x.zero_()"), "x").summary is not None
    assert step.shown("x.resize_(2)") == {"x": [0.0, 0.0]}


# The tensor that backward() is called on


def test_the_root_of_backward_is_found_by_its_name(step: Script) -> None:
    step("w = torch.ones(1, requires_grad=True); loss = (w * 2).sum(); same = loss")
    loss = step.names["loss"]
    assert isinstance(loss, torch.Tensor)
    assert step.capture.changes(True, loss) == {}
    assert step.capture.root == "loss"


def test_the_root_of_backward_is_captured_even_without_a_name(step: Script) -> None:
    changed = step.capture.changes(True, torch.tensor(2.5))
    assert step.capture.root == ROOT
    assert plain(changed[ROOT]) == 2.5
    assert ROOT not in step("pass")
