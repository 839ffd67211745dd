"""`tutor audit`, as other programs call it."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from shell import shell

RIGHT = """\
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
u = torch.tensor([1.0])
for i in range(2):
    loss = (w ** 2 * u).sum()
    loss.backward()
"""

WRONG = """\
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
y = w * 3
y.data *= 2
(y ** 2).sum().backward()
"""

CANNOT = """\
import torch
w = torch.ones(2, requires_grad=True)
torch.nn.functional.gumbel_softmax(w)[0].backward()
"""


@pytest.fixture
def audit(tutor, script):
    def run(source: str, *arguments) -> CompletedProcess[bytes]:
        return tutor("audit", script(source), *arguments)

    return run


def refusal(found: CompletedProcess[bytes]) -> str:
    """Return the line on stderr of a command that was refused."""
    assert found.returncode == 2, found
    assert found.stdout == b""
    [line] = found.stderr.decode().splitlines()
    assert line.startswith("tutor: ")
    return line


def test_exit_status_is_0_if_all_gradients_agree(audit):
    found = audit(RIGHT)
    assert found.returncode == 0, found
    lines = found.stdout.decode().splitlines()
    assert lines[0] == "step 5, line 6: 1 gradient"
    assert [line.split()[0] for line in lines[3:]] == ["w[0]", "w[1]"]
    assert all(line.endswith("agrees") for line in lines[3:])


def test_exit_status_is_1_if_a_gradient_disagrees(audit):
    found = audit(WRONG)
    assert found.returncode == 1
    assert found.stdout.decode().count("DISAGREES") == 2


def test_json_is_one_object_for_each_parameter_and_a_last_one(script):
    found = shell("audit", script(WRONG), "--json")
    assert found.returncode == 1
    w, done = map(json.loads, found.stdout.splitlines())
    assert (w["name"], w["step"], w["line"], w["shape"]) == ("w", 5, 5, [2])
    assert [row["index"] for row in w["rows"]] == [[0], [1]]
    assert [row["autograd"] for row in w["rows"]] == [36.0, 72.0]
    assert [row["difference"] for row in w["rows"]] == pytest.approx([72.0, 144.0])
    assert (w["agrees"], w["problem"]) == (False, None)
    assert done == {"done": True, "agrees": False}


def test_at_audits_the_last_backward_pass_up_to_that_step(audit):
    found = audit(RIGHT, "--at", 7, "--json")
    row, _ = map(json.loads, found.stdout.splitlines())
    assert row["step"] == 7
    # The second pass's own gradient, not the sum that `.grad` holds after it.
    assert [one["autograd"] for one in row["rows"]] == [2.0, 4.0]
    assert any("earlier gradient" in remark for remark in row["remarks"])


@pytest.mark.parametrize(
    ("source", "arguments", "words"),
    [
        (RIGHT, ["--at", "99"], "the run has only 7 steps"),
        (RIGHT, ["--at", "2"], "no backward pass up to there; the first is step 5"),
        (RIGHT, ["--of", "u"], "--of u: "),
        (RIGHT, ["--of", "nothing"], "--of nothing: "),
        ("x = 1\n", [], "nothing to audit"),
        (CANNOT, ["--of", "w"], "random numbers"),
        (CANNOT, [], "random numbers"),
    ],
)
def test_an_audit_that_is_impossible_is_refused_in_one_line(audit, source, arguments, words):
    assert words in refusal(audit(source, *arguments))


def test_complex_numbers_are_refused(audit):
    source = (
        "import torch\nz = torch.tensor([1 + 2j], requires_grad=True)\n"
        "(z * z.conj()).real.sum().backward()\n"
    )
    assert "complex" in refusal(audit(source))


def test_a_backward_pass_that_raised_is_not_audited(audit):
    source = (
        "import torch\nw = torch.ones(1, requires_grad=True)\n"
        "try:\n    w.detach().sum().backward()\nexcept RuntimeError:\n    pass\n"
        "(w * 3).sum().backward()\n"
    )
    found = audit(source)
    assert found.returncode == 0
    assert b"w[0]" in found.stdout


def test_a_script_that_raises_before_its_backward_pass_prints_its_traceback(audit):
    found = audit("import torch\nraise ValueError('so')\n")
    assert found.returncode == 1
    assert found.stderr.decode().splitlines()[-1] == "ValueError: so"


def test_a_script_that_raises_after_its_backward_pass_is_audited(audit):
    found = audit(RIGHT + "raise ValueError('so')\n")
    assert found.returncode == 0
    assert b"agrees" in found.stdout


def test_a_lesson_whose_closed_form_agrees_passes(tutor):
    lesson = Path(__file__).parents[2] / "lessons/3_autograd/20_per_sample.py"
    found = tutor("audit", lesson, "--json")
    assert found.returncode == 0, found
    assert json.loads(found.stdout.splitlines()[-1])["agrees"]
