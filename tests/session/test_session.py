"""Stepping, rewinding and running, without a screen."""

from collections.abc import Callable

from fake_engine import FakeEngine, FakeRun, descent
from hypothesis import given
from hypothesis import strategies as st

from tutor.history.budget import BUDGET
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.session.session import Activity, Session
from tutor.wire.messages import FOREVER, BreakpointHit, Ended, Launch

CELLS = (5, 12, 22)
FRAMES = [frame for frame, _ in descent()]


class Clock:
    """A clock that only moves when the test moves it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Driven(Session):
    """A session that drains as soon as the run reports, as the screen does."""

    def __init__(self, engine: FakeEngine) -> None:
        self.clock = Clock()
        super().__init__(engine, Launch("d.py", ""), Timeline(CELLS), self.woken, self.clock)
        self.run: FakeRun = engine.runs[-1]
        self.drain()

    is_draining = False

    def woken(self) -> None:
        # The fake answers within the call that commands it, and a search commands again and again.
        if not hasattr(self, "run") or self.is_draining:
            return
        self.is_draining = True
        while self.run.events:
            self.drain()
        self.is_draining = False


def session(**engine: object) -> Driven:
    return Driven(FakeEngine(**engine))


def test_a_step_at_the_tip_runs_one_statement() -> None:
    s = session()
    s.step()
    assert (s.cursor, s.tip, s.run.commands) == (1, 1, [("go", 1)])
    assert s.next_line == 9


def test_steps_through_recorded_steps_never_touch_the_engine() -> None:
    s = session()
    s.go_to_step(40)
    before = list(s.run.commands)
    moves: list[Callable[[], None]] = [
        s.back, s.back, s.step, s.first, s.step, s.next_cell, s.next_iteration, s.previous_cell,
        s.last, s.previous_iteration, lambda: s.go_to_step(7), lambda: s.go_to_iteration(2),
    ]  # fmt: skip
    for move in moves:
        move()
    assert s.run.commands == before


def test_back_stops_before_the_first_statement() -> None:
    s = session()
    s.step()
    s.back()
    s.back()
    assert s.cursor == 0
    assert s.moment.frame is None


def test_next_iteration_at_the_tip_runs_on_until_it_begins() -> None:
    s = session()
    s.step()
    s.next_iteration()
    assert s.cursor == s.tip == 4
    assert s.moment.frame.iteration == 0
    s.next_iteration()
    assert s.cursor == s.tip == 10
    assert s.moment.frame.iteration == 1
    assert not s.worker.busy
    s.previous_iteration()
    assert s.cursor == 4


def test_next_iteration_outside_of_loops_stops_at_the_next_cell() -> None:
    more = [(Frame(step, 23, 0, None, "other", None, False, {}), b"") for step in (5, 6)]
    s = session(script=[*descent(0), *more])
    s.next_iteration()
    # There is no loop to come: this is where the last cell begins.
    assert (s.cursor, s.tip) == (4, 4)
    s.next_iteration()
    assert (s.cursor, s.tip) == (6, 6)
    s = session()
    s.next_iteration()
    assert s.moment.frame.iteration == 0


def test_next_cell_at_the_tip_runs_on_until_it_begins() -> None:
    s = session()
    s.next_cell()
    s.next_cell()
    assert s.cursor == s.tip
    assert s.moment.frame.line == 13
    s.next_cell()
    assert s.moment.frame.line == 23
    s.previous_cell()
    assert s.moment.frame.line == 13
    assert s.cursor == 4


def test_next_iteration_after_the_last_one_ends_at_the_last_step() -> None:
    s = session(script=descent(2)[:-1])
    s.go_to_iteration(1)
    s.next_iteration()
    assert s.cursor == s.tip == 15
    assert s.activity is Activity.ENDED


def test_going_to_a_step_or_iteration_ahead_runs_on_to_it() -> None:
    s = session()
    s.go_to_step(12)
    assert s.cursor == s.tip == 12
    s.go_to_iteration(5)
    assert s.cursor == s.tip == 34
    assert s.moment.frame.iteration == 5


def test_run_to_end_records_everything_and_ends() -> None:
    s = session()
    s.run_to_end()
    assert s.run.commands == [("go", FOREVER)]
    assert s.cursor == s.tip == len(FRAMES)
    assert s.activity is Activity.ENDED


def test_the_view_stays_where_the_learner_looks_while_the_run_goes_on() -> None:
    s = session(manual=True)
    s.run_to_end()
    s.run.work(10)
    s.back()
    s.run.work(10)
    assert (s.cursor, s.tip, s.activity) == (9, 20, Activity.RUNNING)
    s.last()
    s.run.work(5)
    assert s.cursor == s.tip == 25


def test_pause_ends_at_the_newest_recorded_step() -> None:
    s = session(manual=True)
    s.run_to_end()
    s.run.work(10)
    s.toggle_play()
    s.run.goal = 13
    s.run.work(3)
    assert (s.cursor, s.tip, s.activity) == (13, 13, Activity.PAUSED)
    assert s.run.commands[-1] == ("pause", 0)


def test_an_endless_run_pauses_whenever_its_budget_is_full() -> None:
    s = session(manual=True)
    s.timeline.budget.cost = BUDGET  # as after some hundred thousand steps
    s.run_to_end()
    s.run.work(5)
    assert s.is_full
    assert s.run.commands[-1] == ("pause", 0)
    s.run_to_end()
    assert not s.is_full
    assert s.run.commands[-1][0] == "go"


def test_a_pause_inside_a_statement_is_left_by_stepping() -> None:
    s = session(manual=True)
    s.step()
    s.pause()
    assert s.worker.frozen
    assert s.activity is Activity.PAUSED
    s.step()
    assert not s.worker.frozen
    assert s.run.commands[-1] == ("go", 1)
    s.run.work()
    assert s.cursor == 1
    assert s.activity is Activity.WAITING


def test_play_steps_once_a_tick_and_waits_for_a_slow_statement() -> None:
    s = session(manual=True)
    s.toggle_play()
    s.tick()
    s.tick()
    assert s.run.commands == [("go", 1)]
    s.run.work()
    s.tick()
    assert s.run.commands == [("go", 1), ("go", 2)]
    assert s.activity is Activity.PLAYING


def test_back_pauses_a_play() -> None:
    s = session()
    s.go_to_step(9)
    s.toggle_play()
    s.back()
    assert not s.playing


def test_play_stops_at_the_end() -> None:
    s = session()
    s.run_to_end()
    s.back()
    s.toggle_play()
    assert s.cursor == s.tip
    s.tick()
    assert not s.playing
    assert s.activity is Activity.ENDED


def test_fast_key_presses_each_count_and_a_held_key_queues_nothing() -> None:
    s = session(manual=True)
    for _ in range(3):
        s.step()
    assert s.run.commands[-1] == ("go", 3)
    s.clock.now = 0.2
    for _ in range(30):
        s.step()
    assert s.run.commands[-1] == ("go", 3)


def test_the_seconds_of_a_slow_statement_are_counted() -> None:
    s = session(manual=True)
    s.step()
    s.clock.now = 3.2
    assert s.worker.running_for == 3.2
    s.run.work()
    assert s.worker.running_for == 0


def test_a_step_asked_for_before_the_worker_is_ready_is_not_lost() -> None:
    engine = FakeEngine()
    s = Session(engine, Launch("d.py", ""), Timeline(CELLS), lambda: None)
    assert s.activity is Activity.STARTING
    s.step()
    s.drain()
    assert s.cursor == 1


def test_speed_stays_on_its_scale() -> None:
    s = session()
    s.change_speed(-9)
    assert s.speed == 1
    s.change_speed(+99)
    assert s.speed == 60


def test_after_a_failure_the_recorded_steps_can_be_visited() -> None:
    s = session(script=descent()[:6], end=Ended("raised", "d.py:18: RuntimeError: no", 18))
    s.run_to_end()
    assert s.activity is Activity.ENDED
    assert s.next_line == 18
    s.step()
    s.first()
    assert s.cursor == 1
    assert s.next_line == 9


MOVES = ["step", "back", "first", "last", "next_iteration", "previous_iteration", "next_cell",
         "previous_cell", "tick", "toggle_play", "pause"]  # fmt: skip


@given(st.lists(st.sampled_from(MOVES) | st.integers(0, len(FRAMES) + 5), max_size=60))
def test_a_step_shows_the_same_values_however_it_is_reached(walk: list[str | int]) -> None:
    s = session()
    for move in walk:
        if isinstance(move, int):
            s.go_to_step(move)
        else:
            getattr(s, move)()
        assert 0 <= s.cursor <= s.tip <= len(FRAMES)
        for name in ("w", "w.grad", "loss", "lr", "epoch"):
            expected = None
            for frame in FRAMES[: s.cursor]:
                expected = frame.changed.get(name, expected)
            assert s.moment.view(name) == expected


def test_a_search_that_looks_only_at_new_steps_finds_its_first_one() -> None:
    s = session()
    seen = 0

    def find() -> int | None:
        nonlocal seen
        new = range(seen + 1, s.tip + 1)
        seen = s.tip
        return next((step for step in new if step >= 5), None)

    s.go_to_step(7)
    s.first()
    s.run_until(find, lambda: None)
    assert (s.cursor, s.tip) == (5, 7)


def test_more_than_there_is_time_for_is_recorded_a_slice_at_a_time() -> None:
    """A key is answered between two slices, however much the run reported."""
    s = session(manual=True)
    s.run_to_end()
    s.clock.now = 0.0
    ticking = iter(range(10**6))
    s.worker._clock = lambda: next(ticking) * 1e-3
    s.is_draining = True  # reported, but nobody looks
    s.run.work(100)
    s.drain()
    assert s.worker.is_behind
    assert 0 < s.tip < 20
    while s.worker.is_behind:
        before = s.tip
        s.drain()
        assert before < s.tip <= before + 20
    assert (s.tip, s.cursor) == (100, 100)


def test_steps_asked_for_before_the_run_has_started_all_count() -> None:
    s = session(manual=True)
    s.worker.started = None  # the engine is still importing torch
    for _ in range(4):
        s.step()
        s.clock.now += 1.0
    assert s.run.commands[-1] == ("go", 4)


def test_a_breakpoint_ends_play_and_searches_and_pauses() -> None:
    s = session(manual=True)
    s.next_cell()
    s.run.report([BreakpointHit(1, 6)])
    s.run.work(1)
    assert (s.activity, s.cursor) == (Activity.PAUSED, 1)
    assert s.worker.breakpoint == BreakpointHit(1, 6)
    s.step()
    assert s.worker.breakpoint is None
    assert s.run.commands[-1] == ("go", 2)
