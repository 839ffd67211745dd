"""What a script can ask about its surroundings is answered as under Python."""

import os
import subprocess
import sys

import pytest

STREAMS = """
import io, sys
for name in ("stdout", "stderr"):
    one = getattr(sys, name)
    print(one.name, one.mode, one.errors, one.encoding, one.line_buffering, one.write_through)
    print(one.isatty(), one.fileno(), repr(one), isinstance(one, io.TextIOWrapper))
    print(one is getattr(sys, "__" + name + "__"))
"""

REST = """
import gc, os, signal, sys, threading, warnings
print(sys.argv == sys.orig_argv[1:], sys.orig_argv[0] == sys.executable, len(sys.orig_argv))
print(__name__, __spec__, __doc__, __package__, __cached__, type(__loader__).__name__)
print(__builtins__ is sys.modules["builtins"], sys.modules["__main__"].__dict__ is globals())
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print([str(signal.getsignal(one)) for one in sorted(signal.valid_signals()) if one < 32])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1))
print(threading.active_count(), [one.name for one in threading.enumerate()])
print(gc.get_threshold(), gc.isenabled(), gc.callbacks, oct(os.umask(0o22)), os.getcwd())
print(sys.warnoptions, sys.gettrace(), sys.getprofile(), sys.exc_info(), sys.path[0])
print(sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__)
print("PYTHONNODEBUGRANGES" in os.environ, sys.dont_write_bytecode)

def deeper(depth):
    global deepest
    deepest = depth
    deeper(depth + 1)

for limit in (None, 200, 3000):
    if limit:
        sys.setrecursionlimit(limit)
    try:
        deeper(0)
    except RecursionError:
        print(sys.getrecursionlimit(), deepest)
try:
    sys.setrecursionlimit(-1)
except ValueError as error:
    print(error)
"""

TERMINALS = """
import os, shutil, subprocess, sys
print([os.isatty(fd) for fd in (0, 1, 2)], os.isatty(99))
print([one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr)], sys.stdout.line_buffering)
for fd in (0, 1, 2, os.dup(1)):
    try:
        print(tuple(os.get_terminal_size(fd)))
    except OSError as error:
        print(error.strerror)
os.environ.pop("COLUMNS", None), os.environ.pop("LINES", None)
print(tuple(shutil.get_terminal_size()), os.popen("stty size 2>&1").read().strip())
"""


def under_python(source, tmp_path, **environment):
    """Return what a script prints under Python, in a process without a terminal."""
    path = tmp_path / "script.py"
    path.write_text(source)
    return subprocess.run(
        [sys.executable, path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    ).stdout


@pytest.mark.parametrize("source", [STREAMS, REST, TERMINALS], ids=["streams", "rest", "terminals"])
def test_a_script_finds_what_it_finds_under_python(record, tmp_path, source):
    expected = under_python(source, tmp_path)
    assert record(source).text() == expected


@pytest.mark.parametrize(
    ("terminals", "expected"),
    [
        (
            ((100, 30),) * 3,
            [
                "[True, True, True] False",
                "[True, True, True] True",
                *["(100, 30)"] * 4,
                "(100, 30) 30 100",
            ],
        ),
        (
            ((100, 30), None, (70, 20)),  # as of `tutor run script.py | cat`
            [
                "[True, False, True] False",
                "[True, False, True] False",
                "(100, 30)",
                "Inappropriate ioctl for device",
                "(70, 20)",
                "Inappropriate ioctl for device",
                "(80, 24) 30 100",
            ],
        ),
    ],
)
def test_a_script_finds_the_terminals_that_it_has_under_python(record, terminals, expected):
    recording = record(TERMINALS, terminals=terminals)
    lines = recording.text().splitlines()
    if not os.environ.get("PYTHONUNBUFFERED"):
        assert lines == expected
    assert (lines[0], lines[2:]) == (expected[0], expected[2:])


def test_a_file_in_the_place_of_the_terminal_is_no_terminal(record):
    recording = record(
        """
        import os, sys, tempfile
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 1)
        print(os.isatty(1), file=sys.stderr)
        """,
        terminals=((100, 30),) * 3,
    )
    assert recording.text(2) == "False\n"


def test_a_terminal_without_a_keyboard_ends_every_input(record):
    recording = record(
        """
        import getpass, sys
        print(sys.stdin.read() == sys.stdin.readline() == "", list(sys.stdin))
        for ask in (input, getpass.getpass, input):
            try:
                ask()
            except EOFError:
                print("no keyboard")
        """,
        terminals=((100, 30),) * 3,
    )
    assert recording.text() == "True []\n" + 3 * "no keyboard\n"


def test_a_replay_sees_the_terminal_of_the_recorded_run(record, drive):
    source = "import os\nwidth = os.get_terminal_size().columns\nx = width + 1\ny = width + 2\n"
    terminals = ((100, 30),) * 3
    first = record(source, terminals=terminals).frames
    replayed = drive(source, begin=2, terminals=terminals).to_the_end().frames
    assert first[3].changed == replayed[1].changed


def test_the_handler_of_ctrl_c_can_be_kept_and_restored(record):
    recording = record(
        """
        import signal
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(before is signal.default_int_handler, signal.getsignal(signal.SIGINT))
        print(signal.signal(signal.SIGINT, before))
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    assert recording.text() == "True 1\n1\ninterrupted\n"


def test_options_and_the_environment_reach_the_script_and_no_warning_of_the_engine_does(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(
        "import gc, sys\ngc.collect()\n"
        "print(sys.warnoptions, sys.stdout.encoding, sys.stdout.errors, '\xe9\u2603')\n",
        encoding="utf-8",
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-W", "always::UserWarning", "-m", "tutor", "run", path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "latin-1:replace", "PYTHONWARNINGS": "error"},
    )
    expected = "['error', 'always::UserWarning'] iso8859-1 replace \xe9?\n"
    assert ran.stdout == expected.encode("latin-1")
    assert (ran.returncode, ran.stderr) == (0, b"")
