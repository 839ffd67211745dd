"""The page that a worker shares with its client: every message once, in order."""

import faulthandler
import os
import select
import signal

import pytest

from tutor.engine.run import Run
from tutor.wire import shared_page
from tutor.wire.messages import Ended, Job, Launch, Printed
from tutor.wire.private_descriptor import PrivateDescriptor


def test_what_lies_in_the_pipe_comes_before_what_waits_in_the_page() -> None:
    file = shared_page.create()
    readable, writable = os.pipe()
    pipe = PrivateDescriptor(writable, os.O_WRONLY)
    sender = shared_page.Sender(shared_page.Page(file), pipe)
    receiver = shared_page.Receiver(shared_page.Page(file))
    first, second, third = (Printed(step, ((1, b"x"),)) for step in (1, 2, 3))
    sender.append(first)
    assert list(receiver.peek()) == [first]
    sender.append(second)
    sender.flush()
    sender.append(third)
    # The second is on its way: the third has to wait for it.
    assert list(receiver.peek()) == []
    assert list(receiver.feed(os.read(readable, 4096))) == [second]
    assert list(receiver.peek()) == [third]
    sender.flush()
    assert list(receiver.feed(os.read(readable, 4096))) == []
    pipe.close()
    for descriptor in (file, readable):
        os.close(descriptor)


def test_the_last_words_of_a_worker_are_heard_however_late(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(1, Job(Launch("script.py", "")), lambda: None, lambda number, signal: None)
    run._pipe, events = os.pipe()
    run._woken, run._wake = os.pipe()
    pipe = PrivateDescriptor(events, os.O_WRONLY)
    sender = shared_page.Sender(shared_page.Page(run._page_fd), pipe)
    real = select.poll

    class Late:
        """Sees nothing at first; right after that look the worker ends, and is known to be gone."""

        def __init__(self) -> None:
            self._poll = real()
            self._has_looked = False
            self.register = self._poll.register

        def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
            if self._has_looked:
                return self._poll.poll(timeout)
            self._has_looked = True
            sender.append(Ended("finished"))
            sender.flush()
            run.died(0)
            return []

    monkeypatch.setattr(select, "poll", Late)
    run._receive()
    assert run.take() == [Ended("finished")]
    pipe.close()
    for descriptor in (run._pipe, run._woken, run._wake):
        os.close(descriptor)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="Linux seals the page")
def test_nothing_but_the_worker_itself_writes_to_its_page() -> None:
    file = shared_page.create()
    page = shared_page.Page(file)
    page.protect(file)
    with pytest.raises(PermissionError):
        os.write(file, b"x")
    with pytest.raises(PermissionError):
        os.ftruncate(file, 0)
    page.header[shared_page.LINE] = 7
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        page.header[shared_page.LINE] = 8  # there is no such memory here
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGSEGV
    assert page.line == 7
    page.close()
    os.close(file)
