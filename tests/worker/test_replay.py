"""Replays and branches repeat a run to the last bit."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from driver import Driver, Recording

from tutor.course.catalog import find
from tutor.engine.client import Engine
from tutor.history import replay_check
from tutor.schema.frame import Frame
from tutor.script.lesson import read
from tutor.session.launch import prepare
from tutor.session.request import Request
from tutor.wire.messages import (
    Digested,
    Edit,
    Edited,
    Ended,
    Fetch,
    Fetched,
    Job,
    Launch,
    Printed,
    Started,
)

MOMENTUM = """
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
lr = 0.1
optimizer = torch.optim.SGD([w], lr=lr, momentum=0.9)
for epoch in range(40):
    loss = ((w - 3) ** 2).sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print(epoch)
"""

LESSONS = [pytest.param(entry.path, id=entry.id) for entry in find()]


def launch_of(path: Path) -> Launch:
    # Exact: otherwise it depends on timing which large values are captured.
    return prepare(read(path), str(path), Request(), None, exact=True)


def digests(recording: Recording) -> list[Digested]:
    return [event for event in recording.events if isinstance(event, Digested)]


def resumed(recording: Recording, step: int, *edits: Edit) -> dict[str, object]:
    """Return the fields of a launch that continues a run from a recorded step."""
    return {"begin": step - 1, "past": recording.timeline.past(step), "edits": edits}


CLOSELY = ("three_points", "two_layer_small", "backward_twice")
"""Lessons that are continued from several steps; the others from one."""


@pytest.mark.parametrize("path", LESSONS)
def test_every_lesson_is_replayed_exactly_and_continues_from_any_step(
    engine: Engine, path: Path
) -> None:
    launch = launch_of(path)
    first = Driver(engine, Job(launch)).to_the_end()
    last = len(first.timeline)
    assert len(digests(first)) == last // 50
    assert first.timeline.divergence is None
    steps = {2, last // 3, last - 2} if read(path).slug in CLOSELY else set()
    for step in steps | {last // 2}:
        past = first.timeline.past(step)
        again = Driver(engine, Job(launch, begin=step - 1, past=past))
        replay = again.to_the_end()
        # Those of counted steps too.
        assert digests(replay) == digests(first)
        frames = replay.frames
        assert frames[0].step == step
        assert replay_check.differing(first.timeline, frames[0]) == []
        assert comparable(frames[1:]) == comparable(first.frames[step:])


def comparable(frames: list[Frame]) -> list[str]:
    """Return frames as text: the statistics of a meta tensor are NaN, which equals nothing."""
    return [json.dumps(msgspec.to_builtins(frame), sort_keys=True) for frame in frames]


def test_a_branch_is_the_run_with_the_same_edits(record: Callable[..., Recording]) -> None:
    base = record(MOMENTUM)
    edits = (
        Edit(81, 'optimizer.param_groups[0]["lr"]', 0.01),
        Edit(81, "w[0]", 5.0),
        Edit(83, "", None, "w.data[1] *= 2"),
    )
    whole, branch = record(MOMENTUM, edits=edits), record(MOMENTUM, **resumed(base, 81, *edits))
    assert branch.frames[1:] == whole.frames[81:]
    assert whole.frames[:81] == base.frames[:81]
    assert whole.frames[82:] != base.frames[82:]
    assert digests(branch) == digests(whole)
    edited = [event for event in branch.events if isinstance(event, Edited)]
    assert edited == [event for event in whole.events if isinstance(event, Edited)]
    assert [list(event.changed) for event in edited] == [["w"], ["w"]]


def test_digests_of_two_runs_differ_at_the_next_fiftieth_step(
    record: Callable[..., Recording],
) -> None:
    base = record(MOMENTUM)
    other = record(MOMENTUM, edits=(Edit(60, 'optimizer.param_groups[0]["lr"]', 0.1001),))
    assert [one.step for one in digests(base)] == [50, 100, 150, 200]
    same = [one == two for one, two in zip(digests(base), digests(other), strict=True)]
    assert same == [True, False, False, False]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("optimizer.state[w]['momentum_buffer'][0] += 1", "an optimizer's state"),
        ("torch.rand(1)", "the generator"),
        ("w.grad = torch.ones(2)", "a gradient"),
        ("z = torch.arange(6.0).view(2, 3).t()", "a transposed tensor"),
        ("z = torch.zeros(3, dtype=torch.bfloat16)", "an unusual dtype"),
        ("import numpy as np; z = np.ones(3)", "an array"),
        ("model = torch.nn.BatchNorm1d(2)", "a module"),
        ("flag = True", "a truth value"),
    ],
)
def test_a_digest_covers(record: Callable[..., Recording], change: str, why: str) -> None:
    plain, changed = record(MOMENTUM), record(MOMENTUM, edits=(Edit(49, "", None, change),))
    assert digests(plain)[0] != digests(changed)[0], why


@pytest.mark.parametrize(
    ("line", "blamed"),
    [
        ("t = time.perf_counter()", r"line 3 reads the clock \(time.perf_counter\(\)\)"),
        ("t = torch.rand(1, generator=fresh())", r"line 2 draws from a source without a seed"),
        ("t = float(open('figures.txt').read())", r"line 3 reads a file \(open\('figures.txt'\)\)"),
    ],
)
def test_the_cause_of_an_inexact_replay_is_named(
    drive: Callable[..., Driver],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    blamed: str,
) -> None:
    fresh = "def fresh(): g = torch.Generator(); g.seed(); return g"
    script = f"import time, torch\n{fresh}\n{line}\nfor i in range(60): x = i\n"
    script = script.replace("figures.txt", str(tmp_path / "figures.txt"))
    blamed = blamed.replace("figures.txt", str(tmp_path / "figures.txt"))
    (tmp_path / "figures.txt").write_text("1.5")
    first = drive(script).to_the_end()
    (tmp_path / "figures.txt").write_text("2.5")
    for event in drive(script, begin=55).to_the_end().events:
        if isinstance(event, Frame | Digested):
            replay_check.check(first.timeline, event, script)
    assert first.timeline.divergence is not None
    assert first.timeline.divergence.step == 50
    first.timeline.divergence = None
    for event in drive(script, begin=1).to_the_end().events:
        if isinstance(event, Frame | Digested):
            replay_check.check(first.timeline, event, script)
    divergence = first.timeline.divergence
    assert divergence is not None
    assert divergence.step == 3
    assert divergence.reason.startswith("t came out otherwise in line 3")
    assert re.search(blamed, divergence.reason), divergence.reason


def test_a_replay_does_not_repeat_recorded_output(
    record: Callable[..., Recording],
) -> None:
    base = record(MOMENTUM)
    again = record(MOMENTUM, **resumed(base, 204))
    assert next(event for event in again.events if isinstance(event, Printed)).step >= 204
    assert again.text() == "39\n"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Edit(3, "nobody", 1), "no 'nobody' to edit here"),
        (Edit(3, "", None, "w.fill_(nobody)"), "NameError: name 'nobody' is not defined"),
        (Edit(3, "", None, "exit()"), "SystemExit"),
        (Edit(3, "w[7]", 1.0), "does not fit 'w\\[7\\]'"),
        (Edit(3, "torch.rand", 1.0), "is a builtin_function_or_method"),
    ],
)
def test_an_edit_that_cannot_be_made_ends_the_branch_with_one_line(
    record: Callable[..., Recording], edit: Edit, reason: str
) -> None:
    ended = record(MOMENTUM, edits=(edit,)).ended
    assert ended.outcome == "refused"
    assert re.search(reason, ended.message)
    assert "\n" not in ended.message


@pytest.mark.parametrize("operations", [None, 0])
def test_a_replayed_backward_pass_is_not_part_of_the_first_recorded_step(
    record: Callable[..., Recording], operations: int | None
) -> None:
    base = record(MOMENTUM)
    ran = [frame.step for frame in base.frames if frame.phase == "backward"]
    past = base.timeline.past(ran[3] + 2)
    again = record(MOMENTUM, begin=ran[3] + 1, past=past, operations=operations)
    assert [frame.step for frame in again.frames if frame.phase == "backward"] == ran[4:]
    assert [frame.step for frame in again.frames if frame.root] == ran[4:]


@pytest.mark.parametrize("begin", [1, 2, 3])
def test_a_backward_pass_of_an_edit_belongs_to_the_next_step_in_a_replay_too(
    record: Callable[..., Recording], begin: int
) -> None:
    script = "import torch\nw = torch.ones(1, requires_grad=True)\nx = 1\ny = 2\n"
    edits = (Edit(3, "", None, "(w * 2).backward()"),)
    whole = record(script, edits=edits)
    assert [frame.phase for frame in whole.frames] == ["other", "data", "data", "backward"]
    assert record(script, begin=begin, edits=edits).frames[-1].phase == "backward"


def test_slices_of_a_large_value_are_fetched_where_a_replay_waits(
    drive: Callable[..., Driver],
) -> None:
    script = """
    import torch
    big = torch.arange(200 * 300.0).view(200, 300)
    for i in range(4):
        big = big + 1
    """
    driver = drive(script, begin=3)
    driver.step_to(4)
    driver.run.ask(Fetch("big", "[3:5, :]", (0, 9), (10, 12)))
    found = driver.until(lambda event: isinstance(event, Fetched))
    assert isinstance(found, Fetched)
    assert found.shape == (2, 300)
    assert found.part is not None
    assert found.part.shape == (2, 2)
    values = np.frombuffer(found.part.data or b"", "<f4").reshape(2, 2)
    base = np.arange(200 * 300.0).reshape(200, 300) + 2
    assert values.tolist() == base[3:5, 10:12].tolist()


def test_a_worker_that_is_killed_in_a_replay_says_so(drive: Callable[..., Driver]) -> None:
    driver = drive("x = 0\nwhile True: x = x + 1\n", begin=10**9)
    started = driver.until(lambda event: isinstance(event, Started))
    driver.run.go(10**9 + 1)
    assert isinstance(started, Started)
    os.kill(started.pid, signal.SIGKILL)
    ended = driver.until(lambda event: isinstance(event, Ended))
    assert isinstance(ended, Ended)
    assert ended.outcome == "died"
    assert "SIGKILL" in ended.message


@pytest.mark.parametrize(
    "line",
    [
        "x = 10 ** 5000",
        "x = type('O', (torch.optim.Optimizer,), {'__init__': lambda self: None})()",
        "x = float('nan')",
        "x = torch.nn.LazyLinear(3)",
    ],
)
def test_a_digest_never_disturbs_the_script(record: Callable[..., Recording], line: str) -> None:
    found = record(f"import torch\n{line}\nfor i in range(60): y = i\n")
    assert found.ended.outcome == "finished"
    assert len(digests(found)) == 1


def test_a_large_value_with_a_nan_is_replayed_exactly(
    record: Callable[..., Recording], drive: Callable[..., Driver]
) -> None:
    script = "import torch\nw = torch.ones(5000)\nw[0] = float('nan')\nx = 1\n"
    first = record(script, exact=True)
    for event in drive(script, begin=2, exact=True).to_the_end().events:
        if isinstance(event, Frame | Digested):
            assert replay_check.check(first.timeline, event, script)
