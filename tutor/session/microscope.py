"""The learner inside a statement: which operation they are at. Knows no widget."""

import threading
from collections.abc import Callable

from tutor.session.inside_view import Interior, Lens
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.operations import OperationsReplay
from tutor.session.session import Session
from tutor.wire.messages import Launch

_LAST = 10**9
"""As a row: the last one."""

_WITHIN = ("step", "back", "first", "last")
"""The session's movements that go from operation to operation inside a statement."""

_BACK = 20
"""Steps that the graph of an earlier one stays for while statements ask torch for nothing."""


class Microscope:
    """A cursor over the operations of the step that the session is at.

    Args:
        wake: Called from another thread when `drain` has something.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self.replay = OperationsReplay(engine, launch, wake)
        self.is_open = False
        self._wake = wake
        self._interior = Interior()
        self._interior_of = (0, 0)
        self._reader: threading.Thread | None = None
        """Reads a large step, one at a time."""
        self._row = 0
        self._step = 0
        self._past = False
        """Whether the learner looks into the statement after the last step, which raised."""

    def close(self) -> None:
        self.replay.close()

    @property
    def place(self) -> tuple[bool, int, int, bool]:
        """Where the learner is, to come back to."""
        return self.is_open, self._step, self._row, self._past

    @place.setter
    def place(self, place: tuple[bool, int, int, bool]) -> None:
        self.is_open, self._step, self._row, self._past = place

    # Moving

    def enter(self, session: Session) -> str:
        """Go inside the statement at the cursor; a line if there is none."""
        self._past = _has_failed(session)
        if not session.cursor and not self._past:
            return "no statement has run yet: → runs one, then i looks into it"
        self.is_open, self._row, self._step = True, 0, self._target(session)
        return ""

    def leave(self) -> None:
        self.is_open = self._past = False

    def move(self, session: Session, what: str) -> bool:
        """Carry out a movement of the session's inside the statement; False if it is none.

        Beyond the last operation the next statement follows, before the first the one before.
        """
        if not self.is_open:
            return False
        if self._is_awaited(session) and what in _WITHIN:
            return True  # what is not there yet cannot be walked; `o` still leads out
        count = len(self.lens(session).rows)
        row = min(self._row, count - 1)
        if what == "step" and row + 1 < count:
            self._row = row + 1
        elif what == "back" and row > 0:
            self._row = row - 1
        elif what == "first" and count:
            self._row = 0
        elif what == "last" and count:
            self._row = count - 1
        elif what == "step" and _has_failed(session) and not self._past:
            self._past, self._row = True, 0
        elif what == "step" and self._past:
            pass
        elif what == "back" and self._past:
            self._past, self._row = False, _LAST
        elif what == "back":
            session.back()
            self._row = _LAST
        else:
            self._past = False
            return False
        self._step = self._target(session)
        return True

    def _is_awaited(self, session: Session) -> bool:
        """Whether the operations of the statement are still to come."""
        step, replay = self._target(session), self.replay
        return replay.failure is None and (not replay.has(step) or self._read(step) is None)

    @property
    def is_past(self) -> bool:
        """Whether the learner looks into the statement that ended the run."""
        return self.is_open and self._past

    # Looking

    def attend(self, session: Session, is_seen: bool) -> None:
        """See to it that what is on the screen is known.

        Args:
            is_seen: Whether a pane shows it from outside too.
        """
        if self.is_open or is_seen:
            self.replay.attend(session.timeline, self._target(session))

    def lens(self, session: Session) -> Lens:
        """What the panes show."""
        step = self._target(session)
        if step != self._step:
            # The session went on: the next statement begins at its first operation.
            self._step, self._row = step, 0
        replay = self.replay
        inside = replay.inside(step)
        if not self.is_open and inside is None and replay.has(step):
            before = range(step - 1, max(0, step - _BACK), -1)
            step = next((one for one in before if replay.inside(one)), step)
        interior = self._read(step)
        if interior is None:
            return Lens(step, note="reading many operations…")
        if not self.is_open or not interior.rows:
            return Lens(step, interior, None, self._note(step))
        row = min(self._row, len(interior.rows) - 1)
        moment = session.timeline.at(min(step, session.tip))
        return Lens(step, interior, row, self._note(step), moment)

    def _read(self, step: int) -> Interior | None:
        """The operations of a step; None while a thread reads them."""
        replay = self.replay
        inside = replay.inside(step)
        if self._interior.inside is not inside or self._interior_of != (step, replay.number):
            self._interior = Interior(inside, replay.known(step), replay.labels)
            self._interior_of = (step, replay.number)
        interior = self._interior
        if not interior.is_large or interior.is_ready:
            return interior
        if self._reader is None or not self._reader.is_alive():
            self._reader = threading.Thread(target=self._prepare, args=(interior,), daemon=True)
            self._reader.start()
        return None

    def _prepare(self, interior: Interior) -> None:
        """In a thread."""
        try:
            interior.prepare()
        finally:
            interior.is_ready = True
            self._reader = None
            self._wake()

    def _note(self, step: int) -> str:
        replay = self.replay
        if not step:
            return "no statement has run yet"
        if replay.failure is not None:
            return f"the replay did not come here: {replay.failure.message or 'it ended before'}"
        if not replay.has(step):
            return "replaying…"
        if step in replay.diverged:
            return "approximate: the replay came to other numbers than the run"
        inside = replay.inside(step)
        if inside is None or not inside.operations:
            return "no operation of torch's here: ← and → walk on"
        return "not seen: " + "; ".join(inside.unseen) if inside.unseen else ""

    def _target(self, session: Session) -> int:
        """The step that is looked into."""
        if self._past and not _has_failed(session):
            self._past = False
        return session.tip + 1 if self._past else session.cursor


def _has_failed(session: Session) -> bool:
    """Whether the learner is at the end of a run that a statement ended by raising."""
    ended = session.ended
    return ended is not None and ended.outcome == "raised" and session.cursor == session.tip
