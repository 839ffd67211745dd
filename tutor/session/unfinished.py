"""What was recorded when the screen ended otherwise than by the learner's key.

A connection that drops, a signal or a fault of this program must not take what the learner did with
it: all runs are written to the user's state folder first, and can be continued from there.
"""

import contextlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

if TYPE_CHECKING:
    from tutor.session.branches import Branches

_SUFFIX = ".tutor"

KEPT = 5
"""The most recordings that are kept: the newest."""

MOST = 2**30
"""The most bytes of all of them. The newest is kept whatever its size."""


def folders() -> tuple[Path, Path]:
    """Return where they are kept, and where if that cannot be written to, as on a full disk."""
    temporary = Path(tempfile.gettempdir()) / f"tutor-unfinished-{os.getuid()}"
    return user_state_path("tutor") / "unfinished", temporary


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

    recording = recorded(branches)
    for run in recording.runs:
        run.folder = working_folder()
    problems: list[RecordingError] = []
    for folder in folders():
        path = folder / f"{datetime.now():%Y-%m-%d-%H%M%S-%f}-{name}{_SUFFIX}"
        try:
            with contextlib.suppress(OSError):  # saving says why it cannot be written to
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            save(path, recording)
            with contextlib.suppress(OSError):  # others cannot look into the folder anyway
                path.chmod(0o600)
        except RecordingError as error:
            problems.append(error)
        else:
            _drop_oldest()
            return path
    raise problems[0]


def latest() -> Path | None:
    """Return the newest recording; None if there is none."""
    return next(iter(_newest_first()), None)


def script_of(path: Path) -> str:
    """Return the name of the script whose runs are in a file that `keep` wrote."""
    return path.stem.split("-", 5)[-1]


def forget(path: Path) -> None:
    """Drop a recording: it was continued, and left by the learner's key or kept anew."""
    with contextlib.suppress(OSError):  # at worst it is offered once more
        path.unlink()


def _newest_first() -> list[Path]:
    found: list[Path] = []
    for folder in folders():
        # Others may write into the folder for temporary files: what lies there must be the user's.
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid():
                found += folder.glob(f"*{_SUFFIX}")
    return sorted(found, key=lambda path: path.name, reverse=True)


def _drop_oldest() -> None:
    size = 0
    for number, path in enumerate(_newest_first()):
        with contextlib.suppress(OSError):
            size += path.stat().st_size
        if number and (number >= KEPT or size > MOST):
            forget(path)
