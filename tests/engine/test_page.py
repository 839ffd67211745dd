"""The page that a worker shares with its client: every message once, in order."""

import os

from tutor.engine import page
from tutor.engine.protocol import Printed


def test_what_lies_in_the_pipe_comes_before_what_waits_in_the_page() -> None:
    file = page.create()
    readable, writable = os.pipe()
    sender = page.Sender(page.Page(file), writable)
    receiver = page.Receiver(page.Page(file))
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
    for descriptor in (file, readable, writable):
        os.close(descriptor)
