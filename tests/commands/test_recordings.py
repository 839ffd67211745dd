"""`tutor run --save`, and the commands that read a recording."""

import csv
import json
import signal
import subprocess
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from shell import TUTOR

from tutor.cli import main
from tutor.history.recording.tree import RecordedRun, Recording, open_, save
from tutor.session.launch import edit
from tutor.wire.messages import Edit, Started

DESCENT = """\
import sys
import torch

lr = 0.25
x = torch.tensor([5.0], requires_grad=True)
big = torch.arange(5000.0)

for i in range(4):
    y = (x - 2) ** 2
    y.backward()
    x.data = x.data - lr * x.grad
    x.grad.zero_()
    big += i
    print(i, "went")
print("warned", file=sys.stderr)
"""

BY_HAND = """\
lr = 0.25
x = 5.0
for i in range(4):
    y = (x - 2) ** 2
    x = x - lr * 2 * (x - 2)
"""


def here(*arguments):
    """Run a command that needs no engine in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def descent(tutor, tmp_path_factory) -> Path:
    """A folder with the script `DESCENT`, the output of its run, and its recording."""
    folder = tmp_path_factory.mktemp("descent")
    (folder / "script.py").write_text(DESCENT)
    run = ["run", folder / "script.py", "--json", "--show", "x.item()", "--show", "lr"]
    found = tutor(*run, "--save", folder / "run.tutor")
    assert found.returncode == 0
    (folder / "out").write_bytes(found.stdout)
    (folder / "err").write_bytes(found.stderr)
    return folder


def test_a_recording_prints_what_the_run_printed(tutor, descent):
    found = tutor("run", "--json", descent / "run.tutor")
    assert found.returncode == 0
    assert found.stdout == (descent / "out").read_bytes()
    assert found.stderr == (descent / "err").read_bytes() == b"warned\n"
    plain = tutor("run", descent / "script.py", "--show", "x.item()", "--show", "lr")
    assert tutor("run", descent / "run.tutor").stdout == plain.stdout


def test_saving_does_not_change_the_output(tutor, script, tmp_path):
    path = script(DESCENT)
    plain = tutor("run", path, "--json", "--stop", 6)
    kept = tutor("run", path, "--json", "--stop", 6, "--save", tmp_path / "run.tutor")
    assert (plain.stdout, plain.stderr) == (kept.stdout, kept.stderr)
    again = tutor("run", tmp_path / "run.tutor", "--json")
    assert again.stdout == plain.stdout and len(again.stdout.splitlines()) == 7


def test_show_and_stop_select_from_a_recording(descent):
    found = here("run", descent / "run.tutor", "--json", "--show", "lr", "--stop", "5")
    *steps, done = [json.loads(line) for line in found.output.splitlines()]
    assert [step["show"] for step in steps[3:]] == [{"lr": 0.25}, {"lr": 0.25}]
    assert done["steps"] == 5
    missing = here("run", descent / "run.tutor", "--show", "x.item() ")
    assert missing.exit_code == 2
    assert "was not saved with it (it has x.item(), lr)" in missing.output


@pytest.mark.parametrize(
    "option",
    [["--set", "lr=1"], ["--edit", "3:lr=1"], ["--seed", "446"], ["--device", "cpu"],
     ["--operations"], ["--save", "other.tutor"]],
)  # fmt: skip
def test_options_that_change_a_run_are_refused_for_a_recording(descent, option):
    found = here("run", descent / "run.tutor", *option)
    assert found.exit_code == 2
    assert found.output == f"tutor: {option[0]}: {descent / 'run.tutor'} is a recording, and what "\
        "it did is done\n"  # fmt: skip


def test_a_run_that_raised_is_saved_with_its_traceback(tutor, script, tmp_path):
    path = script("x = 1.5\nprint('so far')\nraise ValueError('no')\n")
    found = tutor("run", path, "--save", tmp_path / "run.tutor")
    again = tutor("run", tmp_path / "run.tutor")
    assert found.returncode == again.returncode == 1
    assert (found.stdout, found.stderr) == (again.stdout, again.stderr)
    assert b"ValueError: no" in again.stderr


def test_an_interrupted_run_is_saved(tutor, script, tmp_path):
    path = script("x = 0\nwhile True:\n    x += 1\n")
    command = [*TUTOR, "run", str(path), "--json", "--save", str(tmp_path / "run.tutor")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    printed = [process.stdout.readline() for _ in range(200)]
    process.send_signal(signal.SIGINT)
    printed += process.stdout.readlines()
    again = tutor("run", "--json", tmp_path / "run.tutor")
    assert process.wait() == again.returncode == 130
    assert again.stdout == b"".join(printed)


def test_a_refused_run_does_not_overwrite_an_earlier_recording(tutor, descent):
    before = (descent / "run.tutor").read_bytes()
    run = ["run", descent / "script.py", "--save", descent / "run.tutor"]
    found = tutor(*run, "--device", "warp")
    assert found.returncode == 2 and b"warp" in found.stderr
    assert (descent / "run.tutor").read_bytes() == before


def test_save_refuses_to_overwrite_the_script(tutor, script, tmp_path):
    path = script(DESCENT)
    found = tutor("run", path, "--save", path)
    assert found.returncode == 2 and path.read_text() == DESCENT
    assert found.stderr.decode().endswith("so it is not written over: save under another name\n")
    missing = tutor("run", path, "--save", tmp_path / "no" / "run.tutor")
    assert missing.returncode == 2 and missing.stderr.count(b"\n") == 1
    both = tutor("run", path, "--json", "--operations", "--save", tmp_path / "run.tutor")
    assert both.returncode == 2 and b"a recording does not keep them" in both.stderr


@pytest.mark.parametrize("command", ["run", "export --csv", "diff"])
def test_a_bad_recording_is_refused_in_one_line(descent, tmp_path, command):
    damaged = tmp_path / "damaged.tutor"
    damaged.write_bytes((descent / "run.tutor").read_bytes()[:-9])
    (tmp_path / "text.tutor").write_text("x = 1\n")
    for name, words in [
        ("missing.tutor", "no such file"),
        ("text.tutor", "is no recording"),
        ("damaged.tutor", "cut off, its end is missing"),
        (f"{descent / 'run.tutor'}@b", "has no branch 'b': it has main"),
    ]:
        targets = [tmp_path / name] * (2 if command == "diff" else 1)
        found = here(*command.split(), *targets)
        assert found.exit_code == 2
        assert words in found.output and found.output.count("\n") == 1


# Branches


@pytest.fixture
def branched(drive, tmp_path) -> Path:
    """A recording of a run and its branch, as the screen saves it."""
    parent = drive(DESCENT, exact=True)
    recorded = parent.to_the_end()
    change = Edit(10, "lr", 0.5)
    child = drive(DESCENT, edits=(change,), exact=True).to_the_end()
    runs = []
    for made, launch in ((recorded, parent.run.job.launch), (child, None)):
        started = next(event for event in made.events if isinstance(event, Started))
        run = RecordedRun("main", launch, made.timeline, environment=started.environment)
        run.ended = made.ended
        runs.append(run)
    main_run, branch = runs
    branch.name, branch.parent, branch.step = "lr = 0.5", main_run, 10
    branch.launch = msgspec.structs.replace(main_run.launch, edits=(change,))
    save(tmp_path / "run.tutor", Recording(runs, 1, 12))
    return tmp_path / "run.tutor"


def test_a_branch_is_selected_by_its_name_after_an_at_sign(tutor, branched):
    edited = tutor("run", branched.with_name("script.py"), "--edit", "10:lr=0.5", "--json")
    found = here("run", "--json", f"{branched}@lr = 0.5")
    ours = [json.loads(line) for line in found.stdout.splitlines()]
    theirs = [json.loads(line) for line in edited.stdout.splitlines()]
    assert ours == theirs
    parted = here("diff", branched, f"{branched}@lr = 0.5")
    assert parted.exit_code == 1
    assert "they part at step 10 " in parted.output and "lr 0.25 | 0.5" in parted.output
    assert here("diff", f"{branched}@main", branched).exit_code == 0


def test_a_branch_opens_on_the_screen_as_it_was(branched):
    opened = open_(branched)
    child = opened.runs[1]
    assert (opened.shown, opened.cursor, child.parent) == (1, 12, opened.runs[0])
    assert child.timeline.edited == {10: frozenset({"lr"})}
    assert child.ended.outcome == "finished"


# Diff and export


def test_twin_scripts_are_compared_by_iteration(tutor, descent, script, tmp_path):
    tutor("run", script(BY_HAND), "--save", tmp_path / "hand.tutor")
    found = here("diff", tmp_path / "hand.tutor", descent / "run.tutor")
    assert found.exit_code == 0
    assert found.output == "they are the same in lr, x, i, y after every iteration, 4 in all\n"
    fields = json.loads(
        here("diff", tmp_path / "hand.tutor", descent / "run.tutor", "--json").output
    )
    assert fields["same"] and fields["step"] is None


def test_csv_has_a_row_for_each_step_and_a_column_for_each_number(descent, tmp_path):
    out = tmp_path / "run.csv"
    assert here("export", descent / "run.tutor", "--csv", "-o", out).output == ""
    rows = list(csv.DictReader(out.open(newline="")))
    assert list(rows[0]) == ["step", "line", "iteration", "phase", "loss", "lr", "x", "i", "y",
                             "x.grad"]  # fmt: skip
    backward = next(row for row in rows if row["phase"] == "backward" and row["iteration"] == "2")
    assert [backward[name] for name in ("line", "loss", "x", "y", "x.grad")] == [
        "10", "0.5625", "2.75", "0.5625", "1.5"]  # fmt: skip
    assert rows[0]["x"] == "" and len(rows) == len((descent / "out").read_bytes().splitlines()) - 1
    assert here("export", descent / "run.tutor", "--csv").stdout == out.read_text()
    assert here("export", descent / "run.tutor").exit_code == 2


def test_csv_writes_nan_and_prefixes_names_that_clash_with_its_own(tutor, script, tmp_path):
    path = script("step = float('nan')\nx = float('-inf')\nx = [1, 2]\nflag = 10**30\n")
    tutor("run", path, "--save", tmp_path / "run.tutor")
    lines = here("export", tmp_path / "run.tutor", "--csv").stdout.splitlines()
    assert lines == [
        "step,line,iteration,phase,loss,script.step,x,flag",
        "1,1,,data,,nan,,",
        "2,2,,data,,nan,-inf,",
        "3,3,,other,,nan,,",
        f"4,4,,data,,nan,,{10**30}",
    ]


def test_export_refuses_to_overwrite_the_recording(descent):
    before = (descent / "run.tutor").read_bytes()
    found = here("export", descent / "run.tutor", "--csv", "-o", descent / "run.tutor")
    assert found.exit_code == 2 and "is not written over" in found.output
    assert (descent / "run.tutor").read_bytes() == before


# Edits and memory


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("12:w=[0.5, 1.0]", Edit(12, "w", [0.5, 1.0])),
        ("3:w[0,1]=2", Edit(3, "w[0,1]", 2)),
        ("3:w[0:2]=[1, 2]", Edit(3, "w[0:2]", [1, 2])),
        ("3: model.0.weight = 1e-3", Edit(3, "model.0.weight", 1e-3)),
        ('3:optim.param_groups[0]["lr"]=0.5', Edit(3, 'optim.param_groups[0]["lr"]', 0.5)),
        ('3:d["a=b"]=-1', Edit(3, 'd["a=b"]', -1)),
    ],
)
def test_an_edit_names_any_place_of_a_value(text, wanted):
    assert edit(text) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("w=3", "want STEP:NAME=VALUE"),
        ("0:w=3", "want STEP:NAME=VALUE"),
        ("9" * 5000 + ":w=3", "want STEP:NAME=VALUE"),
        ("3:w", "want STEP:NAME=VALUE"),
        ("3:2w=3", "want a name"),
        ("3:w[0=3", "no place of a value"),
        ("3:w[f()]=3", "numbers and colons only"),
        ("3:w.=3", "no place of a value"),
        ("3:w=lr", "no number and no list of numbers"),
        ("3:w='x'", "no number and no list of numbers"),
    ],
)
def test_a_malformed_edit_is_refused_in_one_line(text, words):
    found = here("run", "descend", "--edit", text)
    assert found.exit_code == 2
    assert words in found.output and found.output.count("\n") == 1


def test_edits_of_elements_reach_the_run(tutor, script):
    path = script(
        "import torch\nw = torch.zeros(2, 2)\nmodel = torch.nn.Sequential(torch.nn.Linear(1, 1))\n"
        "optim = torch.optim.SGD(model.parameters(), lr=0.1)\nv = w * 2\n"
        "b = model[0].bias * 1\nlr = optim.param_groups[0]['lr']\n"
    )
    edits = ["4:w[0, 1]=3", "4:w[1:2]=[5, 6]", "4:model.0.bias=7",
             '4:optim.param_groups[0]["lr"]=0.5']  # fmt: skip
    found = tutor("run", path, "--json", *(word for one in edits for word in ("--edit", one)))
    steps = [json.loads(line) for line in found.stdout.splitlines()]
    changed = {name: value for step in steps[4:-1] for name, value in step["changed"].items()}
    assert (changed["v"], changed["b"], changed["lr"]) == ([[0, 6], [10, 12]], [7], 0.5)


@pytest.mark.parametrize("text", ["lots", "", "3M", "1.5G", "-256M", "256MB2", "0"])
def test_a_malformed_memory_size_is_refused_in_one_line(text):
    for command in (["--memory", text], ["open", "descend", "--memory", text]):
        found = here(*command)
        assert found.exit_code == 2
        assert f"--memory {text}: want" in found.output and found.output.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "size"),
    [
        (["--memory", "1g"], 2**30),
        (["open", "descend", "--memory", "16M"], 2**24),
        (["--memory", "32M", "open", "descend"], 2**25),
        ([], 2**28),
        (["open", "descend", "--memory", "32768k"], 2**25),
    ],
)
def test_the_memory_size_reaches_the_screen(monkeypatch, command, size):
    asked = []
    monkeypatch.setattr("tutor.ui.start.show", lambda *given: asked.append(given[2].memory))
    here(*command)
    assert asked == [size]


def test_a_recording_of_an_earlier_version_prints_what_it_did_then(tutor):
    recording = Path(__file__).parents[1] / "history" / "recording_0_1_0.tutor"
    found = tutor("run", recording, "--json")
    assert found.returncode == 0
    assert found.stdout.decode() == recording.with_suffix(".jsonl").read_text()
