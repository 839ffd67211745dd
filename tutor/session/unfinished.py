"""What was recorded when the screen ended otherwise than by the learner's key.

A connection that drops, a signal or a fault of this program must not take what the learner did with
it: all runs are written to the user's state folder first, and can be continued from there.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

if TYPE_CHECKING:
    from tutor.session.branches import Branches

_SUFFIX = ".tutor"
_LEFT = ".left"

_NAME = 200
"""Characters of the script's name in a file's name, which may have 255 bytes."""

STEPS = 500_000
"""The most steps that are kept of a run: that takes some seconds. Going on runs the rest again."""

KEPT = 5
"""The most recordings that are kept: the newest."""

MOST = 2**30
"""The most bytes of all of them. The newest is kept whatever its size."""


def folders() -> Iterator[Path]:
    """Yield where they are kept, and where if that cannot be written to, as on a full disk."""
    yield user_state_path("tutor") / "unfinished"
    # Not `tempfile.gettempdir`: it may be the working folder, where others may have put files.
    yield Path(os.environ.get("TMPDIR", "/tmp")) / f"tutor-unfinished-{os.getuid()}"


def keep(branches: "Branches", name: str) -> Path:
    """Write all runs of a script, and drop the oldest recordings beyond `KEPT` and `MOST`.

    Args:
        name: The script's, for the file name.

    Raises:
        RecordingError: no folder can be written to, with the reason of the first.
    """
    # Imported here so that the menu, which asks for the latest, does not wait for them.
    from tutor.history.recording.file import RecordingError
    from tutor.history.recording.tree import save
    from tutor.session.archive import recorded
    from tutor.wire.control import working_folder

    recording = recorded(branches, STEPS)
    for run in recording.runs:
        run.folder = working_folder()
    problems: list[RecordingError] = []
    for folder in folders():
        path = folder / f"{datetime.now():%Y-%m-%d-%H%M%S-%f}-{name[:_NAME]}{_SUFFIX}"
        try:
            with contextlib.suppress(OSError):  # saving says why it cannot be written to
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(folder):
                raise RecordingError(f"{folder} belongs to another user")
            save(path, recording)
        except RecordingError as error:
            problems.append(error)
        else:
            with contextlib.suppress(OSError):  # others cannot look into the folder anyway
                path.chmod(0o600)
            _drop_oldest()
            return path
    raise problems[0]


def latest(is_new: bool = False) -> Path | None:
    """Return the newest recording; None if there is none.

    Args:
        is_new: Pass over those that were continued and left since.
    """
    found = (path for path in _newest_first() if not (is_new and _LEFT in path.suffixes))
    return next(found, None)


def script_of(path: Path) -> str:
    """Return the name of the script whose runs are in a file that `keep` wrote."""
    return path.stem.removesuffix(_LEFT).split("-", 5)[-1]


def set_aside(path: Path) -> None:
    """Offer a recording no more: it was continued, and left by the learner's key."""
    if _LEFT not in path.suffixes:
        with contextlib.suppress(OSError):  # at worst it is offered once more
            path.rename(path.with_suffix(f"{_LEFT}{_SUFFIX}"))


def forget(path: Path) -> None:
    """Drop a recording: what it has was kept anew, or there are newer ones."""
    with contextlib.suppress(OSError):  # at worst it is offered once more
        path.unlink()


def _newest_first() -> list[Path]:
    found: list[Path] = []
    for folder in folders():
        if _is_ours(folder):
            found += folder.glob(f"*{_SUFFIX}")
    return sorted(found, key=lambda path: path.name, reverse=True)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is the user's alone: in /tmp anybody may have made it, or a link."""
    try:
        found = folder.lstat()
    except OSError:
        return not folder.exists()  # saving says why there is none
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _drop_oldest() -> None:
    size = 0
    for number, path in enumerate(_newest_first()):
        with contextlib.suppress(OSError):
            size += path.stat().st_size
        if number and (number >= KEPT or size > MOST):
            forget(path)
