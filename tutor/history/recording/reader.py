"""Read a recording message by message, without holding its runs in memory."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tutor.history.recording.file import (
    Damage,
    RecordingError,
    Truncated,
    is_recording,
    payloads,
    run_number,
    split,
)
from tutor.history.recording.messages import Event, Footer, Message, RunHeader, decode
from tutor.history.recording.validate import Validator
from tutor.schema.frame import Frame, TensorView
from tutor.schema.printable import printable
from tutor.wire.messages import FOREVER, Edited, Ended, Started, Waited

SUFFIX = ".tutor"
"""The usual suffix of a recording's name."""

_QUOTED = 100
"""The most characters of a reason in an error."""


def messages(path: str | Path) -> Iterator[Message]:
    """Yield the messages of a file, each one validated.

    Raises:
        RecordingError: there is no recording, or the next message is damaged.
    """
    validator = Validator()
    try:
        for payload in payloads(path):
            for body in split(payload):
                message = decode(body)
                validator.validate(message, len(body))
                yield message
        if not validator.is_complete:
            raise Truncated("cut off")
    except Damage as damage:
        # The text may quote the file.
        reason = printable(str(damage), one_line=True)[:_QUOTED]
        problem = f"damaged {validator.place} ({reason})"
        if isinstance(damage, Truncated):
            problem = f"cut off, its end is missing ({validator.place})"
        raise RecordingError(f"{path}: {problem}: copy it again, or save it again") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordingError(f"{path} cannot be read: {reason}") from None


class Step(NamedTuple):
    """One step of a recorded run."""

    frame: Frame
    edited: dict[str, TensorView | None]
    """The values that the learner edited after it."""


class Reader:
    """Reads the runs of a recording from its file, which is validated once when it is opened.

    Raises:
        RecordingError: there is no recording, or it is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self.runs = [one for one in messages(path) if isinstance(one, RunHeader)]

    def number(self, branch: str) -> int:
        """Return the number of the run with this name.

        Raises:
            RecordingError: there is none.
        """
        return run_number(self._path, branch, [run.name for run in self.runs])

    def events(self, number: int) -> Iterator[Event]:
        """Yield the events of a run, including the steps before its fork."""
        lasts: dict[int, int] = {}  # number of an ancestor -> the last step that is shared with it
        at, last = number, FOREVER
        while (parent := self.runs[at].parent) is not None:
            last = min(last, self.runs[at].step)
            at = parent
            lasts[at] = last
        at = -1
        for message in messages(self._path):
            if isinstance(message, RunHeader):
                at += 1
            elif isinstance(message, Footer):
                return
            elif at == number or (at in lasts and _is_shared(message, lasts[at])):
                yield message

    def steps(self, number: int) -> Iterator[Step]:
        """Yield the steps of a run, including the steps before its fork."""
        step: Step | None = None
        for event in self.events(number):
            if isinstance(event, Frame):
                if step is not None:
                    yield step
                step = Step(event, {})
            elif isinstance(event, Edited) and step is not None:
                step.edited.update(event.changed)
        if step is not None:
            yield step


def locate(target: str) -> tuple[str, str | None] | None:
    """Return the file and the branch of `FILE` or `FILE@BRANCH`; None if it names no recording.

    The branch is None for the first run.
    """
    # Files and branches may have an @ in their names.
    places: list[tuple[str, str | None]] = [(target, None)]
    places += [(target[: at.start()], target[at.end() :]) for at in re.finditer("@", target)]
    for path, branch in places:
        if is_recording(path):
            return path, branch
    return next((place for place in places if place[0].endswith(SUFFIX)), None)


def find(target: str) -> tuple[Reader, int]:
    """Open the recording of `FILE` or `FILE@BRANCH`; return its reader and the number of the run.

    Raises:
        RecordingError: there is no such recording or branch.
    """
    path, branch = locate(target) or (target, None)
    reader = Reader(path)
    return reader, 0 if branch is None else reader.number(branch)


def _is_shared(event: Event, last: int) -> bool:
    """Return True if a branch shares this event of its parent, from which it forked after `last`.

    The parent's environment and end are not shared: a branch has its own.
    """
    match event:
        case Started() | Waited() | Ended():
            return False
        case _:
            return event.step <= last
