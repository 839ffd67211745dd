"""Write a recording message by message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tutor.history.recording.file import BlockWriter, Damage, RecordingError
from tutor.history.recording.messages import Footer, Message, RunHeader, check_size
from tutor.history.recording.validate import Validator
from tutor.history.timeline import Divergence
from tutor.schema.frame import Frame
from tutor.schema.printable import printable
from tutor.wire import messages
from tutor.wire.messages import Completed, Digested, Edited, Ended, Launch, Printed, Started, Waited
from tutor.wire.stream import pack


class Writer:
    """Writes runs: `begin` for each run, then `take` for each event of its worker."""

    def __init__(self, file: BlockWriter, path: str | Path) -> None:
        self._file = file
        self._path = path
        self._validator = Validator()
        self._waited: Waited | None = None

    def begin(
        self,
        name: str,
        launch: Launch,
        parent: int | None = None,
        step: int = 0,
        divergence: Divergence | None = None,
        folder: str = "",
    ) -> None:
        """Begin a run, to which the following events belong. See `RunHeader`."""
        self._end_run()
        launch = msgspec.structs.replace(
            launch,
            path=printable(launch.path, one_line=True),
            slots=_escaped(launch.slots),
            show=_escaped(launch.show),
        )
        name, folder = printable(name, one_line=True), printable(folder, one_line=True)
        self._write(RunHeader(name, launch, parent, step, divergence, folder))

    def take(self, event: messages.Event) -> None:
        """Add an event of the run."""
        match event:
            case Waited():
                self._waited = event
            case Frame():
                self._write(_portable(event))
            case Started():
                # The process id means nothing to others.
                self._write(Started(0, event.environment))
            case Ended():
                self._waited = None
                message, traceback = printable(event.message), printable(event.traceback)
                self._write(
                    msgspec.structs.replace(
                        event, message=message, traceback=traceback, inside=None
                    )
                )
            case Printed() | Completed() | Edited() | Digested():
                self._write(event)

    def complete(self, shown: int, cursor: int | None) -> None:
        """Write the footer after all runs."""
        self._end_run()
        runs, steps, last = self._validator.counts(shown)
        self._write(Footer(runs, steps, shown, last if cursor is None else cursor))

    def _end_run(self) -> None:
        if self._waited is not None:
            self._write(self._waited)
            self._waited = None

    def _write(self, message: Message) -> None:
        packed = pack(message)
        try:
            check_size(packed)
            self._validator.validate(message, len(packed))
        except Damage as damage:
            # A file that cannot be opened is worse than none.
            place = self._validator.place
            raise RecordingError(f"{self._path} cannot be saved: {place} comes {damage}") from None
        self._file.append(packed)


@contextmanager
def writing(path: str | Path, shown: int = 0, cursor: int | None = None) -> Iterator[Writer]:
    """Write a recording without holding it in memory.

    The file appears at the end of the `with` block. An exception in the block keeps the old file.

    Args:
        shown, cursor: As in `Recording`; None stands for the last step.

    Raises:
        RecordingError: the file cannot be written. The writer's methods raise it, too.
    """
    with BlockWriter(path) as file:
        writer = Writer(file, path)
        yield writer
        writer.complete(shown, cursor)


def _portable(frame: Frame) -> Frame:
    """Return a frame for a file: with control characters escaped, and without operations."""
    if not all(map(str.isprintable, frame.changed)):
        changed = {printable(name, one_line=True): view for name, view in frame.changed.items()}
        frame = msgspec.structs.replace(frame, changed=changed)
    if frame.slots or frame.shown or frame.problems:
        frame = msgspec.structs.replace(
            frame,
            slots=_escaped(frame.slots),
            shown=_escaped(frame.shown),
            problems=_escaped(frame.problems),
        )
    return frame if frame.inside is None else msgspec.structs.replace(frame, inside=None)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return type(value)(map(_escaped, value))
    if isinstance(value, dict):
        return {_escaped(key): _escaped(one) for key, one in value.items()}
    return value
