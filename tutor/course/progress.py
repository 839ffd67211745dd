"""Which lessons the learner has done: a small file in their own folder for state."""

import fcntl
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from tutor.course.catalog import resolve
from tutor.script.lesson import Lesson


def location() -> Path:
    """Where it is kept."""
    return user_state_path("tutor") / "progress.json"


def done() -> dict[str, str]:
    """The lessons that were walked to their end, by name, and when that was first so. What cannot
    be read counts as nothing."""
    lessons = (_read() or {}).get("done")
    if not isinstance(lessons, dict):
        return {}
    return {str(name): str(when) for name, when in lessons.items()}


def _read() -> dict[str, Any] | None:
    """What the file holds; None where it cannot be read."""
    try:
        found = json.loads(location().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unready(lesson: Lesson) -> str:
    """What is said where a lesson comes too early; "" where it does not."""
    known = done()
    missing = [name for name in lesson.metadata.after if name not in known]
    if not missing or lesson.slug in known:
        return ""
    return f"This lesson comes after {' and '.join(missing)}, not done yet."


def mark(lesson: Lesson) -> None:
    """Note that a lesson of the course was walked to its end; other scripts are not noted.

    Raises:
        OSError: it cannot be written.
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
    # Several may learn at once: each adds to what is there by then.
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found, known = _read(), done()
        if name in known:
            return
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        if found is None and path.exists():
            # It says nothing that can be read: it is kept aside rather than written over.
            os.replace(path, path.with_suffix(f".damaged-{now}.json"))
        new = path.with_suffix(".new")
        written = (found or {}) | {"done": known | {name: now}}
        new.write_text(json.dumps(written, indent=1), encoding="utf-8")
        os.replace(new, path)
