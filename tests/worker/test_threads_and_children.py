"""Scripts with threads, forks and child processes are recorded all the same."""

import os

import pytest


def steps(recording) -> list[int]:
    return [frame.step for frame in recording.frames]


def test_threads_that_print_lose_no_step_and_no_line(record):
    recording = record(
        """
        import sys
        import threading

        sys.setswitchinterval(1e-5)

        def chatter():
            for n in range(3000):
                print("from the thread", n)

        thread = threading.Thread(target=chatter)
        thread.start()
        for i in range(3000):
            x = i
        thread.join()
        """
    )
    assert steps(recording) == list(range(1, len(recording.frames) + 1))
    assert sorted(recording.text().splitlines()) == sorted(
        f"from the thread {n}" for n in range(3000)
    )


def test_a_forked_child_prints_and_records_nothing(record):
    recording = record(
        """
        import os
        x = 1
        child = os.fork()
        if child == 0:
            y = 2
            print("from the child")
            os._exit(0)
        os.waitpid(child, 0)
        z = 3
        """
    )
    assert recording.ended.outcome == "finished"
    assert steps(recording) == list(range(1, len(recording.frames) + 1))
    assert "y" not in recording.timeline.values(len(recording.timeline))
    assert recording.text() == "from the child\n"


def test_no_line_of_a_child_process_is_lost_while_steps_are_recorded(record):
    recording = record(
        """
        import os
        child = os.fork()
        if child == 0:
            for i in range(5000):
                print("child", i)
            os._exit(0)
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            x = 1
        """,
        exact=True,
    )
    assert recording.text().splitlines() == [f"child {i}" for i in range(5000)]


def test_a_script_may_truncate_its_own_output(record):
    recording = record(
        """
        import os
        os.system("echo one; echo one more")
        os.ftruncate(1, 0)
        os.system("echo two")
        """
    )
    assert recording.text() == "one\none more\ntwo\n"


def test_a_child_process_may_write_again_and_again(record):
    recording = record(
        """
        import os
        os.system("echo one")
        os.system("echo two")
        os.system("echo three")
        """,
        exact=True,
    )
    assert recording.text() == "one\ntwo\nthree\n"


def test_a_run_ends_even_if_its_child_processes_do_not(record):
    ended = record("import os\nos.system('setsid sleep 5 &')\nos._exit(7)\n").ended
    assert (ended.outcome, ended.line) == ("died", 3)


def test_autograd_grad_takes_keywords_and_any_iterable(record):
    recording = record(
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        y = w * w
        [g] = torch.autograd.grad(outputs=y, inputs=w)
        torch.autograd.backward(loss for loss in [w * 2, w * 3])
        print(g.item(), w.grad.item())
        """
    )
    assert recording.text() == "4.0 5.0\n"
    assert [frame.phase for frame in recording.frames[3:5]] == ["backward", "backward"]


def test_a_sparse_or_expanded_tensor_is_not_materialized(record):
    recording = record(
        """
        import torch
        graph = torch.sparse_coo_tensor([[0], [0]], [1.0], (10**6, 10**6))
        wide = torch.zeros(1, dtype=torch.int64).expand(10**12)
        x = 1
        """
    )
    assert recording.ended.outcome == "finished"
    assert recording.timeline.view("graph", 4).shape == (10**6, 10**6)


def test_a_script_that_trains_two_networks_shows_the_loss_of_the_last_backward(record):
    recording = record(
        """
        import torch
        d = torch.tensor(1.0, requires_grad=True)
        g = torch.tensor(5.0, requires_grad=True)
        for i in range(2):
            d_loss = (d - 2) ** 2
            d_loss.backward()
            g_loss = (g - 1) ** 2
            g_loss.backward()
            with torch.no_grad():
                d -= 0.1 * d.grad
        """
    )
    backward = [frame.loss for frame in recording.frames if frame.phase == "backward"]
    assert backward[:2] == [1.0, 16.0]
    assert backward[3] == 16.0
    assert 0 < backward[2] < 1


def test_a_run_leaves_no_descriptor_open(record):
    record("x = 1")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        record("x = 1")
    # The last run may still be closing.
    assert len(os.listdir("/proc/self/fd")) < before + 10


@pytest.mark.parametrize("job", [{"begin": 2}, {"begin": 4}, {"operations": 0}, {"begin": 5}])
def test_a_forked_child_that_falls_through_records_nothing_in_a_replay_either(drive, job):
    recording = drive(
        """
        import os
        x = 1
        child = os.fork()
        y = 2
        z = 3
        if child:
            os.waitpid(child, 0)
        last = 4
        """,
        **job,
    ).to_the_end()
    assert recording.ended.outcome == "finished"
    assert steps(recording) == list(range(job.get("begin", 0) + 1, 8))
