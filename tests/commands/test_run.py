"""`tutor run`: its JSON, its table, its exit status, and scripts that print what they always do."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from plain_python import under_python
from shell import TUTOR, shell

DESCENT = """\
import torch

x = torch.tensor([5.0], requires_grad=True)

for i in range(4):
    y = (x - 2) ** 2
    y.backward()
    x.data = x.data - 0.25 * x.grad
    x.grad.zero_()
"""


def rows(found: subprocess.CompletedProcess[bytes]) -> list[dict]:
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_the_twelfth_step_of_the_descent_is_as_the_contract_shows_it(script):
    found = shell("run", script(DESCENT), "--json", "--show", "x.tolist()")
    assert found.returncode == 0
    *steps, done = rows(found)
    assert steps[11] == {
        "step": 12,
        "line": 7,
        "iteration": 2,
        "phase": "backward",
        "loss": 0.5625,
        "changed": {"x": [2.75], "x.grad": [1.5]},
        "show": {"x.tolist()": [2.75]},
        "out": "",
    }
    assert done == {"done": True, "steps": 18, "device": "cpu", "error": None}


def test_values_of_more_than_64_elements_are_given_by_their_statistics(tutor, script):
    path = script("import torch\nw = torch.arange(65.0)\nv = torch.arange(64.0)\n")
    *_, w, v, _ = rows(tutor("run", path, "--json"))
    changed = w["changed"] | v["changed"]
    assert changed["v"] == [float(n) for n in range(64)]
    assert changed["w"] == {
        "shape": [65],
        "dtype": "float32",
        "min": 0.0,
        "max": 64.0,
        "mean": 32.0,
        "norm": pytest.approx(sum(n * n for n in range(65)) ** 0.5),
    }


def test_changed_names_are_the_scripts_own_values(tutor, script):
    path = script(
        "import math\nimport torch\nfrom math import sqrt\nimport numpy as np\n"
        "model = torch.nn.Linear(1, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "def f(): return 1\n"
        "a = np.array([1.0, 2.0])\nn = 3\nlr = 0.5\ntext = 'no value'\nflags = [1, 2]\n"
        "model(torch.ones(1, 1)).sum().backward()\n"
    )
    names = [set(row["changed"]) for row in rows(tutor("run", path, "--json"))[:-1]]
    assert set().union(*names) == {
        "model.weight",
        "model.bias",
        "model.weight.grad",
        "model.bias.grad",
        "a",
        "n",
        "lr",
    }
    assert names[-1] == {"model.weight", "model.weight.grad", "model.bias", "model.bias.grad"}


def test_infinities_and_nan_are_strings(tutor, script):
    path = script("import torch\nx = torch.tensor([1.0, -1.0, 0.0]) / 0\nn = float('nan')\n")
    changed = [row["changed"] for row in rows(tutor("run", path, "--json"))[:-1]]
    assert changed[1:] == [{"x": ["inf", "-inf", "nan"]}, {"n": "nan"}]


def test_a_gradient_that_was_removed_is_null(tutor, script):
    path = script(
        "import torch\nw = torch.ones(1, requires_grad=True)\n"
        "(w * 3).sum().backward()\nw.grad = None\n"
    )
    changed = [row["changed"] for row in rows(tutor("run", path, "--json"))[:-1]]
    assert changed[2:] == [{"w": [1.0], "w.grad": [3.0]}, {"w": [1.0], "w.grad": None}]


def test_a_script_that_raises_exits_with_1_and_a_traceback_of_its_own_lines(script):
    path = script("import torch\nprint('so far')\ntorch.ones(2) @ torch.ones(3)\n")
    found = shell("run", path, "--json")
    *steps, done = rows(found)
    assert found.returncode == 1
    assert steps[1]["out"] == "so far\n"
    assert done["steps"] == 2
    assert done["error"].startswith(f"{path}:3: RuntimeError: ")
    trace = found.stderr.decode()
    assert trace.startswith("Traceback (most recent call last):\n")
    assert [line for line in trace.splitlines() if "File" in line] == [
        f'  File "{path}", line 3, in <module>'
    ]


def test_a_table_has_a_row_for_each_iteration_and_then_the_output(tutor, script):
    path = script(DESCENT + "    print(i)\n")
    lines = tutor("run", path).stdout.decode().splitlines()
    assert lines[0].split() == ["iteration", "loss", "x", "y"]
    assert lines[1].split() == ["0", "9", "[3.5]", "[9]"]
    assert lines[4].split() == ["3", "0.140625", "[2.1875]", "[0.140625]"]
    assert lines[5:] == ["", "0", "1", "2", "3"]


def test_show_chooses_the_columns_of_the_table(tutor, script):
    found = tutor("run", script(DESCENT), "--show", "x.item() - 2", "--show", "nothing")
    lines = [line.split("  ") for line in found.stdout.decode().splitlines()]
    assert [cell.strip() for cell in lines[0] if cell] == ["iteration", "x.item() - 2", "nothing"]
    assert [line[-1].strip() for line in lines[1:]] == ["-"] * 4


def test_set_edit_stop_and_seed(tutor, script):
    path = script("import torch\nlr = 0.1\nx = torch.rand(1)\ny = x * lr\nz = y + 1\n")
    *steps, done = rows(
        tutor("run", path, "--json", "--set", "lr=2.0", "--edit", "3:x=[10.0]", "--stop", 4)
    )
    assert steps[3]["changed"] == {"x": [10.0], "y": [20.0]}
    assert done["steps"] == len(steps) == 4
    first = rows(tutor("run", path, "--json", "--seed", 1))[2]
    again = rows(tutor("run", path, "--json", "--seed", 1))[2]
    other = rows(tutor("run", path, "--json", "--seed", 2))[2]
    assert first == again != other


def test_a_choice_may_be_set_with_quotes_or_without(tutor, script):
    path = script('kind = "mean"  # @param ["mean", "sum"]\nn = len(kind)\n')
    for text in ("kind=sum", 'kind="sum"', "kind='sum'"):
        *steps, _ = rows(tutor("run", path, "--json", "--set", text))
        assert steps[-1]["changed"] == {"n": 3}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.py"], "no such file: nothing.py"),
        (["descnd"], "did you mean descend"),
        (["."], "is a folder"),
        (["descend", "--set", "rate=1"], "no knob of that name (its knobs: lr"),
        (["descend", "--set", "lr"], "want NAME=VALUE"),
        (["descend", "--set", "lr=fast"], "lr=fast"),
        (["descend", "--edit", "x=3"], "want STEP:NAME=VALUE"),
        (["descend", "--edit", "3:x=[1"], "no number"),
        (["descend", "--show", "x +"], "not a Python expression"),
        (["descend", "--stop", "0"], "--stop"),
        (["descend", "--device", "warp"], "warp"),
    ],
)
def test_bad_usage_is_one_line_and_exits_with_2(tutor, arguments, words):
    found = tutor("run", *arguments)
    assert found.returncode == 2
    lines = found.stderr.decode().strip().splitlines()
    assert words in lines[-1]


def test_a_syntax_error_exits_with_1_and_names_its_line(tutor, script):
    path = script("x = 1\ny = (2\n")
    found = tutor("run", path, "--json")
    assert found.returncode == 1
    assert f"{path}:2: " in found.stderr.decode()
    [done] = rows(found)
    assert done["done"]
    assert f"{path}:2: " in done["error"]


def test_an_interrupted_run_names_its_line_and_exits_with_130(script):
    path = script("x = 0\nwhile True:\n    x += 1\n")
    process = subprocess.Popen(
        [*TUTOR, "run", path, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for line in process.stdout:
        if json.loads(line)["step"] == 100:
            break
    process.send_signal(signal.SIGINT)
    last = process.communicate(timeout=30)[0].splitlines()[-1]
    assert process.returncode == 130
    assert json.loads(last)["error"] == f"{path}:3: interrupted"


def test_a_torch_py_in_the_working_folder_is_not_imported_as_torch(script, tmp_path):
    script("raise SystemExit('the wrong torch')", "torch.py")
    assert shell("run", "bowl", cwd=tmp_path).returncode == 0


FAITHFUL = {
    "tensors, numpy, modules and optimizers": """
import random, sys
import numpy as np
import torch
import torch.nn as nn
print(torch.randn(2, 3), np.random.rand(2), random.random())
print(np.array([[0.1, 0.2]]), torch.tensor([0.1, 0.2], dtype=torch.float64))
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
print(net)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for epoch in range(3):
    loss = net(torch.ones(2, 3)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"{epoch},\\t{loss.item():.6f}", loss, end=" | ")
print()
for parameter in net.parameters():
    print(parameter, parameter.grad)
print(__name__, sys.argv[0] == __file__, len(sys.argv))
sys.stdout.write("no newline at the end, and \\u4e2d\\u6587 \\u2713")
""",
    "no grad, data and detach": """
import torch
x = torch.rand(2, 2, requires_grad=True)
for epoch in range(5):
    y = x ** 2 + 2 * x + 1
    y.backward(torch.ones_like(x))
    print("grad", x.grad.data)
    x.data = x.data - 0.1 * x.grad.data
    x.grad.data.zero_()
print(x.data, x.detach(), x.grad_fn, y.grad_fn.name())
x.resize_(3, 3) if not x.requires_grad else print("leaf")
z = torch.zeros(3)
z.resize_(5)
print(z[:3])
""",
    "raises": """
import torch
print("before")
h = torch.ones(2, requires_grad=True).sum()
h.backward()
h2 = (h * 2)
print(h2)
F.relu(h2)
""",
    "many threads of control": """
from contextlib import suppress
class Line:
    "A docstring."
    slope = 2
    def __init__(self, at): self.__at = at
    def __call__(self): return self.__at * self.slope
for n in range(3):
    if n == 1:
        continue
    with suppress(ValueError):
        try:
            print(n, Line(n)())
            raise ValueError
        finally:
            print("finally")
else:
    print("else")
match n:
    case 2: print("two"); print("at once")
print([k for k in sorted(globals()) if not k.startswith("__")])
print(sorted(locals()) == sorted(globals()), dir()[-1])
""",
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> dict[str, tuple[Path, str, int]]:
    """By name of a script: its path, what it prints under Python, and its exit status."""
    folder = tmp_path_factory.mktemp("scripts")
    paths = [folder / f"{number}.py" for number in range(len(FAITHFUL))]
    for path, source in zip(paths, FAITHFUL.values(), strict=True):
        path.write_text(source)
    runs = zip(FAITHFUL, paths, under_python(paths), strict=True)
    return {name: (path, text, status) for name, path, (text, status) in runs}


@pytest.mark.parametrize("name", FAITHFUL)
def test_a_script_prints_what_it_prints_under_python(tutor, printed, name):
    path, text, status = printed[name]
    ours = tutor("run", path, "--json")
    assert "".join(row.get("out", "") for row in rows(ours)) == text != ""
    assert ours.returncode == status == (name == "raises")
    table = tutor("run", path).stdout
    assert table.endswith(text.encode())


def test_a_breakpoint_is_named_once_and_passed(script):
    found = shell("run", script("for i in range(3):\n    breakpoint()\nprint('end')\n"))
    assert found.returncode == 0
    assert found.stdout.endswith(b"end\n")
    assert found.stderr.count(b"breakpoint()") == 1
    assert b".py:2: breakpoint() goes on here" in found.stderr
