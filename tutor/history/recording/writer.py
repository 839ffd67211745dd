"""Write a recording as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tutor.history.recording.file import BlockWriter, Damage, RecordingError
from tutor.history.recording.messages import Began, Completion, Message, check_size
from tutor.history.recording.validate import Check
from tutor.history.recording.views import printable
from tutor.history.timeline import Doubt
from tutor.schema.frame import Frame
from tutor.wire import messages
from tutor.wire.messages import (
    Completed,
    Digested,
    Edited,
    Ended,
    Launch,
    Printed,
    Started,
    Waited,
    pack,
)


class Writer:
    """What `writing` gives: for each run `begin`, then `take` for whatever its worker says."""

    def __init__(self, file: BlockWriter, path: str | Path) -> None:
        self._file = file
        self._path = path
        self._check = Check()
        self._waited: Waited | None = None

    def begin(
        self,
        name: str,
        launch: Launch,
        parent: int | None = None,
        step: int = 0,
        doubt: Doubt | None = None,
    ) -> None:
        """The messages from now on are those of this run: see `Began`."""
        self._end_run()
        self._write(Began(printable(name, is_name=True), launch, parent, step, doubt))

    def take(self, event: messages.Event) -> None:
        """Add what a run said."""
        match event:
            case Waited():
                self._waited = event
            case Frame():
                self._write(_portable(event))
            case Started():
                # Which process it was means nothing to others.
                self._write(Started(0, event.environment))
            case Ended():
                self._waited = None
                message, traceback = printable(event.message), printable(event.traceback)
                self._write(Ended(event.outcome, message, event.line, traceback))
            case Printed() | Completed() | Edited() | Digested():
                self._write(event)

    def complete(self, shown: int, cursor: int | None) -> None:
        """All runs are told."""
        self._end_run()
        runs, steps, last = self._check.counts(shown)
        self._write(Completion(runs, steps, shown, last if cursor is None else cursor))

    def _end_run(self) -> None:
        if self._waited is not None:
            self._write(self._waited)
            self._waited = None

    def _write(self, message: Message) -> None:
        packed = pack(message)
        try:
            check_size(packed)
            self._check.take(message)
        except Damage as damage:
            # Better no file than one that nobody can open.
            place = self._check.place
            raise RecordingError(f"{self._path} cannot be saved: {place} comes {damage}") from None
        self._file.append(packed)


@contextmanager
def writing(path: str | Path, shown: int = 0, cursor: int | None = None) -> Iterator[Writer]:
    """Write a recording as it comes, holding nothing of it. The file is there once all went well;
    an exception leaves what was there before.

    Args:
        shown, cursor: As in `Recording`; no cursor is the last step.

    Raises:
        RecordingError: the file cannot be written; also from the writer.
    """
    with BlockWriter(path) as file:
        writer = Writer(file, path)
        yield writer
        writer.complete(shown, cursor)


def _portable(frame: Frame) -> Frame:
    """A frame as it lies in a file: what a terminal would obey is written out in it."""
    if not all(map(str.isprintable, frame.changed)):
        changed = {printable(name, is_name=True): view for name, view in frame.changed.items()}
        frame = msgspec.structs.replace(frame, changed=changed)
    if frame.slots or frame.shown or frame.problems:
        frame = msgspec.structs.replace(
            frame,
            slots=_written_out(frame.slots),
            shown=_written_out(frame.shown),
            problems=_written_out(frame.problems),
        )
    return frame if frame.inside is None else msgspec.structs.replace(frame, inside=None)


def _written_out(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return type(value)(map(_written_out, value))
    if isinstance(value, dict):
        return {_written_out(key): _written_out(one) for key, one in value.items()}
    return value
