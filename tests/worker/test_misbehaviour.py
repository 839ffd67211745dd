"""Scripts that misbehave: the recorded steps stay, and one clear line says what happened."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tutor.engine.client import Engine
from tutor.schema.values import plain
from tutor.wire.messages import FOREVER, Ended, Frame, Job, Launch, Waited
from tutor.wire.stream import TooLarge
from tutor.worker import endings

SCRIPTS = Path(__file__).parent.parent / "scripts"

ENDS = {
    "raises": ("raised", 5, "ZeroDivisionError: division by zero"),
    "raises_in_function": ("raised", 4, "ValueError: no such weight"),
    "raises_in_torch": ("raised", 4, "RuntimeError"),
    "exits": ("raised", 3, "sys.exit(4)"),
    "exits_well": ("finished", 3, "sys.exit()"),
    "aborts": ("died", 5, "SIGABRT"),
    "leaves": ("died", 5, "exit status 3"),
    "segfaults": ("died", 4, "SIGSEGV"),
    "asks_for_input": ("raised", 2, "no keyboard"),
    "allocates_too_much": ("raised", 4, "memory"),
    "recurses": ("raised", 2, "RecursionError"),
    "leaves_a_thread": ("finished", 0, "still running"),
    "closes_stdout": ("finished", 0, ""),
    "broken_syntax": ("raised", 2, "SyntaxError: '(' was never closed"),
}
"""By script: the outcome, the line, and the message."""


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_run_is_one_line_with_the_scripts_own_line_number(record, name):
    outcome, line, words = ENDS[name]
    source = (SCRIPTS / f"{name}.py").read_text()
    ended = record(source).ended
    assert (ended.outcome, ended.line) == (outcome, line)
    assert words in ended.message
    assert "\n" not in ended.message
    if outcome != "finished":
        assert f"script.py:{line}: " in ended.message
    assert "tutor/engine" not in ended.traceback
    assert "torch/" not in ended.traceback


@pytest.mark.parametrize("name", ["raises", "aborts", "leaves", "segfaults", "recurses"])
def test_all_steps_before_the_end_are_recorded(record, name):
    timeline = record((SCRIPTS / f"{name}.py").read_text()).timeline
    assert plain(timeline.at(len(timeline)).view("x")) is not None
    assert [timeline.frame(step).step for step in range(1, len(timeline) + 1)] == list(
        range(1, len(timeline) + 1)
    )


@pytest.mark.parametrize("name", ["aborts", "leaves"])
def test_a_worker_that_dies_loses_no_step_and_no_output(record, name):
    recording = record((SCRIPTS / f"{name}.py").read_text())
    assert plain(recording.timeline.at(len(recording.timeline)).view("x")) == 49
    assert recording.text() == "written just before"


def test_three_hundred_thousand_prints_arrive_and_the_last_megabyte_is_kept(record):
    recording = record(
        """
        for i in range(300_000):
            print("line", i)
        """
    )
    assert recording.ended.outcome == "finished"
    kept = b"".join(text for _, text in recording.timeline.output(300_000))
    assert kept.endswith(b"line 299999\n")
    assert 2**20 <= len(kept) <= 2**20 * 3 // 2
    written = sum(len(f"line {i}\n") for i in range(300_000))
    assert recording.timeline.output_log.dropped == written - len(kept)


def test_output_of_a_long_statement_arrives_while_it_runs(drive):
    driver = drive(
        """
        import time

        def train():
            print("first epoch")
            while True:
                time.sleep(0.01)

        train()
        """
    )
    driver.run.go(FOREVER)
    driver.until(lambda event: not isinstance(event, Ended) and "first epoch" in str(event))
    assert driver.run.line == 8


@pytest.mark.parametrize("body", ["pass", "x += 1"])
def test_an_endless_loop_of_statements_waits_at_once_and_goes_on(drive, body):
    driver = drive(f"x = 0\nwhile True:\n    {body}\n")
    driver.run.go(FOREVER)
    driver.until(lambda event: isinstance(event, Frame) and event.step > 1000)
    driver.run.pause()
    waited = driver.until(lambda event: isinstance(event, Waited) and event.step > 1000)
    assert waited.line == 3
    assert not driver.run.frozen
    assert driver.step_to(waited.step + 5).step == waited.step + 5


@pytest.mark.parametrize(
    "statement", ["sum(iter(int, 1))", "forever()", "time.sleep(100)", "stubborn()"]
)
def test_a_statement_that_never_ends_is_frozen_and_can_be_killed(drive, statement):
    driver = drive(
        f"""
        import time

        def forever():
            while True:
                pass

        def stubborn():
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass

        {statement}
        """
    )
    driver.step_to(3)
    driver.run.go(FOREVER)
    driver.run.pause()
    news = driver._news
    while not driver.run.frozen:
        assert news.wait(30), "the statement was not frozen"
        news.clear()
    assert driver.run.line == 15
    assert len(driver.recording.timeline) == 3
    driver.run.interrupt()
    ended = driver.until(lambda event: isinstance(event, Ended))
    assert (ended.outcome, ended.line) == ("interrupted", 15)


def test_a_frozen_statement_goes_on_where_it_was(drive):
    driver = drive(
        """
        def count():
            total = 0
            for i in range(30_000_000):
                total += 1
            return total

        x = count()
        """
    )
    driver.step_to(1)
    driver.run.go(2)
    driver.run.pause()
    while not driver.run.frozen:
        assert driver._news.wait(30)
        driver._news.clear()
    assert len(driver.recording.timeline) == 1
    recording = driver.to_the_end()
    assert plain(recording.timeline.at(2).view("x")) == 30_000_000


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until_gone(*pids: int) -> None:
    limit = time.monotonic() + 20.0
    while any(map(alive, pids)):
        assert time.monotonic() < limit, f"still alive: {[p for p in pids if alive(p)]}"
        os.sched_yield()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes under /proc")
@pytest.mark.parametrize("how", ["close", "kill the host"])
def test_nothing_outlives_the_engine(tmp_path, how):
    engine = Engine()
    engine.start()
    source = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '100']).pid\nwhile True:\n    pass\n"
    )
    events = []
    news = threading.Event()
    run = engine.launch(Job(Launch(str(tmp_path / "s.py"), source)), news.set)
    run.go(FOREVER)
    while not any(isinstance(event, Frame) and event.step > 5 for event in events):
        assert news.wait(30)
        news.clear()
        events += run.take()
    worker = next(event.pid for event in events if hasattr(event, "pid"))
    child = next(
        plain(event.changed["child"])
        for event in events
        if isinstance(event, Frame) and "child" in event.changed
    )
    host = engine._process.pid
    assert all(map(alive, (host, worker, child)))
    if how == "close":
        engine.close()
        wait_until_gone(host, worker, child)
    else:
        os.kill(host, signal.SIGKILL)
        wait_until_gone(worker)
        os.kill(child, signal.SIGKILL)
        while not any(isinstance(event, Ended) for event in events):
            assert news.wait(30)
            news.clear()
            events += run.take()
        assert engine.failure is not None
        engine.close()


@pytest.mark.parametrize("source", ["", "# a comment\n", "\n\n# %% [markdown]\n# prose\n"])
def test_a_script_without_a_statement_says_so(record, source):
    ended = record(source).ended
    assert ended.outcome == "finished"
    assert "no statement" in ended.message


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes under /proc")
@pytest.mark.parametrize("when", ["the run ends", "the engine closes"])
def test_what_a_script_detaches_ends_with_it(tmp_path, when):
    engine = Engine()
    engine.start()
    pids = tmp_path / "pids"
    source = f"""
import os, subprocess, time
subprocess.run(["sh", "-c", "setsid sh -c 'echo $$ >> {pids}; exec sleep 100' &"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open({str(pids)!r}, "a") as file:
            print(os.getpid(), file=file)
        time.sleep(100)
    os._exit(0)
os.wait()
while not os.path.exists({str(pids)!r}) or open({str(pids)!r}).read().count("\\n") < 2:
    time.sleep(0.01)
{"x = 1" if when == "the run ends" else "time.sleep(100)"}
"""
    news = threading.Event()
    run = engine.launch(Job(Launch(str(tmp_path / "s.py"), source)), news.set)
    run.go(FOREVER)
    limit = time.monotonic() + 30.0
    while not pids.exists() or pids.read_text().count("\n") < 2:
        assert time.monotonic() < limit
        os.sched_yield()
    detached = [int(pid) for pid in pids.read_text().split()]
    if when == "the engine closes":
        assert all(map(alive, detached))
        engine.close()
    wait_until_gone(*detached)
    engine.close()


def test_a_process_that_another_run_detached_lives_on(tmp_path, drive):
    pids = tmp_path / "pids"
    source = f"""
        import subprocess, time
        subprocess.run(["sh", "-c", "setsid sh -c 'echo $$ >> {pids}; exec sleep 100' &"])
        while True:
            time.sleep(0.01)
        """
    driver = drive(source)
    driver.run.go(FOREVER)
    driver.until(lambda event: isinstance(event, Frame) and event.step > 5 and pids.exists())
    detached = int(pids.read_text())
    assert drive("x = 1").to_the_end().ended.outcome == "finished"
    assert alive(detached)
    driver.run.close()
    wait_until_gone(detached)


def test_a_step_that_is_too_large_is_told_as_that():
    ended = endings.failed(TooLarge(10**9), "script.py", 3)
    assert (ended.outcome, ended.line, ended.traceback) == ("died", 3, "")
    assert ended.message.startswith("script.py:3: this step is too large to record: ")
