"""A guarded script: what it leaves is told, in its folder or elsewhere; no network is there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Recording

from tutor.wire.messages import Ended, Trespassed

Guarded = Callable[..., Recording]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The script's own."""
    made = tmp_path / "own"
    made.mkdir()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Where it has no business."""
    made = tmp_path / "outside"
    made.mkdir()
    return made


@pytest.fixture
def guarded(record: Callable[..., Recording], folder: Path, outside: Path) -> Guarded:
    """Run a script that is told both places."""

    def run(source: str) -> Recording:
        return record(f"import os\nOUT = {str(outside)!r}\n{source}", guard=str(folder))

    return run


def trespasses(recording: Recording) -> list[tuple[str, str, int]]:
    found = [event for event in recording.events if isinstance(event, Trespassed)]
    return [(one.kind, os.path.basename(one.what), one.line) for one in found]


# Files


@pytest.mark.parametrize(
    "write",
    [
        "open(OUT + '/f', 'w').close()",
        "open(OUT + '/f', 'ab').close()",
        "open(OUT + '/f', 'x').close()",
        "open(os.fsencode(OUT + '/f'), 'w').close()",
        "__import__('pathlib').Path(OUT, 'f').write_text('x')",
        "__import__('pathlib').Path(OUT, 'f').touch()",
        "os.close(os.open(OUT + '/f', os.O_CREAT | os.O_RDWR))",
        "__import__('numpy').array([1.0]).tofile(OUT + '/f')",
        "os.chdir(OUT); open('f', 'w').close()",
        "open('../outside/f', 'w').close()",
        "os.symlink(OUT + '/f', 'link'); open('link', 'w').close(); os.remove('link')",
    ],
)
def test_a_file_that_is_left_is_told_with_the_line_that_wrote_it(
    guarded: Guarded, outside: Path, write: str
) -> None:
    found = guarded(f"x = 1\n{write}\ny = 2\n")
    assert found.ended == Ended("finished")
    assert [one.name for one in outside.iterdir()] == ["f"]
    assert trespasses(found) == [("file", "f", 4)]


@pytest.mark.parametrize(
    "write",
    [
        "__import__('torch').save({}, OUT + '/f')",
        "open('f', 'w').close(); os.rename('f', OUT + '/f')",
        "os.symlink('/nowhere', OUT + '/f')",
        "os.link(__file__, OUT + '/f')",
        "os.mkdir(OUT + '/f')",
        # One line is enough for a folder with all that is in it.
        "os.makedirs(OUT + '/f/g'); open(OUT + '/f/g/h', 'w').close()",
    ],
)
def test_a_file_that_python_did_not_open_there_is_told_too(
    guarded: Guarded, outside: Path, write: str
) -> None:
    found = guarded(f"x = 1\n{write}\ny = 2\n")
    assert [one.name for one in outside.iterdir()] == ["f"]
    assert trespasses(found) == [("file", "f", 4)]


def test_a_file_that_is_written_in_a_function_is_told_at_the_statement(guarded: Guarded) -> None:
    source = """
def keep(text):
    with open(OUT + "/log", "a") as file:
        file.write(text)
for i in range(3):
    keep(str(i))
"""
    assert trespasses(guarded(source)) == [("file", "log", 8)]


@pytest.mark.parametrize(
    "harmless",
    [
        "open(OUT + '/f', 'w').close(); os.remove(OUT + '/f')",
        "os.mkdir(OUT + '/f'); os.rmdir(OUT + '/f')",
        "os.makedirs(OUT, exist_ok=True)",
        "import shutil; shutil.rmtree(os.getcwd())",
        "import tempfile\nwith tempfile.TemporaryDirectory() as f: open(f + '/g', 'w').close()",
        "open(__file__).read()",
        "os.open(__file__, os.O_RDONLY)",
        "open(os.devnull, 'w').close()",
        "import tempfile; tempfile.NamedTemporaryFile().write(b'x')",
        "import tempfile; file = tempfile.TemporaryFile(); file.write(b'x')",
        "import io; import torch; torch.save([1], io.BytesIO())",
        # Python compiles what it imports, and keeps that beside it.
        "import sys; sys.path.insert(0, OUT)\n"
        "open(OUT + '/f.py', 'w').close(); import f; os.remove(OUT + '/f.py')",
    ],
)
def test_what_is_read_or_removed_is_not_told(guarded: Guarded, harmless: str) -> None:
    found = guarded(f"{harmless}\nx = 1\n")
    assert found.ended == Ended("finished")
    assert trespasses(found) == []


@pytest.mark.parametrize(
    "write",
    [
        "open('f', 'w').close()",
        "open(os.path.join(os.getcwd(), 'f'), 'w').close()",
        "import torch; torch.save([1], 'f')",
        "import tempfile; os.rename(tempfile.mkstemp()[1], 'f')",
    ],
)
def test_what_is_left_in_its_own_folder_is_told_by_its_name(guarded: Guarded, write: str) -> None:
    found = [one for one in guarded(f"{write}\n").events if isinstance(one, Trespassed)]
    assert found == [Trespassed("file", "f", 3)]


def test_a_guarded_script_runs_in_its_folder(guarded: Guarded, folder: Path) -> None:
    found = guarded("import tempfile\nprint(os.getcwd())\nprint(tempfile.gettempdir())\n")
    assert set(found.text().split()) == {str(folder)}


def test_a_script_that_raises_tells_what_it_left_before(guarded: Guarded) -> None:
    found = guarded("open(OUT + '/f', 'w').close()\n1 / 0\n")
    assert found.ended.outcome == "raised"
    assert trespasses(found) == [("file", "f", 3)]
    # The end of a run is its last word.
    assert found.events[-1] == found.ended


def test_without_a_guard_a_script_is_free(record: Callable[..., Recording], outside: Path) -> None:
    found = record(f"import os\nopen({str(outside / 'f')!r}, 'w').close()\nprint(os.getcwd())\n")
    assert trespasses(found) == []
    assert found.text() == f"{os.getcwd()}\n"


# The network


@pytest.mark.parametrize(
    ("call", "host"),
    [
        ("socket.create_connection(('lessons.invalid', 80))", "lessons.invalid"),
        ("socket.socket().connect(('192.0.2.1', 80))", "192.0.2.1"),
        ("socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))", "2001:db8::1"),
        ("socket.getaddrinfo(b'lessons.invalid', 443)", "lessons.invalid"),
        ("socket.gethostbyname('lessons.invalid')", "lessons.invalid"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))", "192.0.2.1"),
        # Such a name only looks like this machine's.
        ("socket.getaddrinfo('localhost.invalid', 80)", "localhost.invalid"),
        ("urllib.request.urlopen('http://lessons.invalid/data.csv')", "lessons.invalid"),
    ],
)
def test_a_call_to_the_network_is_refused_and_told(guarded: Guarded, call: str, host: str) -> None:
    found = guarded(f"import socket, urllib.request\nx = 1\n{call}\n")
    assert (found.ended.outcome, found.ended.line) == ("raised", 5)
    assert f"a lesson is checked without a network; it calls {host}" in found.ended.message
    assert trespasses(found) == [("network", host, 5)]


def test_a_call_that_the_script_gets_over_is_told_all_the_same(guarded: Guarded) -> None:
    source = """
import socket
for host in ("one.invalid", "two.invalid", "one.invalid"):
    try:
        socket.create_connection((host, 80))
    except OSError as error:
        print(error)
"""
    found = guarded(source)
    assert found.ended == Ended("finished")
    # Each host once, where it was called first.
    assert trespasses(found) == [("network", "one.invalid", 7), ("network", "two.invalid", 7)]
    assert found.text().count("without a network") == 3


def test_a_script_may_talk_to_itself(guarded: Guarded) -> None:
    source = """
import socket
server = socket.create_server(("127.0.0.1", 0))
for host in ("127.0.0.1", "localhost"):
    socket.create_connection((host, server.getsockname()[1])).sendall(b"hello")
    print(server.accept()[0].recv(5).decode())
one, other = socket.socketpair()
socket.gethostbyname("localhost")
socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
local = socket.socket(socket.AF_UNIX)
local.bind("here.sock")
local.listen()
socket.socket(socket.AF_UNIX).connect(os.path.abspath("here.sock"))
socket.getaddrinfo(None, 80)
os.remove("here.sock")
"""
    found = guarded(source)
    assert found.ended == Ended("finished")
    assert found.text() == "hello\nhello\n"
    assert trespasses(found) == []
