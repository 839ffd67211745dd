"""A sandboxed script: files that it leaves are reported, and network calls are refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Recording

from tutor.wire.messages import Ended, Trespassed

Run = Callable[..., Recording]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that the script runs in."""
    made = tmp_path / "own"
    made.mkdir()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder outside the sandbox."""
    made = tmp_path / "outside"
    made.mkdir()
    return made


@pytest.fixture
def sandboxed(record: Callable[..., Recording], folder: Path, outside: Path) -> Run:
    """Run a sandboxed script, which has the outside folder as OUT."""

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
def test_a_file_left_behind_is_reported_with_the_line_that_wrote_it(
    sandboxed: Run, outside: Path, write: str
) -> None:
    found = sandboxed(f"x = 1\n{write}\ny = 2\n")
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
        # A folder is reported without its contents.
        "os.makedirs(OUT + '/f/g'); open(OUT + '/f/g/h', 'w').close()",
    ],
)
def test_a_file_that_python_did_not_open_is_reported(
    sandboxed: Run, outside: Path, write: str
) -> None:
    found = sandboxed(f"x = 1\n{write}\ny = 2\n")
    assert [one.name for one in outside.iterdir()] == ["f"]
    assert trespasses(found) == [("file", "f", 4)]


def test_a_file_written_in_a_function_is_reported_at_the_calling_statement(
    sandboxed: Run,
) -> None:
    source = """
def keep(text):
    with open(OUT + "/log", "a") as file:
        file.write(text)
for i in range(3):
    keep(str(i))
"""
    assert trespasses(sandboxed(source)) == [("file", "log", 8)]


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
        # Python may write byte code next to a module.
        "import sys; sys.path.insert(0, OUT)\n"
        "open(OUT + '/f.py', 'w').close(); import f; os.remove(OUT + '/f.py')",
    ],
)
def test_files_read_or_removed_are_not_reported(sandboxed: Run, harmless: str) -> None:
    found = sandboxed(f"{harmless}\nx = 1\n")
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
def test_a_file_in_the_sandbox_folder_is_reported_by_its_relative_name(
    sandboxed: Run, write: str
) -> None:
    found = [one for one in sandboxed(f"{write}\n").events if isinstance(one, Trespassed)]
    assert found == [Trespassed("file", "f", 3)]


def test_a_sandboxed_script_runs_in_its_folder(sandboxed: Run, folder: Path) -> None:
    found = sandboxed("import tempfile\nprint(os.getcwd())\nprint(tempfile.gettempdir())\n")
    assert set(found.text().split()) == {str(folder)}


def test_files_of_a_script_that_raises_are_reported(sandboxed: Run) -> None:
    found = sandboxed("open(OUT + '/f', 'w').close()\n1 / 0\n")
    assert found.ended.outcome == "raised"
    assert trespasses(found) == [("file", "f", 3)]
    # The end is the last event of a run.
    assert found.events[-1] == found.ended


def test_without_a_sandbox_nothing_is_reported(
    record: Callable[..., Recording], outside: Path
) -> None:
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
        # This name only looks like this machine's.
        ("socket.getaddrinfo('localhost.invalid', 80)", "localhost.invalid"),
        ("urllib.request.urlopen('http://lessons.invalid/data.csv')", "lessons.invalid"),
    ],
)
def test_a_network_call_is_refused_and_reported(sandboxed: Run, call: str, host: str) -> None:
    found = sandboxed(f"import socket, urllib.request\nx = 1\n{call}\n")
    assert (found.ended.outcome, found.ended.line) == ("raised", 5)
    assert f"a lesson is checked without a network; it calls {host}" in found.ended.message
    assert trespasses(found) == [("network", host, 5)]


def test_a_network_call_is_reported_even_if_its_error_is_caught(sandboxed: Run) -> None:
    source = """
import socket
for host in ("one.invalid", "two.invalid", "one.invalid"):
    try:
        socket.create_connection((host, 80))
    except OSError as error:
        print(error)
"""
    found = sandboxed(source)
    assert found.ended == Ended("finished")
    # Each host once, at its first call.
    assert trespasses(found) == [("network", "one.invalid", 7), ("network", "two.invalid", 7)]
    assert found.text().count("without a network") == 3


def test_a_script_may_connect_to_its_own_machine(sandboxed: Run) -> None:
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
    found = sandboxed(source)
    assert found.ended == Ended("finished")
    assert found.text() == "hello\nhello\n"
    assert trespasses(found) == []
