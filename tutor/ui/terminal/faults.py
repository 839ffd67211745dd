"""Describe a fault of this program: one line for the learner, the traceback in a file."""

import traceback
from pathlib import Path

from platformdirs import user_state_path

from tutor.history.new_file import NewFile


def describe_fault(error: BaseException) -> str:
    """Return one line that says what failed and where; its traceback goes to a file, if it can."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    reason = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
    text = f"the screen failed ({reason}{place})"
    path = user_state_path("tutor") / "fault.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NewFile(path) as file:
            file.write("".join(traceback.format_exception(error)).encode())
    except OSError:
        return text
    return f"{text}, details in {path}"
