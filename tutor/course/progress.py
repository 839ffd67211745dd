"""Remember which lessons the learner has done, in a small file in the user's state folder."""

import fcntl
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from tutor.course.catalog import resolve
from tutor.history.new_file import NewFile
from tutor.script.lesson import Lesson


def location() -> Path:
    """Return the path of the file."""
    return user_state_path("tutor") / "progress.json"


def done() -> dict[str, str]:
    """Return the lessons that were done, by name, with the time when each was first done.

    A file that cannot be read counts as empty.
    """
    lessons = (_read() or {}).get("done")
    if not isinstance(lessons, dict):
        return {}
    return {str(name): str(when) for name, when in lessons.items()}


def _read() -> dict[str, Any] | None:
    """Return the content of the file; None if it cannot be read."""
    try:
        found = json.loads(location().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unready(lesson: Lesson) -> str:
    """Return a message that names the prerequisites not done yet; "" if none, or if done before."""
    known = done()
    missing = [name for name in lesson.metadata.after if name not in known]
    if not missing or lesson.slug in known:
        return ""
    return f"This lesson comes after {' and '.join(missing)}, not done yet."


def mark(lesson: Lesson) -> None:
    """Mark a lesson of the course as done; do nothing for any other script.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        own = resolve(lesson.slug)
    except LookupError:
        return
    if own.absolute() == lesson.path.absolute():
        _add(lesson.slug)


def _add(name: str) -> None:
    path = location()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Other windows may write at the same time: read again under the lock, then add.
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found, known = _read(), done()
        if name in known:
            return
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        if found is None and path.exists():
            # The file cannot be read: keep it under another name instead of overwriting it.
            os.replace(path, path.with_suffix(f".damaged-{now}.json"))
        written = (found or {}) | {"done": known | {name: now}}
        with NewFile(path) as new:
            new.write(json.dumps(written, indent=1).encode())
