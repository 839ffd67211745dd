"""Scripts with common troubles print the same under Python and under the recorder."""

import textwrap

import pytest
from plain_python import under_python

from tutor.script.lesson import read

SCRIPTS = {
    "nan_in_a_branch_not_taken": """
        x = torch.tensor([-1.0, 4.0], requires_grad=True)
        torch.where(x > 0, x.sqrt(), torch.zeros(2)).sum().backward()
        print(x.grad)
        """,
    "norm_of_zero": """
        x = torch.zeros(3, requires_grad=True)
        (x * x).sum().sqrt().backward()
        print(x.grad, x.grad.isnan().all())
        """,
    "a_leaf_is_lost": """
        w = torch.ones(2, requires_grad=True)
        w = w - 0.1 * w
        w.sum().backward()
        print(w.is_leaf, w.grad)
        """,
    "backward_twice": """
        w = torch.ones(2, requires_grad=True)
        loss = (w * w).sum()
        loss.backward()
        loss.backward()
        """,
    "an_input_edited_in_place": """
        w = torch.ones(2, requires_grad=True)
        y = w.exp()
        y += 1
        try:
            y.sum().backward()
        except RuntimeError as error:
            print(str(error)[:60])
        """,
    "a_frozen_layer": """
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
        model[0].requires_grad_(False)
        optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), 0.1)
        for _ in range(3):
            optimizer.zero_grad()
            loss = model(torch.ones(4, 2)).pow(2).mean()
            loss.backward()
            optimizer.step()
        print(loss, [p.grad is None for p in model.parameters()])
        """,
    "a_scheduler_before_its_optimizer": """
        w = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([w], 1.0)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scheduler.step()
        print([(one.category.__name__, one.lineno) for one in caught], scheduler.get_last_lr())
        """,
    "a_network_that_explodes": """
        layer = torch.nn.RNN(2, 4, nonlinearity="relu")
        with torch.no_grad():
            layer.weight_hh_l0.mul_(8)
        layer(torch.ones(200, 1, 2))[0].sum().backward()
        print(layer.weight_hh_l0.grad.isfinite().all())
        """,
    "a_function_with_a_wrong_gradient": """
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                return 2 * x
            @staticmethod
            def backward(context, grad):
                return 3 * grad
        x = torch.ones(2, requires_grad=True)
        Double.apply(x).sum().backward()
        print(x.grad)
        """,
    "a_penalty_on_the_gradient": """
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        (slope,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        (slope.norm() - 1).pow(2).backward()
        print(x.grad)
        """,
    "hooks": """
        x = torch.ones(2, requires_grad=True)
        x.register_hook(lambda grad: print("hook", grad) or grad * 2)
        layer = torch.nn.Linear(2, 1)
        layer.register_forward_hook(lambda module, given, made: print("forward", made.shape))
        layer(x).sum().backward()
        print(x.grad)
        """,
    "statistics_and_dropout": """
        model = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5))
        for _ in range(3):
            y = model(torch.randn(5, 3))
        print(model[0].running_mean, y.sum(), model.eval()(torch.ones(2, 3)))
        """,
    "closures_and_tied_weights": """
        model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
        model[1].weight = model[0].weight
        optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)
        def closure():
            optimizer.zero_grad()
            loss = model(torch.ones(3, 2)).pow(2).sum()
            loss.backward()
            return loss
        print(optimizer.step(closure), closure(), model[0].weight)
        """,
    "a_checkpoint_and_autocast": """
        from torch.utils.checkpoint import checkpoint
        layer = torch.nn.Linear(2, 2)
        with torch.autocast("cpu", torch.bfloat16):
            y = checkpoint(layer, torch.ones(1, 2, requires_grad=True), use_reentrant=False)
        y.float().sum().backward()
        print(y.dtype, layer.weight.grad)
        """,
    "a_main_guard": """
        def main():
            print(__name__, sys.argv[1:])
        if __name__ == "__main__":
            main()
        """,
    "no_tensors_of_the_usual_kind": """
        packed = torch.empty(4, dtype=torch.uint4)
        jagged = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)], layout=torch.jagged)
        strange = np.array([object(), None])
        print(packed.dtype, jagged.is_nested, strange.dtype, torch.eye(2).to_sparse_csr().layout)
        """,
    "a_page_break": """
        note = "a\u2028b"
        def f():
            return 1
        print(__import__("inspect").getsource(f))
        1 / 0
        """,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write all scripts, each as `NAME.py`."""
    folder = tmp_path_factory.mktemp("scripts")
    for name, text in SCRIPTS.items():
        head = "import sys, warnings\nimport numpy as np\nimport torch\n"
        head += "warnings.simplefilter('ignore')\n\f\n"
        (folder / f"{name}.py").write_text(head + textwrap.dedent(text), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(folder):
    """Return what each script prints under Python, and its exit status."""
    return dict(zip(SCRIPTS, under_python(folder / f"{one}.py" for one in SCRIPTS), strict=True))


@pytest.mark.parametrize("operations", [None, 0])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_the_same_as_under_python(record, folder, expected, name, operations):
    path = folder / f"{name}.py"
    recording = record(read(path).source, path=str(path), operations=operations)
    printed, status = expected[name]
    assert recording.text() == printed
    assert recording.ended.outcome == ("raised" if status else "finished")
