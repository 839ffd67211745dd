"""When plots are requested of a replay: answers are cached while their values do not change."""

import math
import struct
from collections.abc import Callable

import numpy as np
import pytest

from tutor.history.timeline import Timeline
from tutor.insight.plots import PlotData, names_in, sample_of
from tutor.schema.frame import Frame, TensorView
from tutor.script.declarations import Plot
from tutor.session.replays.plots import PlotEvaluator
from tutor.wire.messages import Ended, Event, Job, Launch, Sample, Sampled, Waited


def packed(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def number(value: float) -> TensorView:
    return TensorView("number", (), "float", "cpu", False, "text", repr(value).encode())


POINTS = Plot("t", points=("x", "y", "kind"), lines=(("x", "w * x", "fit"), ("x", "b")), line=1)
BOWL = Plot("t", of="(v - w) ** 2", over={"v": (-1, 5)}, at=("w",), line=2)
MAP = Plot("t", of="a * b", over={"a": (0, 1), "b": (2, 3)}, line=3)
BARS = Plot("t", bars="{'w': w}", line=4)


class Run:
    """A replay that waits at each requested step and answers when the test calls `answer`."""

    replayed = 0
    frozen = False
    line = 1

    def __init__(self, job: Job, notify: Callable[[], None]) -> None:
        self.job = job
        self.notify = notify
        self.steps: list[int] = []
        self.questions: list[Sample] = []
        self.events: list[Event] = []
        self.answered = 0
        self.closed = False

    def take(self) -> list[Event]:
        events, self.events = self.events, []
        return events

    def go(self, until: int) -> None:
        self.steps.append(until)
        self.report(Waited(until, 1))

    def ask(self, question: Sample) -> None:
        self.questions.append(question)

    def pause(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        self.closed = True

    @property
    def owes(self) -> bool:
        """Whether a request waits for its answer."""
        return len(self.questions) > self.answered

    def report(self, event: Event) -> None:
        self.events.append(event)
        self.notify()

    def answer(self, value: float = 1.0, problem: str = "") -> None:
        """Answer the next request."""
        sample = self.questions[self.answered]
        self.answered += 1
        surface = packed(*np.full(math.prod(sample.counts), value)) if sample.of else None
        values = tuple(packed(value) for _ in sample.expressions)
        problems = ((sample.of, problem),) if problem else ()
        self.report(Sampled(sample, values, ("w",), surface, problems))


class Engine:
    """Keeps the runs that it launched."""

    can_run = True
    device = detected = failure = None

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def launch(self, job: Job, notify: Callable[[], None]) -> Run:
        self.runs.append(Run(job, notify))
        return self.runs[-1]

    @property
    def questions(self) -> list[Sample]:
        return [question for run in self.runs for question in run.questions]


SIZE = (4, 2)
SCRIPT = "from torch import add as plus\nimport numpy as np\nw = x = y = b = 1.0\n"


class Desk:
    """Plots over a run of 20 steps that changes `w` in every fourth step, and `x` in the first."""

    def __init__(self, source: str = SCRIPT) -> None:
        self.engine = Engine()
        self.timeline = Timeline()
        for step in range(1, 21):
            changed: dict[str, TensorView | None] = {}
            if step % 4 == 0:
                changed["w"] = number(step)
            if step == 1:
                changed |= {name: number(1.0) for name in ("w", "x", "y", "b", "kind", "m.bias")}
            self.timeline.append(Frame(step, 1, 0, None, "other", None, False, changed))
        self.woken = 0
        self.plots = PlotEvaluator(self.engine, Launch("s.py", source), self._wake)  # type: ignore[arg-type]

    def _wake(self) -> None:
        self.woken += 1

    def picture(self, plot: Plot, step: int, size: tuple[int, int] = SIZE) -> PlotData | None:
        return self.plots.picture(plot, self.timeline, step, size)

    def drain(self) -> None:
        """Do what the screen does when it is woken."""
        while self.woken:
            self.woken = 0
            self.plots.drain(self.timeline)

    def settle(self, value: float = 1.0, problem: str = "") -> None:
        """Answer until there is no request."""
        self.drain()
        while self.engine.runs and self.engine.runs[-1].owes:
            self.engine.runs[-1].answer(value, problem)
            self.drain()
        assert not self.plots.is_awaited, "it waits for an answer that never comes"

    def shown(self, plot: Plot, step: int, size: tuple[int, int] = SIZE) -> PlotData:
        """Return the plot, after answering the request for it."""
        if (found := self.picture(plot, step, size)) is None:
            self.settle(float(step))
            found = self.picture(plot, step, size)
        assert found is not None
        return found


def test_a_replay_at_the_step_answers_a_plot() -> None:
    desk = Desk()
    assert desk.picture(BOWL, 5) is None
    assert desk.plots.is_awaited
    desk.settle(2.5)
    found = desk.picture(BOWL, 5)
    assert found is not None
    assert found.surface is not None
    assert found.surface.tolist() == [2.5] * 4
    assert (found.step, desk.engine.runs[0].steps) == (5, [5])
    assert desk.engine.questions == [sample_of(BOWL, *SIZE)]


def test_a_plot_is_kept_while_its_values_do_not_change() -> None:
    desk = Desk()
    first = desk.shown(BOWL, 5)
    # `w` does not change until step 8.
    assert all(desk.picture(BOWL, step) is first for step in (4, 6, 7))
    assert len(desk.engine.questions) == 1
    assert desk.shown(BOWL, 8) is not first
    assert len(desk.engine.questions) == 2


def content(picture: PlotData) -> tuple[int, Sampled | None, list[float] | None]:
    """Return the step, the answer and the surface of a plot."""
    surface = None if picture.surface is None else picture.surface.tolist()
    return picture.step, picture.sampled, surface


def test_rewinding_requests_nothing() -> None:
    desk = Desk()
    forwards = [desk.shown(BOWL, step) for step in range(1, 21)]
    asked = len(desk.engine.questions)
    assert asked == 6
    backwards = [desk.shown(BOWL, step) for step in range(20, 0, -1)]
    assert [content(one) for one in backwards] == [content(one) for one in forwards[::-1]]
    assert len(desk.engine.questions) == asked
    assert len(desk.engine.runs) == 1


def test_the_next_step_continues_the_same_replay() -> None:
    desk = Desk()
    for step in (2, 9, 13):
        desk.shown(BOWL, step)
    assert len(desk.engine.runs) == 1
    assert desk.engine.runs[0].steps == [2, 9, 13]
    # An earlier step needs another replay.
    desk.shown(POINTS, 5)
    assert desk.engine.runs[0].closed
    assert len(desk.engine.runs) == 2


def test_another_size_is_another_request() -> None:
    desk = Desk()
    desk.shown(BOWL, 5)
    wide = desk.shown(BOWL, 5, (9, 2))
    assert wide.surface is not None
    assert wide.surface.shape == (9,)
    assert len(desk.engine.questions) == 2
    # A plot without a grid does not depend on the size.
    desk.shown(BARS, 5)
    desk.shown(BARS, 5, (99, 99))
    assert len(desk.engine.questions) == 3


def test_a_plot_of_constants_is_requested_once() -> None:
    desk = Desk()
    still = Plot("t", points=("x", "np.abs(x)"), lines=(("x", "plus(x, y)"),), line=9)
    for step in range(1, 21):
        desk.shown(still, step)
    # Imported and built-in functions do not change.
    desk.shown(structs_line(still, points=("x", "max(x, 0)")), 20)
    assert len(desk.engine.questions) == 2


def structs_line(plot: Plot, **changes: object) -> Plot:
    """Return the plot with changes, on another line of the script."""
    kept = {"title": plot.title, "points": plot.points, "lines": plot.lines, "line": plot.line + 1}
    return Plot(**{**kept, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("expression", ["loss_of(x)", "history", "history[one]"])
def test_a_plot_of_values_that_are_not_recorded_is_requested_at_each_step(expression: str) -> None:
    desk = Desk()
    plot = Plot("t", points=("x", expression), line=9)
    for step in range(1, 6):
        desk.shown(plot, step)
    assert len(desk.engine.questions) == 5
    # They are kept too: rewinding requests nothing.
    for step in range(5, 0, -1):
        desk.shown(plot, step)
    assert len(desk.engine.questions) == 5


@pytest.mark.parametrize(
    "expression", ["[one for one in x]", "(lambda one: one)(x)", "max(x, key=lambda one: -one)"]
)
def test_a_name_that_an_expression_binds_is_not_a_name_of_the_script(expression: str) -> None:
    desk = Desk()
    plot = Plot("t", points=("x", expression), line=9)
    assert names_in(plot) - {"max"} == {"x"}
    for step in range(1, 6):
        desk.shown(plot, step)
    assert len(desk.engine.questions) == 1


def test_an_imported_name_that_the_script_sets_is_a_value_of_its_own() -> None:
    desk = Desk("from math import e\ne = 1.0\nx = 1.0\n")
    plot = Plot("t", points=("x", "e"), line=9)
    desk.timeline.append(Frame(21, 1, 0, None, "other", None, False, {"e": number(1.0)}))
    desk.shown(plot, 21)
    desk.timeline.append(Frame(22, 1, 0, None, "other", None, False, {"e": number(2.0)}))
    desk.shown(plot, 22)
    assert len(desk.engine.questions) == 2


def test_a_changed_parameter_changes_the_plot_of_its_model() -> None:
    desk = Desk()
    plot = Plot("t", points=("x", "m(x)"), line=9)
    desk.shown(plot, 2)
    desk.shown(plot, 9)
    assert len(desk.engine.questions) == 1
    changed: dict[str, TensorView | None] = {"m.bias": number(3.0)}
    desk.timeline.append(Frame(21, 1, 0, None, "other", None, False, changed))
    desk.shown(plot, 21)
    assert len(desk.engine.questions) == 2


def test_one_request_runs_at_a_time_and_then_the_newest() -> None:
    desk = Desk()
    for step in (1, 4, 8, 12, 16, 20):
        assert desk.picture(BOWL, step) is None
    desk.drain()
    assert len(desk.engine.questions) == 1
    desk.settle()
    # The learner went from 1 to 20: the requests between were replaced.
    assert desk.engine.runs[-1].steps[-1] == 20
    assert len(desk.engine.questions) == 2
    assert desk.picture(BOWL, 20) is not None


def test_repeating_a_running_request_changes_nothing() -> None:
    desk = Desk()
    for _ in range(5):
        desk.picture(BOWL, 5)
    desk.settle()
    assert len(desk.engine.questions) == 1


def test_the_latest_plot_stays_while_another_is_requested() -> None:
    desk = Desk()
    first = desk.shown(BOWL, 5)
    assert desk.picture(BOWL, 12) is None
    assert desk.plots.latest(BOWL) is first
    desk.settle()
    second = desk.picture(BOWL, 12)
    assert second is not None
    assert (second.step, desk.plots.latest(BOWL)) == (12, second)
    again = desk.picture(BOWL, 5)
    assert again is not None
    assert desk.plots.latest(BOWL) is again
    assert (again.step, again.sampled) == (5, first.sampled)
    # Another plot has no latest content yet.
    assert desk.plots.latest(MAP) is None


def test_a_failing_expression_is_reported_and_not_requested_again() -> None:
    desk = Desk()
    desk.picture(BOWL, 5)
    desk.settle(problem="NameError: name 'unknown' is not defined")
    found = desk.picture(BOWL, 5)
    assert found is not None
    assert found.problem == "(v - w) ** 2: NameError: name 'unknown' is not defined"
    desk.picture(BOWL, 6)
    assert len(desk.engine.questions) == 1


def test_a_replay_that_ends_is_reported_and_the_next_step_starts_another() -> None:
    desk = Desk()
    desk.picture(BOWL, 5)
    desk.engine.runs[0].report(Ended("died", "killed by signal 9 (SIGKILL)"))
    desk.drain()
    found = desk.picture(BOWL, 5)
    assert found is not None
    assert "SIGKILL" in found.problem
    assert not desk.plots.is_awaited
    assert desk.shown(BOWL, 8).problem == ""
    assert len(desk.engine.runs) == 2


def test_a_failure_lets_the_next_request_through() -> None:
    desk = Desk()
    desk.picture(BOWL, 5)
    desk.picture(BOWL, 9)
    desk.engine.runs[0].report(Ended("died", "out of memory"))
    desk.settle()
    assert desk.picture(BOWL, 9) is not None


def test_the_least_recently_used_plots_are_dropped_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tutor.session.replays.plots.KEPT", 2)
    desk = Desk()
    first = desk.shown(BOWL, 1)
    desk.shown(BOWL, 4)
    assert content(desk.shown(BOWL, 1)) == content(first)
    assert len(desk.engine.questions) == 2
    desk.shown(BOWL, 8)
    found = desk.picture(BOWL, 1)
    assert found is not None
    assert content(found) == content(first)
    assert desk.picture(BOWL, 4) is None


def test_closing_ends_the_replay() -> None:
    desk = Desk()
    desk.picture(BOWL, 5)
    desk.plots.close()
    assert desk.engine.runs[0].closed
    assert not desk.plots.is_awaited


def test_two_plots_of_the_same_numbers_are_both_drawn() -> None:
    desk = Desk()
    plain = Plot("t", points=("x", "w"), line=10)
    log = Plot("t", points=("x", "w"), log=True, line=20)
    first, second = desk.shown(plain, 5), desk.shown(log, 5)
    assert first.sampled is second.sampled
    # Both send one request, and the next step is not blocked.
    assert len(desk.engine.questions) == 1
    for plot in (log, plain):
        assert desk.shown(plot, 8).step == 8
        assert desk.plots.latest(plot) is desk.picture(plot, 8)
    assert len(desk.engine.questions) == 2


def test_two_plots_of_the_same_numbers_can_be_requested_at_once() -> None:
    desk = Desk()
    plain, log = (Plot("t", points=("x", "w"), log=one, line=10 + one) for one in (False, True))
    assert desk.picture(plain, 5) is None
    assert desk.picture(log, 5) is None
    desk.settle()
    assert desk.picture(plain, 5) is not None
    assert desk.picture(log, 5) is not None
    assert len(desk.engine.questions) == 1


def test_an_edit_after_its_branch_was_drawn_stops_no_plot() -> None:
    desk = Desk()
    plot = Plot("t", points=("x", "b"), line=30)
    # The replay applies the edit before it answers; the run reports it later.
    before = desk.shown(plot, 20)
    desk.timeline.edit(20, {"b": number(7.0)})
    after = desk.shown(plot, 20)
    assert after.step == before.step == 20
    desk.timeline.append(Frame(21, 1, 0, None, "other", None, False, {"b": number(8.0)}))
    assert desk.shown(plot, 21).step == 21
    assert desk.shown(BOWL, 8).step == 8


def test_a_request_survives_encoding() -> None:
    # The replay's launch is that of the run, without what only the run reports.
    desk = Desk()
    desk.plots.picture(BOWL, desk.timeline, 5, SIZE)
    job = desk.engine.runs[0].job
    assert job == Job(Launch("s.py", SCRIPT), begin=4, waits_at_end=True)
