"""The client's side of a run: what does not fit ends the run in one line, and never raises."""

import os
import threading
from collections.abc import Callable

import pytest

from tutor.engine.run import Run
from tutor.schema.frame import Frame
from tutor.wire.messages import Completed, Edited, Ended, Event, Job, Launch, Printed
from tutor.wire.stream import pack


def frame(step: int, shown: tuple[object, ...] = ()) -> Frame:
    return Frame(step, 1, 0, None, "other", None, False, {}, shown=shown)


@pytest.fixture
def receive() -> Callable[..., list[Event]]:
    """Return a function that returns the events of a run whose worker sends these bytes."""

    def deliver(*sent: bytes, begin: int = 0) -> list[Event]:
        news = threading.Event()
        killed: list[int] = []
        run = Run(
            1,
            Job(Launch("script.py", "x = 1\n"), begin=begin),
            news.set,
            lambda number, signal: killed.append(signal),
        )
        commands, run._commands = os.pipe()
        run._pipe, events = os.pipe()
        run._woken, run._wake = os.pipe()
        os.write(events, b"".join(sent))
        os.close(events)
        run.died(0)
        run._listen()
        os.close(commands)
        return run.take()

    return deliver


@pytest.mark.parametrize(
    "event",
    [frame(2), frame(5), frame(1), frame(3, shown=(1,)), Printed(5, ()),
     Edited(1, {}), Completed(3, {})],
)  # fmt: skip
def test_an_event_that_cannot_follow_ends_the_run_and_keeps_its_steps(receive, event):
    events = receive(pack(frame(1)), pack(frame(2)), pack(event), pack(frame(3)))
    assert events[:2] == [frame(1), frame(2)]
    [ended] = events[2:]
    assert (ended.outcome, ended.traceback) == ("died", "")
    assert ended.message.startswith("script.py: the recording is damaged from step 3: ")
    assert "\n" not in ended.message


@pytest.mark.parametrize("damage", [b"xxxxxxxxxxxx", b"\3\0\0\0abc", b"\1\0\0\0\xc1", b"\0\0\0\0"])
def test_bytes_that_are_no_event_end_the_run_and_keep_its_steps(receive, damage):
    events = receive(pack(frame(1)), damage, pack(frame(2)))
    assert events[0] == frame(1)
    [ended] = events[1:]
    assert ended.message.startswith("script.py: the recording is damaged from step 2: ")


def test_a_replay_begins_after_the_step_it_replays_to(receive):
    assert receive(pack(frame(8)), pack(Ended("finished")), begin=7) == [
        frame(8),
        Ended("finished"),
    ]


def test_a_worker_that_ends_before_its_script_runs_is_a_fault_of_the_engine(receive):
    [ended] = receive()
    assert (ended.outcome, ended.status) == ("died", None)
    assert ended.message == "script.py: the engine failed, and could not say why"
