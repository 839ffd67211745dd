"""Files that are no files, and output that nobody takes: one line, and nothing left behind."""

import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest
from shell import TUTOR, shell

from tutor.history.recording.file import MAGIC

KINDS = [
    "device",
    "pipe",
    "folder",
    "loop",
    "without end",
    "noise",
    "zeros",
    "long name",
    "missing",
]


def odd(folder: Path, kind: str, suffix: str) -> str:
    """Return the path of something that looks like a script or a recording by its name."""
    path = folder / f"odd{suffix}"
    match kind:
        case "device":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path)
        case "without end":
            path.touch()
            os.truncate(path, 3 * 2**30)
        case "noise":
            path.write_bytes(bytes(range(256)) * 20)
        case "zeros":
            path.write_bytes(MAGIC + bytes([1, 0, 0, 0]))
            os.truncate(path, 3 * 2**30)
        case "long name":
            return str(folder / ("a" * 5000 + suffix))
    return str(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["run {}", "run {} --json", "audit {}", "check {}"])
def test_what_is_no_script_is_refused_in_one_line(tutor, tmp_path, kind, command) -> None:
    path = odd(tmp_path, kind, ".py")
    found = tutor(*(word.format(path) for word in command.split()))
    lines = (found.stdout + found.stderr).decode().splitlines()
    said = [line for line in lines if line != "1 to mend" and not line.startswith('{"done"')]
    assert found.returncode in (1, 2)
    assert len(said) == 1 and path in said[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "command",
    ["run {}", "diff {0} {0}", "export --csv {}", "export --svg 1 {}", "export --cast {}"],
)
def test_what_is_no_recording_is_refused_in_one_line(tutor, tmp_path, kind, command) -> None:
    path = odd(tmp_path, kind, ".tutor")
    found = tutor(*(word.format(path) for word in command.split()))
    assert found.returncode == 2
    assert found.stdout == b"" and found.stderr.count(b"\n") == 1
    assert path in found.stderr.decode()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    (folder / "script.py").write_text("for i in range(3):\n    x = i\n    print(x)\n")
    assert shell("run", "script.py", "--save", "run.tutor", cwd=folder).returncode == 0
    return folder / "run.tutor"


FULL = ">/dev/full", "the output cannot be written: no space left on device"
CLOSED = ">&-", "the output cannot be written: bad file descriptor"


@pytest.mark.parametrize(
    ("command", "output", "reason"),
    [
        ("--help", *FULL),
        ("list --json", *FULL),
        ("run {}", *FULL),
        ("run {} --json", *FULL),
        ("export --csv {}", *FULL),
        ("diff {0} {0}", *CLOSED),
        ("run {}", *CLOSED),
    ],
)
def test_output_that_cannot_be_written_is_one_line(recording, command, output, reason) -> None:
    line = " ".join(TUTOR + command.format(recording).split())
    found = subprocess.run(["bash", "-c", f"{line} {output}"], capture_output=True, check=False)
    assert found.stderr.decode() == f"tutor: {reason}\n"
    assert found.returncode == 2


@pytest.mark.parametrize("command", ["list", "run {}"])
def test_a_reader_that_has_seen_enough_ends_the_command_silently(recording, command) -> None:
    line = " ".join(TUTOR + command.format(recording).split())
    # The reader ends first, so that the command finds nobody.
    shown = f"set -o pipefail; (sleep 0.1; {line}) | true"
    found = subprocess.run(["bash", "-c", shown], capture_output=True, check=False)
    assert (found.stderr, found.returncode) == (b"", 128 + signal.SIGPIPE)


def test_a_run_with_closed_streams_is_as_with_open_ones(tmp_path) -> None:
    (tmp_path / "script.py").write_text("import sys\nx = 1\nprint(x)\n")
    line = " ".join([*TUTOR, "run", "script.py", "--save", "run.tutor", "<&-", "2>&-"])
    found = subprocess.run(["bash", "-c", line], capture_output=True, cwd=tmp_path, check=False)
    assert (found.returncode, found.stdout.endswith(b"1\n")) == (0, True)
    assert shell("run", tmp_path / "run.tutor").stdout == found.stdout


@pytest.mark.parametrize("kind", ["--csv", "--svg 2"])
def test_an_export_keeps_the_old_file_unless_it_is_complete(recording, tmp_path, kind) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o644)
    limited = f"ulimit -f 0; exec {' '.join(TUTOR)} export {kind} {recording} -o {path}"
    found = subprocess.run(["bash", "-c", limited], capture_output=True, check=False)
    assert found.returncode != 0 and path.read_text() == "old"
    done = shell("export", *kind.split(), recording, "-o", path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert path.read_text() != "old" and path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_a_run_whose_connection_drops_keeps_what_it_did(tmp_path) -> None:
    (tmp_path / "script.py").write_text("print('begun', flush=True)\nwhile True:\n    x = 1\n")
    command = [*TUTOR, "run", "script.py", "--json", "--save", "run.tutor"]
    # Under `nohup` the tests themselves would hand on that the signal is ignored.
    hears = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, preexec_fn=hears
    ) as process:
        assert process.stdout is not None
        assert b"begun" in process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate()
    assert process.returncode == 128 + signal.SIGHUP
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.tutor", "script.py"]
    assert shell("run", tmp_path / "run.tutor").stdout.endswith(b"begun\n")
