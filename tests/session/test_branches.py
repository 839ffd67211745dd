"""Branches over the real engine: whatever is done, each run is the run with its edits."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from time import monotonic

import pytest
from driver import Driver
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tutor.engine.client import Engine
from tutor.history.budget import Budget
from tutor.history.timeline import Timeline
from tutor.session.archive import recorded
from tutor.session.branch import Branch
from tutor.session.branches import Branches
from tutor.session.session import Activity
from tutor.wire.messages import Edit, Job, Launch

SCRIPT = """\
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
lr = 0.1
optimizer = torch.optim.SGD([w], lr=lr, momentum=0.9)
for epoch in range(12):
    noise = torch.rand(2)
    loss = ((w - 3 + noise) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
total = loss.item() + lr
"""
LAUNCH = Launch("script.py", SCRIPT)
STEPS = 4 + 12 * 6 + 1

CHANGES = (
    lambda step, number: Edit(step, "lr", number),
    lambda step, number: Edit(step, "w[0]", number),
    lambda step, number: Edit(step, 'optimizer.param_groups[0]["lr"]', number),
    lambda step, number: Edit(step, "", None, f"w.data[1] = {number}"),
    lambda step, number: Edit(step, "", None, "torch.rand(1)"),
)

_ENGINE = Engine(eager=True)


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    _ENGINE.start()
    yield
    _ENGINE.close()


@lru_cache(maxsize=256)
def rerun(edits: tuple[Edit, ...]) -> Timeline:
    """The run with these edits, recorded from its first step."""
    launch = Launch(LAUNCH.path, LAUNCH.source, edits=edits)
    driver = Driver(_ENGINE, Job(launch))
    found = driver.to_the_end().timeline
    driver.run.close()
    return found


class Screen:
    """What a lesson screen does for its branches, without a screen."""

    def __init__(self, launch: Launch = LAUNCH, budget: Budget | None = None) -> None:
        self.news = threading.Event()
        main = self._make("main", "a", launch, Timeline((), budget))
        self.branches = Branches(main, self._make)
        self.settle()

    def _make(
        self, name: str, mark: str, launch: Launch, timeline: Timeline, *forked: object
    ) -> Branch:
        return Branch(name, mark, _ENGINE, launch, timeline, self._report, self._later, *forked)

    def _report(self, branch: Branch) -> None:
        self.news.set()

    def _later(self, seconds: float, act: Callable[[], None]) -> object:
        raise AssertionError("nothing has to be restored here")

    def settle(self, *until: Activity) -> None:
        """Wait until the run that is shown waits, or has ended."""
        end = monotonic() + 30
        while True:
            session = self.branches.current.session
            session.drain()
            is_there = session.activity in (until or (Activity.WAITING, Activity.ENDED))
            if is_there and session.worker.settled:
                return
            assert monotonic() < end, session.activity
            self.news.wait(0.05)
            self.news.clear()

    def fork(self, edit: Edit) -> Branch:
        launch = self.branches.current.session.launch
        launch = Launch(launch.path, launch.source, edits=(*launch.edits, edit))
        parent = self.branches.current
        branch = self.branches.fork(parent, parent.session.cursor, str(edit), launch)
        self.settle()
        return branch


class Tree(RuleBasedStateMachine):
    """Steps, jumps, forks, switches and drops; the model is a list of re-runs."""

    @initialize()
    def open(self) -> None:
        self.screen = Screen()

    @property
    def branches(self) -> Branches:
        return self.screen.branches

    @property
    def session(self):  # type: ignore[no-untyped-def]
        return self.branches.current.session

    @rule(count=st.integers(1, 9))
    def step(self, count: int) -> None:
        for _ in range(count):
            self.session.step()
            self.screen.settle()

    @rule(count=st.integers(1, 5))
    def back(self, count: int) -> None:
        for _ in range(count):
            self.session.back()

    @rule(step=st.integers(1, STEPS))
    def jump(self, step: int) -> None:
        self.session.go_to_step(step)
        self.screen.settle()

    @rule()
    def run_on(self) -> None:
        self.session.run_to_end()
        self.screen.settle()

    @precondition(lambda self: len(self.branches) < 6 and self.session.cursor > 3)
    @rule(change=st.sampled_from(CHANGES), number=st.sampled_from((0.1, 0.25, -3.5)))
    def edit(self, change: Callable[[int, float], Edit], number: float) -> None:
        step = self.session.cursor
        branch = self.screen.fork(change(step, number))
        assert branch.failure == ""
        assert branch.session.cursor == branch.session.tip == step

    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        self.branches.switch(data.draw(st.sampled_from(self.branches.all)))
        self.screen.settle()

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        branch = data.draw(st.sampled_from(self.branches.all))
        may = branch.parent is not None and not self.branches.forks(branch)
        assert (self.branches.drop(branch) == "") == may
        assert (branch in self.branches.all) != may

    @invariant()
    def every_run_is_the_run_with_its_edits(self) -> None:
        for branch in self.branches.all:
            timeline, model = branch.timeline, rerun(branch.session.launch.edits)
            assert len(timeline) <= len(model)
            assert branch.session.cursor <= len(timeline)
            assert timeline.divergence is None
            for step in {1, branch.step, branch.step + 1, len(timeline) // 2, len(timeline)}:
                if 0 < step <= len(timeline):
                    assert state(timeline, step) == state(model, step)
            reached = {at: one for at, one in model.digests.items() if at <= len(timeline)}
            assert timeline.digests == reached

    def teardown(self) -> None:
        if hasattr(self, "screen"):
            self.branches.close()


def state(timeline: Timeline, step: int) -> tuple[object, ...]:
    """All that a learner can see at a step."""
    steps, losses = timeline.losses(step)
    values = {name: timeline.view(name, step) for name in timeline.values(step)}
    changed_at = {name: timeline.changed_at(name, step) for name in values}
    return timeline.frame(step), values, changed_at, list(steps), list(losses)


Tree.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestTree = Tree.TestCase


def test_output_is_shared_up_to_the_fork_and_then_its_own() -> None:
    screen = Screen()
    main = screen.branches.current
    main.session.run_to_end()
    screen.settle()
    main.session.go_to_step(20)
    branch = screen.fork(Edit(20, "w", [0.0, 0.0]))
    branch.session.run_to_end()
    screen.settle()

    def text(one: Branch, step: int) -> str:
        return b"".join(piece for _, piece in one.timeline.output(step)).decode()

    assert text(branch, 20) == text(main, 20) != ""
    assert text(branch, STEPS).startswith(text(main, 20))
    assert len(text(branch, STEPS).splitlines()) == 12
    assert text(branch, STEPS) != text(main, STEPS)
    screen.branches.close()


def test_a_killed_worker_loses_nothing_and_the_next_key_goes_on() -> None:
    screen = Screen()
    session = screen.branches.current.session
    session.go_to_step(30)
    screen.settle()
    assert session.worker.started is not None
    os.kill(session.worker.started.pid, signal.SIGKILL)
    screen.settle(Activity.ENDED)
    assert session.ended is not None
    assert "SIGKILL" in session.ended.message
    assert session.tip == 30
    session.run_to_end()
    screen.settle()
    assert session.ended is not None
    assert session.ended.outcome == "finished"
    assert state(session.timeline, STEPS) == state(rerun(()), STEPS)
    screen.branches.close()


def test_a_worker_killed_while_it_replays_to_a_fork_leaves_the_parent_as_it_was() -> None:
    screen = Screen()
    branches = screen.branches
    branches.current.session.run_to_end()
    screen.settle()
    branches.current.session.go_to_step(40)
    launch = Launch(LAUNCH.path, LAUNCH.source, edits=(Edit(40, "lr", 1.0),))
    branch = branches.fork(branches.current, 40, "lr = 1.0", launch)
    started = branch.session.worker
    while started.started is None and not branch.failure:
        branch.session.drain()
    os.kill(started.started.pid, signal.SIGKILL) if started.started else None
    screen.settle(Activity.ENDED, Activity.WAITING)
    if branch.failure:  # killed before it came to the fork
        assert "SIGKILL" in branch.failure
        assert branches.drop(branch) == ""
        assert branches.current.session.tip == STEPS
        screen.fork(Edit(40, "lr", 1.0))
    else:
        branch.session.step()
        screen.settle()
    assert branches.current.timeline.view("lr", 40) == rerun(launch.edits).view("lr", 40)
    branches.close()


def test_an_edit_that_cannot_be_made_forks_nothing() -> None:
    screen = Screen()
    screen.branches.current.session.go_to_step(10)
    screen.settle()
    branch = screen.fork(Edit(10, "nobody", 1.0))
    assert "no 'nobody' to edit here" in branch.failure
    assert screen.branches.drop(branch) == ""
    assert screen.branches.current.session.cursor == 10
    screen.branches.close()


def test_dropped_runs_give_their_memory_back() -> None:
    screen = Screen()
    budget = screen.branches.current.timeline.budget
    screen.branches.current.session.go_to_step(40)
    screen.settle()
    before = budget.cost
    branch = screen.fork(Edit(40, "lr", 1.0))
    assert budget.cost > before
    screen.branches.drop(branch)
    assert budget.cost == before
    screen.branches.close()


def test_an_edit_that_restores_what_an_earlier_one_changed_at_the_same_step() -> None:
    screen = Screen()
    screen.branches.current.session.go_to_step(10)
    screen.settle()
    screen.fork(Edit(10, "lr", 0.5))
    branch = screen.fork(Edit(10, "lr", 0.1))
    assert branch.timeline.view("lr", 10) == screen.branches.all[0].timeline.view("lr", 10)
    branch.session.go_to_step(20)
    screen.settle()
    assert state(branch.timeline, 20) == state(rerun(branch.session.launch.edits), 20)
    screen.branches.close()


def test_a_branch_that_ran_is_kept_however_often_its_worker_dies() -> None:
    screen = Screen()
    screen.branches.current.session.go_to_step(10)
    screen.settle()
    branch = screen.fork(Edit(10, "lr", 0.5))
    session = branch.session
    session.go_to_step(40)
    screen.settle()
    for _ in range(2):
        # The second one dies while it still replays, or a step later.
        while session.worker.started is None:
            session.drain()
        os.kill(session.worker.started.pid, signal.SIGKILL)
        screen.settle(Activity.ENDED)
        assert branch.failure == ""
        assert session.tip >= 40
        # One step only: a worker that came to the script's end would be no one to kill.
        session.go_to_step(session.tip + 1)
    session.run_to_end()
    screen.settle()
    assert session.tip == STEPS
    assert state(branch.timeline, STEPS) == state(rerun(session.launch.edits), STEPS)
    screen.branches.close()


def test_what_a_statement_wrote_before_it_died_is_there_once(tmp_path: Path) -> None:
    goes_on = tmp_path / "goes on"
    source = f"""\
import os, time
def wait():
    while not os.path.exists({str(goes_on)!r}):
        time.sleep(0.001)
a = [print("once", flush=True), wait()]
b = 2
"""
    screen = Screen(Launch("script.py", source))
    session = screen.branches.current.session
    session.go_to_step(2)
    screen.settle()
    session.step()
    while not session.timeline.output(3):
        session.drain()
    assert session.worker.started is not None
    os.kill(session.worker.started.pid, signal.SIGKILL)
    screen.settle(Activity.ENDED)
    goes_on.touch()
    session.run_to_end()
    screen.settle(Activity.ENDED)
    assert session.tip == 4
    assert session.timeline.output(4) == [(1, b"once\n")]
    screen.branches.close()


def test_an_edit_after_the_step_in_which_a_script_raised_is_refused() -> None:
    source = "import torch\nw = torch.zeros(2)\nprint('a', w.add_(1), 1 / 0)\n"
    screen = Screen(Launch("script.py", source))
    session = screen.branches.current.session
    session.run_to_end()
    screen.settle()
    assert session.tip == 3  # what the statement did before it raised
    branch = screen.fork(Edit(3, "w", [7.0, 7.0]))
    assert "the script came to its end within it" in branch.failure
    screen.branches.close()


def test_a_copy_for_saving_leaves_the_learners_values_alone() -> None:
    source = "import torch\nfor i in range(60):\n    w = torch.full((3000,), float(i))\n"
    launch = Launch("script.py", source, exact=True)
    screen = Screen(launch, Budget(900_000))
    session = screen.branches.current.session
    session.run_to_end()
    screen.settle()
    assert not any(session.timeline.incomplete(step) for step in range(1, session.tip + 1))
    copies = [recorded(screen.branches) for _ in range(5)]
    assert not any(session.timeline.incomplete(step) for step in range(1, session.tip + 1))
    assert len(copies[0].runs[0].timeline) == session.tip
    screen.branches.close()
