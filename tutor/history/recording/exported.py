"""Write what a recording was converted to: to a file, or to stdout."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tutor.history.new_file import NewFile
from tutor.history.recording.file import RecordingError, is_recording


@contextmanager
def exported(output: str | None) -> Iterator[TextIO]:
    """Open the file to write to, in UTF-8; it replaces the old one at the end of the `with` block.

    Args:
        output: A path; None for stdout.

    Raises:
        RecordingError: it is a recording, or cannot be written.
    """
    if output is None:
        yield sys.stdout
        return
    if is_recording(output):
        raise RecordingError(f"{output} is a recording and is not written over: name another file")
    try:
        with NewFile(output) as file:
            text = io.TextIOWrapper(file, "utf-8", newline="")
            yield text
            text.flush()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordingError(f"{output} cannot be written: {reason}") from None
