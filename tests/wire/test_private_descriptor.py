"""Private descriptors: far from the script's own, and usable whatever becomes of them."""

import os
import resource
from collections.abc import Iterator

import pytest

from tutor.wire import private_descriptor
from tutor.wire.private_descriptor import PrivateDescriptor


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, PrivateDescriptor]]:
    """A pipe: its readable end, and the other one, which this process keeps open too."""
    # As if this were the parent of the process that uses it.
    monkeypatch.setattr(private_descriptor, "_parent", os.getpid)
    readable, writable = os.pipe()
    kept = os.dup(writable)
    private = PrivateDescriptor(writable, os.O_WRONLY)
    os.dup2(kept, writable)
    yield readable, private
    private.close()
    for descriptor in (readable, writable, kept):
        os.close(descriptor)


def test_its_number_is_above_200_and_programs_do_not_inherit_it(pipe):
    number = pipe[1].fileno()
    assert number > 200
    assert not os.get_inheritable(number)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="opens it again by way of /proc")
@pytest.mark.parametrize("how", ["close", "replace"])
def test_it_is_opened_again_if_it_is_closed_or_replaced(pipe, how):
    readable, private = pipe
    number = private.fileno()
    if how == "close":
        os.close(number)
    else:
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, number)
        os.close(null)
    os.write(private.fileno(), b"still here")
    assert os.read(readable, 100) == b"still here"


def test_a_low_limit_gives_the_highest_number_and_the_limit_stays():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        private = PrivateDescriptor(writable, os.O_WRONLY)
        kept = resource.getrlimit(resource.RLIMIT_NOFILE) == (64, 64)
        os.write(private.fileno(), b"yes" if kept and 40 < private.fileno() < 64 else b"no")
        os._exit(0)
    os.close(writable)
    assert os.read(readable, 10) == b"yes"
    os.waitpid(child, 0)
    os.close(readable)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
