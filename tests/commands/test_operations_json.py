"""`tutor run --json --operations` lists the operations inside each step."""

import json
import subprocess

import pytest
from plain_python import under_python

KEYS = ["id", "kind", "name", "line", "module", "inputs", "shape", "value", "order", "grad",
        "edges"]  # fmt: skip


@pytest.fixture
def inside(tutor):
    """Run a script with operations, and return its JSON objects."""

    def run(path) -> list[dict]:
        found = tutor("run", path, "--json", "--operations")
        assert "engine failed" not in found.stderr.decode()
        return rows(found)

    return run


def rows(found: subprocess.CompletedProcess[bytes]) -> list[dict]:
    return [json.loads(line) for line in found.stdout.splitlines()]


CHAIN = """\
import torch
x = torch.tensor([1.0, 2.0])
w = torch.tensor([3.0, 4.0], requires_grad=True)
loss = (w * x).sum()
loss.backward()
"""


def test_operations_of_a_forward_and_a_backward_step(inside, script):
    *steps, done = inside(script(CHAIN))
    assert done == {"done": True, "steps": 5, "device": "cpu", "error": None}
    forward, backward = steps[3]["operations"], steps[4]["operations"]
    assert all(list(one) == KEYS for step in steps for one in step["operations"])
    kinds = [(one["kind"], one["name"], one["line"]) for one in forward]
    assert kinds == [
        ("leaf", "w", 3),
        ("operation", "mul", 4),
        ("operation", "sum", 4),
    ]
    w, mul, total = forward
    assert mul["inputs"][0] == w["id"] and total["inputs"] == [mul["id"]]
    assert (mul["value"], mul["shape"], total["value"]) == ([3.0, 8.0], [2], 11.0)
    assert [(one["name"], one["order"], one["grad"]) for one in backward] == [
        ("sum", 0, 1.0), ("mul", 1, [1.0, 1.0]), ("w", 2, [1.0, 2.0]),
    ]  # fmt: skip
    assert backward[1]["edges"] == [[w["id"], 0, [1.0, 2.0]]]


def test_without_the_option_there_are_no_operations(tutor, script):
    steps = rows(tutor("run", script(CHAIN), "--json"))
    assert not any("operations" in step for step in steps)


def assert_ids_resolve(steps: list[dict]) -> None:
    """Assert that every id is one of this step or of an earlier one."""
    known: set[int] = set()
    for step in steps:
        operations = step.get("operations", [])
        known |= {one["id"] for one in operations}
        for one in operations:
            assert known.issuperset(one["inputs"]), one
            assert known.issuperset(edge[0] for edge in one["edges"]), one


IDS = {
    "an optimizer, a module and data": """
net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
optimizer = torch.optim.Adam(net.parameters())
for i in range(2):
    optimizer.zero_grad()
    net(torch.ones(3, 2)).sum().backward()
    optimizer.step()
""",
    "views, edits in place and several outputs": """
w = torch.ones(3, 3, requires_grad=True)
y = w * 2
y[0] = 5
a, b, c = y.unbind()
m = y.max(1)
(a * b + c + m.values).sum().backward()
""",
    "a gradient of a gradient": """
w = torch.ones(3, requires_grad=True)
g, = torch.autograd.grad((w ** 3).sum(), w, create_graph=True)
(g ** 2).sum().backward()
""",
    "a library that computes": """
mu = torch.zeros(2, requires_grad=True)
d = torch.distributions.Normal(mu, mu.exp())
z = d.rsample()
(-d.log_prob(z)).sum().backward()
""",
}


@pytest.mark.parametrize(
    "source",
    [pytest.param(text, id=name) for name, text in IDS.items()],
)
def test_ids_belong_to_this_step_or_to_an_earlier_one(inside, script, source):
    steps = inside(script("import torch\n" + source))
    assert steps[-1]["error"] is None
    assert_ids_resolve(steps)


def test_an_operation_in_a_helper_file_has_the_line_of_the_call_in_the_script(inside, script):
    script("def square(t):\n    a = t * 1\n    return a * t\n", "helper.py")
    path = script(
        "import torch\nfrom helper import square\n"
        "w = torch.ones(2, requires_grad=True)\n\n\ny = square(\n    w)\n"
    )
    *_, step, _ = inside(path)
    assert [(one["name"], one["line"]) for one in step["operations"][1:]] == [
        ("mul", 6), ("mul", 6),
    ]  # fmt: skip


def test_an_operation_has_its_own_line_inside_statements_decorators_and_lambdas(inside, script):
    path = script(
        "import torch\ndef twice(f):\n    def g(t):\n        return f(t) * 2\n    return g\n"
        "@twice\ndef h(t):\n    return t.sin()\n"
        "w = torch.ones(2, requires_grad=True)\n"
        "y = h(w)\n"
        "z = [t.exp() for t in\n     (y,)]\n"
        "q = (y\n     .cos()\n     .tan())\n"
        "r = (lambda t:\n     t.abs())(w)\n"
    )
    lines = {
        one["name"]: one["line"]
        for row in inside(path)
        for one in row.get("operations", ())
        if one["kind"] == "operation"
    }
    assert {name: lines[name] for name in ("sin", "mul", "exp", "cos", "tan", "abs")} == {
        "sin": 8, "mul": 4, "exp": 11, "cos": 14, "tan": 15, "abs": 17,
    }  # fmt: skip


def test_operations_that_could_not_be_recorded_are_named(inside, script):
    path = script(
        "import torch\nw = torch.ones(2, requires_grad=True)\n"
        "y = torch.vmap(lambda t: t.sin())(w)\ny.sum().backward()\n"
    )
    steps = inside(path)
    assert any("torch.func" in line for line in steps[2]["unseen"])


FAITHFUL = {
    "a backward pass that raises, caught": """
w = torch.ones(2, requires_grad=True)
y = w * 2
y.register_hook(lambda g: 1 / 0)
try:
    y.sum().backward()
except ZeroDivisionError as error:
    print(error)
(w * 3).sum().backward()
print(w.grad)
""",
    "modes of the script's own": """
from torch.overrides import TorchFunctionMode
class Log(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        print(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))
w = torch.ones(2, requires_grad=True)
with Log():
    (w * 2).sum().backward()
print(w.grad)
""",
    "saved tensors, hooks and anomalies": """
w = torch.ones(2, requires_grad=True)
with torch.autograd.graph.saved_tensors_hooks(lambda t: t + 1, lambda t: t - 1):
    y = (w * w).exp().sum()
w.register_post_accumulate_grad_hook(lambda p: print("post", p.grad))
with torch.autograd.set_detect_anomaly(True):
    y.backward()
""",
    "copies": """
import copy, io
m = torch.nn.Linear(2, 2)
m(torch.ones(2)).sum().backward()
n = copy.deepcopy(m)
file = io.BytesIO()
torch.save(n, file)
file.seek(0)
print(torch.load(file, weights_only=False)(torch.ones(2)))
""",
    "a lazy module": """
m = torch.nn.LazyLinear(2)
m(torch.ones(3)).sum().backward()
print(m.weight.grad)
""",
    "torch.func.vjp": """
w = torch.ones(3)
value, pull = torch.func.vjp(torch.sin, w)
print(pull(torch.ones(3)))
""",
    "a trace": """
f = torch.jit.trace(lambda t: t * 2, torch.ones(2))
print(f(torch.ones(3)))
""",
    "a fast path of attention": """
e = torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()
with torch.no_grad():
    print(e(torch.randn(2, 3, 4)).double().tolist())
""",
    "a dispatch mode of the script's own": """
from torch.utils._python_dispatch import TorchDispatchMode
class Log(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        print(func)
        return func(*args, **(kwargs or {}))
w = torch.ones(2, requires_grad=True)
def f():
    with Log():
        (w * 2).sum().backward()
f()
""",
    "a nested tensor": """
n = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
print((n * 2).values().sum().item())
""",
}
SETUP = "import torch\ntorch.manual_seed(0)\ntorch.set_num_threads(1)\n"


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> dict[str, str]:
    """By name of a script: what it prints under Python."""
    folder = tmp_path_factory.mktemp("scripts")
    paths = [folder / f"{number}.py" for number in range(len(FAITHFUL))]
    for path, source in zip(paths, FAITHFUL.values(), strict=True):
        path.write_text(SETUP + source)
    found = under_python(paths)
    assert not any(status for _, status in found)
    return {name: text for name, (text, _) in zip(FAITHFUL, found, strict=True)}


@pytest.mark.parametrize("name", list(FAITHFUL))
def test_recording_operations_does_not_change_what_a_script_prints(name, python, record):
    recording = record(SETUP + FAITHFUL[name], operations=0, exact=True)
    assert recording.ended.outcome == "finished", recording.ended.message
    assert recording.text() == python[name] != ""


def test_a_compiled_module_runs(inside, script):
    path = script(
        "import torch\nm = torch.compile(torch.nn.Sequential(torch.nn.Linear(2, 2)), "
        'backend="eager")\nm(torch.ones(2)).sum().backward()\n'
    )
    *_, done = inside(path)
    assert done["error"] is None


def test_an_in_place_module_is_an_operation(inside, script):
    path = script(
        "import torch\nw = torch.ones(2, requires_grad=True)\n"
        "y = torch.nn.ReLU(inplace=True)(w * 2)\n"
    )
    step = inside(path)[2]
    assert [one["name"] for one in step["operations"]] == ["w", "mul", "relu"]


def test_a_backward_pass_inside_another_one_keeps_both_orders(inside, script):
    path = script(
        "import torch\nfrom torch.utils.checkpoint import checkpoint\n"
        "w = torch.tensor([2.0], requires_grad=True)\n"
        "x = torch.tensor([3.0], requires_grad=True)\n"
        "y = checkpoint(lambda t: t * w + 1, x, use_reentrant=True) * w\n"
        "y.sum().backward()\nprint(w.grad.item())\n"
    )
    *_, step, _, _ = inside(path)
    operations = [one for one in step["operations"] if one["order"] is not None]
    assert sorted(one["grad"][0] for one in operations if one["name"] == "w") == [6.0, 7.0]
    assert sorted(one["order"] for one in operations) == list(range(len(operations)))
