"""Files are replaced as a whole or not at all, and nothing is left beside them."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tutor.history.new_file import NewFile


@pytest.fixture(params=["nameless", "named"])
def folder(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on a file system that has files without a name, and on one that has not."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE")
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: bytes, error: type[BaseException] | None = None) -> None:
    with NewFile(path) as file:
        file.write(content)
        if error is not None:
            raise error


def test_the_old_content_stays_until_the_new_one_is_complete(folder) -> None:
    path = folder / "file"
    write(path, b"old")
    with NewFile(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(folder) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_keeps_the_old_file_and_leaves_nothing(folder, error) -> None:
    path = folder / "file"
    write(path, b"old")
    with pytest.raises(error):
        write(path, b"new" * 100_000, error)
    assert path.read_bytes() == b"old"
    assert names(folder) == ["file"]


def test_a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode(folder) -> None:
    path = folder / "file"
    before = os.umask(0o027)
    write(path, b"1")
    os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    write(path, b"2")
    assert path.stat().st_mode & 0o777 == 0o604


def test_a_link_stays_a_link(folder) -> None:
    (folder / "inner").mkdir()
    (folder / "link").symlink_to("inner/file")
    write(folder / "link", b"1")
    write(folder / "link", b"2")
    assert (folder / "link").is_symlink()
    assert (folder / "inner" / "file").read_bytes() == b"2"


def test_a_device_and_a_pipe_are_written_to_and_stay(folder) -> None:
    write(Path("/dev/null"), b"1")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"):
        write(Path("/dev/full"), b"1")
    os.mkfifo(folder / "pipe")
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append((folder / "pipe").read_bytes()))
    reader.start()
    write(folder / "pipe", b"1")
    reader.join()
    assert found == [b"1"]
    assert names(folder) == ["pipe"]


KILLED = """
import os, sys
from tutor.history.new_file import NewFile
if sys.argv[2] == "named" and hasattr(os, "O_TMPFILE"):
    del os.O_TMPFILE
with NewFile(sys.argv[1]) as file:
    file.write(b"x" * 100_000)
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def writing(path: Path, kind: str):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), kind],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stdout.readline() == b"writing\n"
    yield process
    process.kill()
    process.communicate()


def test_a_killed_process_leaves_nothing_where_files_need_no_name(tmp_path) -> None:
    with writing(tmp_path / "file", "nameless") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_removed_but_not_the_file_of_a_living_one(tmp_path) -> None:
    with writing(tmp_path / "killed", "named"):
        pass
    assert len(names(tmp_path)) == 1
    (tmp_path / ".0011223344556677.tutor-part").write_bytes(b"of an earlier version")
    with writing(tmp_path / "living", "named") as living:
        assert len(names(tmp_path)) == 1
        write(tmp_path / "file", b"1")
        assert len(names(tmp_path)) == 2
        living.communicate(b"")
    assert names(tmp_path) == ["file", "living"]


def test_no_other_file_is_taken_for_a_leftover(tmp_path) -> None:
    mine = {"a.tutor-part", ".tutor", ".hidden", "run.tutor"}
    for name in mine:
        (tmp_path / name).touch()
    (tmp_path / ".folder.tutor-part").mkdir()
    (tmp_path / ".link.tutor-part").symlink_to("run.tutor")
    os.mkfifo(tmp_path / ".pipe.tutor-part")
    write(tmp_path / "file", b"1")
    assert mine | {"file", ".folder.tutor-part", ".link.tutor-part"} <= {*names(tmp_path)}


def test_a_locked_file_of_another_program_is_left_alone(tmp_path) -> None:
    path = tmp_path / ".other.tutor-part"
    with open(path, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write(tmp_path / "file", b"1")
        assert path.exists()
