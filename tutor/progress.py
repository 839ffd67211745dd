"""Which lessons the learner has done: a small file in their own folder for state."""

import fcntl
import json
import os
from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path

from tutor.catalog import neighbours
from tutor.lesson import Lesson


def location() -> Path:
    """Where it is kept."""
    return user_state_path("tutor") / "progress.json"


def done() -> dict[str, str]:
    """The lessons that were walked to their end, by name, and when that was first so. What cannot
    be read counts as nothing."""
    try:
        found = json.loads(location().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    lessons = found.get("done") if isinstance(found, dict) else None
    if not isinstance(lessons, dict):
        return {}
    return {str(name): str(when) for name, when in lessons.items()}


def unready(lesson: Lesson) -> str:
    """What is said where a lesson comes too early; "" where it does not."""
    known = done()
    missing = [name for name in lesson.metadata.after if name not in known]
    if not missing or lesson.slug in known:
        return ""
    return f"This lesson comes after {' and '.join(missing)}, not done yet."


def mark(lesson: Lesson) -> None:
    """Note that a lesson was walked to its end; a script that is none is not noted.

    Raises:
        OSError: it cannot be written.
    """
    if lesson.path.absolute() in neighbours(lesson.path).values():
        _add(lesson.slug)


def _add(name: str) -> None:
    path = location()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several may learn at once: each adds to what is there by then.
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = done()
        if name in known:
            return
        if not known and path.exists():
            # It says nothing that can be read: it is kept aside rather than written over.
            os.replace(path, path.with_suffix(".damaged.json"))
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"done": known | {name: when}}, indent=1), encoding="utf-8")
        os.replace(new, path)
