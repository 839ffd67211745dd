"""Read a recording message by message, without holding it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tutor.history.recording.file import (
    CutOff,
    Damage,
    RecordingError,
    is_recording,
    number_of,
    payloads,
    split,
)
from tutor.history.recording.messages import Began, Completion, Event, Message, decode
from tutor.history.recording.validate import Check
from tutor.history.recording.views import printable
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import FOREVER, Edited, Ended, Started, Waited

SUFFIX = ".tutor"
"""What the name of a recording usually ends in."""

_TOLD = 100
"""Characters of what is wrong that are told."""


def messages(path: str | Path) -> Iterator[Message]:
    """What a file holds, each message checked.

    Raises:
        RecordingError: there is no recording, or what comes now is damaged.
    """
    check = Check()
    try:
        for payload in payloads(path):
            for body in split(payload):
                message = decode(body)
                check.take(message)
                yield message
        if not check.is_complete:
            raise CutOff("cut off")
    except Damage as damage:
        # It may quote what lies there.
        reason = printable(str(damage), is_name=True)[:_TOLD]
        told = f"damaged {check.place} ({reason})"
        if isinstance(damage, CutOff):
            told = f"cut off, its end is missing ({check.place})"
        raise RecordingError(f"{path}: {told}: copy it again, or save it again") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordingError(f"{path} cannot be read: {reason}") from None


class Step(NamedTuple):
    """One step of a recorded run."""

    frame: Frame
    edited: dict[str, TensorView | None]
    """What the learner changed after it."""


class Reader:
    """A recording that stays in its file: read once to the end and found whole.

    Raises:
        RecordingError: it is not.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self.runs = [one for one in messages(path) if isinstance(one, Began)]

    def number(self, branch: str) -> int:
        """The number of the run of this name.

        Raises:
            RecordingError: there is none.
        """
        return number_of(self._path, branch, [run.name for run in self.runs])

    def events(self, number: int) -> Iterator[Event]:
        """What the run of this number did, the steps before its fork included."""
        # Of the runs that it goes back to, the last step that it shares with each.
        lasts: dict[int, int] = {}
        at, last = number, FOREVER
        while (parent := self.runs[at].parent) is not None:
            last = min(last, self.runs[at].step)
            at = parent
            lasts[at] = last
        at = -1
        for message in messages(self._path):
            if isinstance(message, Began):
                at += 1
            elif isinstance(message, Completion):
                return
            elif at == number or (at in lasts and _is_past(message, lasts[at])):
                yield message

    def steps(self, number: int) -> Iterator[Step]:
        """Every step of the run of this number."""
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
    """The file and the branch that `FILE` or `FILE@BRANCH` names, no branch being the first run;
    None where it names no recording."""
    # Either may have an @ in its name.
    places: list[tuple[str, str | None]] = [(target, None)]
    places += [(target[: at.start()], target[at.end() :]) for at in re.finditer("@", target)]
    for path, branch in places:
        if is_recording(path):
            return path, branch
    return next((place for place in places if place[0].endswith(SUFFIX)), None)


def find(target: str) -> tuple[Reader, int]:
    """The recording that `FILE` or `FILE@BRANCH` names, and the number of the run in it.

    Raises:
        RecordingError: there is none.
    """
    path, branch = locate(target) or (target, None)
    reader = Reader(path)
    return reader, 0 if branch is None else reader.number(branch)


def _is_past(event: Event, last: int) -> bool:
    """Whether a fork after step `last` shares what a run said. Its environment is not: a branch
    tells its own."""
    match event:
        case Started() | Waited() | Ended():
            return False
        case _:
            return event.step <= last
