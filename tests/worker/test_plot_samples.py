"""The expressions of a plot: they have their values, and leave no trace in the run."""

import os
import random
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch
from driver import Driver, Recording

from tutor.schema.values import plain
from tutor.wire.messages import Digested, Ended, Job, Launch, Sample, Sampled
from tutor.worker import plot_samples

Record = Callable[..., Recording]
Drive = Callable[..., Driver]

SCRIPT = """
import random
import numpy as np
import torch
w = torch.tensor(2.0, requires_grad=True)
b = 0.5
x = torch.arange(4.0)
array = np.array([[1, 2], [3, 4]])
"""

BUSY = """
import random
import numpy as np
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
model = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.5))
optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
x = torch.randn(4, 2)
left = iter(range(100))
seen = []
for i in range(9):
    optimizer.zero_grad()
    loss = (model(x * w) ** 2).sum()
    loss.backward()
    optimizer.step()
    drawn = torch.rand(1).item() + random.random() + np.random.rand()
    seen.append(next(left))
    print(i, drawn)
"""

NO_NUMBERS = "ValueError: it is not made of numbers alone"

GREEDY = Sample(
    (
        "w.data.add_(1)",
        "w.grad.zero_()",
        "optimizer.step()",
        "model(x)",
        "model.eval()",
        "torch.rand(3)",
        "random.random()",
        "np.random.rand()",
        "[next(left) for _ in range(3)]",
        "seen.append(1)",
        "x.resize_(0)",
        "vars(torch).update(no_grad=None)",
        "torch.manual_seed(1)",
        "torch.set_default_dtype(torch.float64)",
        "torch.set_grad_enabled(True)",
    ),
    "w.data.mul_(u).sum() + torch.rand(())",
    (("u", 0, 1),),
    (4,),
)
"""Everything that an expression must not do to a script."""


def numbers(packed: bytes | None) -> list[float] | None:
    return np.frombuffer(packed, "<f8").tolist() if packed is not None else None


def samples(recording: Recording) -> list[Sampled]:
    return [event for event in recording.events if isinstance(event, Sampled)]


@pytest.fixture
def sampled(record: Record) -> Callable[..., Sampled]:
    """Return the answer to a sample at the end of a script."""

    def run(wanted: Sample, script: str = SCRIPT) -> Sampled:
        [found] = samples(record(script, samples=(wanted,)))
        assert found.sample == wanted
        return found

    return run


@pytest.fixture
def surface(sampled: Callable[..., Sampled]) -> Callable[..., list[float] | None]:
    """Return `of` over a grid; `over` has lowest value, highest value and count of each name."""

    def run(of: str, script: str = SCRIPT, **over: tuple[float, float, int]) -> list[float] | None:
        ranges = tuple((name, low, high) for name, (low, high, _) in over.items())
        found = sampled(Sample((), of, ranges, tuple(one[2] for one in over.values())), script)
        assert not found.problems
        return numbers(found.surface)

    return run


def ask(driver: Driver, wanted: Sample) -> Sampled:
    driver.run.ask(wanted)
    found = driver.until(lambda event: isinstance(event, Sampled))
    assert isinstance(found, Sampled)
    return found


# Expressions


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("w", [2]),
        ("x", [0, 1, 2, 3]),
        ("x.view(2, 2).t()", [0, 2, 1, 3]),
        ("x > 1", [0, 0, 1, 1]),
        ("x.bfloat16()", [0, 1, 2, 3]),
        ("array", [1, 2, 3, 4]),
        ("array.T", [1, 3, 2, 4]),
        ("b", [0.5]),
        ("[1, b, True]", [1, 0.5, 1]),
        ("[w, x, b]", [2, 0, 1, 2, 3, 0.5]),
        ("(w, w)", [2, 2]),
        ("range(3)", [0, 1, 2]),
        ("  w  ", [2]),
        ("[]", []),
        ("[float('nan'), float('inf')]", [float("nan"), float("inf")]),
        ("[float(w) for _ in range(2)]", [2, 2]),
    ],
)
def test_the_value_of_an_expression_is_its_numbers_in_order(
    sampled: Callable[..., Sampled], expression: str, wanted: list[float]
) -> None:
    found = sampled(Sample((expression,)))
    assert found.problems == ()
    assert str(numbers(found.values[0])) == str([float(one) for one in wanted])


def test_a_dictionary_gives_names_to_its_numbers(sampled: Callable[..., Sampled]) -> None:
    found = sampled(Sample(("{'w': w, 'no gradient': w.grad, 2: b}",)))
    # A None, such as a missing gradient, is left out.
    assert (found.names, numbers(found.values[0])) == (("w", "2"), [2, 0.5])


def test_a_dictionary_with_several_numbers_under_a_name_is_refused(
    sampled: Callable[..., Sampled],
) -> None:
    found = sampled(Sample(("{'x': x, 'b': b}",)))
    assert found.problems or len(found.names) == len(numbers(found.values[0]) or [])


def test_very_many_numbers_are_thinned_evenly(
    sampled: Callable[..., Sampled],
) -> None:
    many = f"torch.arange({2 * plot_samples.MOST + 1}.0)"
    found = sampled(Sample((many, f"2 * {many}", f"torch.arange({plot_samples.MOST})")))
    x, y, all_of_them = (numbers(packed) or [] for packed in found.values)
    assert plot_samples.MOST / 2 < len(x) <= plot_samples.MOST
    assert x == [3.0 * place for place in range(len(x))]
    # Pairs stay pairs.
    assert y == [2 * one for one in x]
    assert len(all_of_them) == plot_samples.MOST


def test_an_expression_without_a_value_does_not_affect_the_others(
    sampled: Callable[..., Sampled],
) -> None:
    found = sampled(
        Sample(("w", "nobody", "x[9]", "'text'", "b"), "w * nobody", (("w", 0, 1),), (2,))
    )
    assert [numbers(packed) for packed in found.values] == [[2], None, None, None, [0.5]]
    assert found.surface is None
    reasons = dict(found.problems)
    assert list(reasons) == ["nobody", "x[9]", "'text'", "w * nobody"]
    assert reasons["nobody"] == "NameError: name 'nobody' is not defined"
    assert reasons["x[9]"].startswith("IndexError: index 9 is out of bounds")
    assert reasons["w * nobody"] == reasons["nobody"]
    assert not any("\n" in reason for reason in reasons.values())


# Grids


def test_a_curve_is_evaluated_at_even_places_with_both_ends(
    surface: Callable[..., list[float]],
) -> None:
    assert surface("(w * x).sum()", w=(-1, 2, 4)) == [-6, 0, 6, 12]


@pytest.mark.parametrize(
    "of",
    [
        "10 * u + v",
        # What cannot be vectorized is evaluated point by point.
        "10 * float(u) + v",
        "np.multiply(10, u) + v",
        "10 * u + v if u > 1 else v + 10 * u",
        "(10 * u + v).item()",
    ],
)
def test_in_a_map_the_first_name_runs_fastest(surface: Callable[..., list[float]], of: str) -> None:
    of = of.replace("(10 * u + v).item()", "torch.as_tensor(10 * u + v).item()")
    assert surface(of, u=(0, 2, 3), v=(0, 1, 2)) == [0, 10, 20, 1, 11, 21]


@pytest.mark.parametrize("of", ["((w * x - 2) ** 2).mean()", "((float(w) * x - 2) ** 2).mean()"])
def test_a_map_of_a_loss_has_the_values_of_the_loss(
    surface: Callable[..., list[float]], of: str
) -> None:
    x = torch.arange(4.0)
    wanted = [((w * x - 2) ** 2).mean().item() for w in torch.linspace(-1, 3, 9)]
    assert surface(of, w=(-1, 3, 9)) == pytest.approx(wanted)


def test_functions_of_the_script_may_be_called(surface: Callable[..., list[float]]) -> None:
    script = SCRIPT + "def cost(w):\n    return (w * x).sum() + b\n"
    assert surface("cost(w)", script, w=(0, 1, 2)) == [0.5, 6.5]


def test_a_constant_expression_is_the_same_everywhere(surface: Callable[..., list[float]]) -> None:
    assert surface("x.sum()", w=(0, 1, 3)) == [6, 6, 6]
    assert surface("b", w=(0, 1, 3)) == [0.5, 0.5, 0.5]


def test_non_finite_values_are_kept(
    surface: Callable[..., list[float]],
) -> None:
    assert str(surface("torch.log(w)", w=(-1, 1, 3))) == "[nan, -inf, 0.0]"


@pytest.mark.parametrize("of", ["w * x", "float(w) * x"])
def test_more_than_one_number_at_a_point_is_refused(
    sampled: Callable[..., Sampled], of: str
) -> None:
    found = sampled(Sample((), of, (("w", 0, 1),), (2,)))
    problem = "ValueError: it gives [4] numbers at each place; it should give one"
    assert (found.surface, found.problems) == (None, ((of, problem),))


def test_an_error_in_a_pointwise_expression_is_reported_as_itself(
    sampled: Callable[..., Sampled],
) -> None:
    found = sampled(Sample((), "[1.0, 2.0][int(w)]", (("w", 0, 5),), (6,)))
    assert found.problems == (("[1.0, 2.0][int(w)]", "IndexError: list index out of range"),)


# The script


def test_sampling_at_every_step_changes_nothing_of_the_run(drive: Drive, record: Record) -> None:
    plainly = record(BUSY)
    driver = drive(BUSY)
    for step in range(len(plainly.frames)):
        driver.step_to(step)
        found = ask(driver, GREEDY)
    # All of them ran; some have no numbers as their value.
    assert found.problems
    assert {reason for _, reason in found.problems} == {NO_NUMBERS}
    sampled = driver.to_the_end()
    assert sampled.frames == plainly.frames
    assert sampled.text() == plainly.text()
    digests = [event for event in sampled.events if isinstance(event, Digested)]
    assert digests == [event for event in plainly.events if isinstance(event, Digested)]
    assert len(digests) == 1


@pytest.mark.parametrize("expression", GREEDY.expressions)
def test_an_expression_leaves_no_trace_in_the_script(drive: Drive, expression: str) -> None:
    driver = drive(BUSY)
    driver.step_to(19)
    state = Sample(("w", "w.grad", "x", "seen", "model[0].running_mean", "model.training"))
    before = ask(driver, state)
    assert before.problems == ()
    ask(driver, Sample((expression,)))
    assert ask(driver, state) == before


@pytest.mark.parametrize("write", ["print('I was here')", "os.write(2, b'I was here')"])
def test_what_an_expression_prints_is_not_printed_by_the_script(drive: Drive, write: str) -> None:
    driver = drive("import os\nx = 1\nprint(x)\ny = 2\n")
    driver.step_to(2)
    ask(driver, Sample((write,)))
    found = driver.to_the_end()
    assert (found.text(1), found.text(2)) == ("1\n", "")


@pytest.mark.parametrize(
    "expression",
    [
        "torch.rand(3)",
        "np.random.rand()",
        "[next(left) for _ in range(3)]",
        "model(x).detach()",
        pytest.param("random.random()"),
    ],
)
def test_the_same_question_at_the_same_step_has_the_same_answer(
    drive: Drive, expression: str
) -> None:
    driver = drive(BUSY)
    driver.step_to(19)
    first, second = (ask(driver, Sample((expression,))) for _ in range(2))
    assert first == second
    assert first.problems == ()


def test_without_a_child_process_the_generators_are_restored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "fork")
    namespace = {"torch": torch, "random": random, "np": np}
    wanted = Sample(("torch.rand(1)", "random.random()", "np.random.rand()"))
    first, second = (plot_samples.sample(wanted, namespace) for _ in range(2))
    assert first == second
    assert first.problems == ()


def test_without_a_child_process_a_change_of_the_script_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "fork")
    namespace = {"w": torch.zeros(2)}
    found = plot_samples.sample(Sample(("w.add_(1)",)), namespace)
    assert found.problems == (("w.add_(1)", "it changes the values of the script"),)
    assert plot_samples.sample(Sample(("w + 1",)), namespace).problems == ()


# Misbehaviour


@pytest.mark.parametrize(
    "expression", ["threading.Event().wait()", "os._exit(3)", "exit()", "os.abort()", "1 + (yield)"]
)
def test_an_expression_that_never_answers_is_reported_and_the_run_goes_on(
    drive: Drive, expression: str
) -> None:
    script = """
    import os, threading
    from tutor.worker import plot_samples
    plot_samples.PATIENCE = 0.2
    x = 1
    y = 2
    """
    driver = drive(script)
    driver.step_to(4)
    found = ask(driver, Sample((expression,)))
    assert found.values == (None,)
    [(blamed, reason)] = found.problems
    assert blamed == expression
    known = "ended the process, or took longer than 0.2 s", "SyntaxError", "SystemExit"
    assert reason.startswith(known)
    assert numbers(ask(driver, Sample(("x",))).values[0]) == [1]
    ended = driver.to_the_end()
    assert ended.ended == Ended("finished")
    assert plain(ended.timeline.view("y", 5)) == 2


def test_a_script_that_ignores_its_children_can_be_sampled(record: Record) -> None:
    script = "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nx = 1\n"
    found = record(script, samples=(Sample(("x",)),))
    assert found.ended == Ended("finished")
    assert numbers(samples(found)[0].values[0]) == [1]


# When


def test_a_run_is_sampled_as_it_is_where_it_waits(drive: Drive) -> None:
    driver = drive("w = 1\nfor i in range(3):\n    w = w * 2\nv = 0\n")
    found = []
    for step in range(1, 5):
        driver.step_to(step)
        found.append(numbers(ask(driver, Sample(("w",), "w * v", (("v", 0, 1),), (2,))).values[0]))
    assert found == [[1], [2], [4], [8]]


def test_before_the_first_statement_nothing_has_a_value(drive: Drive) -> None:
    driver = drive("w = 1\n")
    found = ask(driver, Sample(("w",)))
    assert found.problems == (("w", "NameError: name 'w' is not defined"),)


def test_a_replay_that_waits_answers_as_the_run_did(drive: Drive) -> None:
    first, again = drive(BUSY), drive(BUSY, begin=29)
    answers = []
    wanted = Sample(("w", "x", "seen", "i"), "(x * w * u).mean()", (("u", 0, 1),), (5,))
    for driver in (first, again):
        driver.step_to(30)
        answers.append(ask(driver, wanted))
    assert answers[0] == answers[1]
    assert answers[0].problems == ()


def test_at_the_end_all_samples_are_taken_in_their_order(record: Record) -> None:
    wanted = (Sample(("x",)), Sample(("x + y",)))
    found = record("x = 1\ny = 2\nx = 3\n", samples=wanted)
    assert [one.sample for one in samples(found)] == list(wanted)
    assert [numbers(one.values[0]) for one in samples(found)] == [[3], [5]]
    assert isinstance(found.events[-1], Ended)


def test_a_script_that_raised_is_sampled_where_it_raised(record: Record) -> None:
    found = record("x = 1\nx = 2\ny = x / 0\n", samples=(Sample(("x",)),))
    assert found.ended.outcome == "raised"
    assert numbers(samples(found)[0].values[0]) == [2]


def test_samples_at_the_end_change_nothing_of_the_recording(record: Record) -> None:
    plainly, sampled = record(BUSY), record(BUSY, samples=(GREEDY, GREEDY))
    assert [event for event in sampled.events if not isinstance(event, Sampled)][1:] == [
        *plainly.events[1:]
    ]


def test_a_job_keeps_its_questions() -> None:
    job = Job(Launch("script.py", ""), samples=(GREEDY,))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(job), type=Job) == job
