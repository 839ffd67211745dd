"""What the runs report is taken a slice at a time: keys come first."""

from collections.abc import Callable
from pathlib import Path

from fake_engine import DESCENT, FakeEngine, descent

from tutor.script.lesson import parse
from tutor.session.controller import Controller
from tutor.session.reports import Source
from tutor.session.request import Request


class Timers:
    """Delayed calls that are made when the test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> "Timers":
        self.calls.append(call)
        return self

    def stop(self) -> None:
        raise NotImplementedError("no call is cancelled here")

    def fire(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def test_a_run_far_ahead_of_the_screen_is_drained_by_one_timer_at_a_time() -> None:
    """Several that renew themselves would leave no moment between two slices for a key."""
    timers, reported = Timers(), list[Source]()
    engine = FakeEngine(descent(5000), manual=True)
    lesson = parse(DESCENT, Path("10_descend.py"))
    controller = Controller(lesson, engine, Request(), None, reported.append, timers, lambda: None)
    controller.session.run_to_end()
    engine.runs[-1].work(30_000)
    for _ in range(5):
        controller.reports.hear(controller.branch)
        assert len(timers.calls) <= 2  # one drains, one looks for events
    while controller.session.tip < 30_000:
        timers.fire()
        assert len(timers.calls) <= 2  # one drains, one looks for events
        controller.reports.hear(controller.branch)
