"""What a run of a script records, through the real host and worker."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Driver

from tutor.engine.run import PATIENCE
from tutor.schema.frame import Frame
from tutor.schema.values import plain
from tutor.wire.messages import FOREVER, Edit, Started, Waited

DESCENT = """
    import torch

    x = torch.tensor([5.0], requires_grad=True)
    for i in range(3):
        y = (x - 2) ** 2
        y.backward()
        x.data = x.data - 0.25 * x.grad
        x.grad.zero_()
    """


def shown(frame: Frame) -> dict[str, object]:
    return {name: plain(view) for name, view in frame.changed.items()}


def test_every_statement_is_a_step_with_its_line_and_iteration(record):
    frames = record(DESCENT).frames
    assert [(f.step, f.line, f.iteration) for f in frames[:8]] == [
        (1, 1, None),
        (2, 3, None),
        (3, 5, 0),
        (4, 6, 0),
        (5, 7, 0),
        (6, 8, 0),
        (7, 5, 1),
        (8, 6, 1),
    ]
    assert {f.loop for f in frames[2:]} == {4}


def test_phases_follow_from_what_happened(record):
    phases = [frame.phase for frame in record(DESCENT).frames]
    assert phases == ["other", "data", *(["loss", "backward", "update", "zero"] * 3)]


def test_a_step_records_what_changed_and_nothing_else(record):
    frames = record(DESCENT).frames
    assert shown(frames[7]) == {"x.grad": [3.0]}
    assert shown(frames[8]) == {"x": [2.75]}
    assert shown(frames[9]) == {"x.grad": [0.0]}
    assert shown(frames[10]) == {"i": 2, "y": [0.5625]}


def test_the_loss_is_the_tensor_that_backward_was_called_on(record):
    frames = record(DESCENT).frames
    assert [frame.loss for frame in frames[1:8]] == [None, None, 9.0, 9.0, 9.0, 2.25, 2.25]
    assert [frame.step for frame in frames if frame.is_new_loss] == [4, 7, 11]


def test_an_equal_loss_is_a_new_point_of_the_curve(record):
    recording = record(
        """
        import torch
        w = torch.ones(1, requires_grad=True)
        for i in range(3):
            loss = (w * 2).sum()
            loss.backward()
        """
    )
    assert [*map(list, recording.timeline.losses(100))] == [[4, 5, 7], [2.0, 2.0, 2.0]]


def test_a_run_waits_before_each_statement(drive):
    driver = drive(DESCENT)
    first = driver.until(lambda event: isinstance(event, Waited))
    assert first == Waited(0, 1)
    assert driver.step_to(1) == Waited(1, 3)
    assert driver.run.line == 3
    assert driver.step_to(2) == Waited(2, 4)
    assert driver.step_to(6) == Waited(6, 5)
    assert [frame.step for frame in driver.recording.frames] == [1, 2, 3, 4, 5, 6]


def test_the_same_seed_draws_the_same_numbers_and_another_does_not(record):
    source = """
        import random
        import numpy as np
        import torch
        a = torch.randn(4)
        b = np.random.rand(2)
        c = random.random()
        """

    def drawn(**changes):
        return [shown(frame) for frame in record(source, **changes).frames[3:]]

    assert drawn(seed=446) == drawn(seed=446)
    assert drawn(seed=446) != drawn(seed=447)


def test_the_environment_of_a_run_is_recorded(record):
    [started] = [event for event in record("x = 1").events if isinstance(event, Started)]
    assert {"torch", "threads", "cpu", "device", "name"} <= started.environment.keys()
    assert started.environment["threads"] == "1"


def test_the_script_is_main_as_under_python(record, tmp_path):
    recording = record(
        """
        import sys
        print(__name__, __file__, sys.path[0], sys.argv, __spec__, __doc__, sep="|")
        print(sys.modules["__main__"].__dict__ is globals())
        """
    )
    path = tmp_path / "script.py"
    folder = tmp_path.resolve()
    assert recording.text() == f"__main__|{path}|{folder}|['{path}']|None|None\nTrue\n"


def test_no_name_of_the_engine_shows_in_the_script(record):
    assert record("print(sorted(n for n in globals() if not n.startswith('__')))").text() == "[]\n"


def test_output_belongs_to_the_step_that_wrote_it(record):
    recording = record(
        """
        import os, sys
        print("one", end="")
        print("two", file=sys.stderr)
        os.system("echo three")
        x = 1
        """,
        exact=True,
    )
    written = {
        step: b"".join(text for _, text in recording.timeline.output(step)).decode()
        for step in range(1, 6)
    }
    assert written[1] == ""
    assert written[2] == "one"
    assert written[3] == "onetwo\n"
    assert written[4] == written[5] == "onetwo\nthree\n"
    assert recording.text(2) == "two\n"


def test_output_and_changes_after_the_last_statement_are_a_step(record):
    recording = record(
        """
        def shout():
            print("before it fails")
            raise ValueError("no")

        shout()
        """
    )
    assert recording.text() == "before it fails\n"
    assert recording.frames[-1].line == 5


def test_exit_handlers_run_and_their_output_is_kept(record):
    assert record("import atexit\natexit.register(print, 'bye')\nx = 1").text() == "bye\n"


def test_knobs_give_assignments_other_values(record):
    recording = record("lr = 0.1\nname = 'a'\nx = lr * 2\n", knobs={1: 0.5, 2: "b"})
    assert shown(recording.frames[2]) == {"x": 1.0}


def test_an_edit_changes_what_follows_and_nothing_before(record):
    plain_run, edited = record(DESCENT), record(DESCENT, edits=(Edit(6, "x", [3.0]),))
    assert plain_run.frames[:6] == edited.frames[:6]
    assert plain(edited.timeline.view("x", 6)) == [3.0]
    assert shown(edited.frames[6]) == {"i": 1, "y": [1.0]}


def test_an_edit_of_an_unknown_name_is_refused_in_one_line(record):
    ended = record("x = 1\ny = 2\n", edits=(Edit(1, "q", 3),)).ended
    assert ended.outcome == "refused"
    assert "edit at step 1" in ended.message
    assert "'q'" in ended.message
    assert "\n" not in ended.message


def test_slots_and_shown_expressions_are_evaluated_after_their_statement(record):
    recording = record(
        "x = 2\nx = x * 3\n",
        slots={2: (("x", "04d"), ("y", "g"))},
        show=("x + 1", "nothing"),
    )
    first, second = recording.frames
    assert first.slots == ()
    assert first.shown == (3, None)
    assert second.slots == ("0006", None)
    assert second.problems[0] == ("y", "NameError: name 'y' is not defined")


@pytest.mark.parametrize("step", [1, 4, 6, 9, 14])
def test_a_replay_to_a_step_shows_the_recorded_values(record, drive, step):
    recorded = record(DESCENT)
    driver = drive(DESCENT, begin=step - 1)
    driver.run.go(step)
    frame = driver.until(lambda event: isinstance(event, Frame))
    moment = recorded.timeline.at(step)
    assert {n: plain(v) for n, v in frame.changed.items()} == {
        name: plain(moment.view(name)) for name in moment.values
    }
    assert (frame.step, frame.line) == (step, moment.frame.line)


LARGE = """
    import torch
    w = torch.ones(200, 100)
    for i in range(400):
        w += 1
    """


def test_large_tensors_come_without_content_in_a_fast_run_and_whole_when_it_waits(drive):
    driver = drive(LARGE)
    driver.step_to(300)
    timeline = driver.recording.timeline
    assert len(timeline) == 300
    assert timeline.incomplete(300) == []
    assert timeline.view("w", 300).summary.mean == 299.0
    # Copying the content takes far longer than the statement, and has a twentieth of the time.
    bare = [step for step in range(3, 300) if timeline.incomplete(step) == ["w"]]
    assert len(bare) > 100


def test_an_exact_run_keeps_every_large_tensor(record):
    frames = record(LARGE, exact=True).frames
    means = [f.changed["w"].summary.mean for f in frames if "w" in f.changed]
    assert means == [float(n) for n in range(1, 402)]


def test_matplotlib_opens_no_window(record):
    recording = record(
        """
        import matplotlib
        import matplotlib.pyplot as plt
        plt.plot([1, 2])
        plt.show()
        print(matplotlib.get_backend().lower())
        """
    )
    assert recording.ended.outcome == "finished"
    assert recording.text() == "agg\n"


def test_an_endless_run_waits_for_the_one_who_looks_at_it(
    drive: Callable[..., Driver], tmp_path: Path
) -> None:
    """Otherwise a screen that draws more slowly than the script runs falls behind for ever."""
    log = tmp_path / "log"
    driver = drive(f"log = open({str(log)!r}, 'ab', 0)\nwhile True:\n    n = log.write(b'x')\n")
    driver.run.go(FOREVER)
    _wait_until_it_stands(log)
    stood_at = log.stat().st_size
    taken = [event.step for event in driver.run.take() if isinstance(event, Frame)]
    assert taken == list(range(1, len(taken) + 1))
    _wait_until_it_stands(log)
    more = [event.step for event in driver.run.take() if isinstance(event, Frame)]
    assert log.stat().st_size > stood_at
    assert more == list(range(taken[-1] + 1, taken[-1] + 1 + len(more)))


def test_a_run_that_waits_to_be_looked_at_pauses_between_two_statements(
    drive: Callable[..., Driver], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    driver = drive(f"log = open({str(log)!r}, 'ab', 0)\nwhile True:\n    n = log.write(b'x')\n")
    driver.run.go(FOREVER)
    _wait_until_it_stands(log)
    driver.run.pause()
    time.sleep(2 * PATIENCE)
    assert not driver.run.frozen
    driver.until(lambda event: isinstance(event, Waited))


def _wait_until_it_stands(log: Path) -> None:
    """Wait until the script has written, and then nothing more for a while."""
    size, looks = 0, 0
    while not size or looks < 10:
        before, size = size, log.stat().st_size if log.exists() else 0
        looks = looks + 1 if size == before else 0
        time.sleep(0.02)
