"""A cursor inside a statement: which operation the learner looks at."""

import threading
from collections.abc import Callable

from tutor.session.inside_view import InsideView, StepOperations
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.operations import OperationsReplay
from tutor.session.session import Session
from tutor.wire.messages import Launch

_LAST = 10**9
"""Stands for the last row."""

_WITHIN = ("step", "back", "first", "last")
"""The movements of a session that go from operation to operation inside a statement."""

_BACK = 20
"""For how many steps without operations the graph of the last one with operations stays."""


class Microscope:
    """A cursor over the operations of the session's step.

    Args:
        wake: Called from another thread when `drain` has something.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self.replay = OperationsReplay(engine, launch, wake)
        self.is_open = False
        self._wake = wake
        self._interior = StepOperations()
        self._interior_of = (0, 0)
        self._reader: threading.Thread | None = None
        """Reads the operations of a large step."""
        self._row = 0
        self._step = 0
        self._past = False
        """Whether the cursor is in the statement that raised, after the last step."""

    @property
    def place(self) -> tuple[bool, int, int, bool]:
        """Where the cursor is, to come back to."""
        return self.is_open, self._step, self._row, self._past

    @place.setter
    def place(self, place: tuple[bool, int, int, bool]) -> None:
        self.is_open, self._step, self._row, self._past = place

    # Moving

    def enter(self, session: Session) -> str:
        """Go inside the statement of this step. Return why that cannot be, in one line, else ""."""
        self._past = _has_failed(session)
        if not session.cursor and not self._past:
            return "no statement has run yet: → runs one, then i looks into it"
        self.is_open, self._row, self._step = True, 0, self._target(session)
        return ""

    def leave(self) -> None:
        self.is_open = self._past = False

    def move(self, session: Session, what: str) -> bool:
        """Make a movement of the session inside the statement; return False if it leads out.

        Beyond the last operation the next statement follows, before the first the one before.
        """
        if not self.is_open:
            return False
        if self._is_awaited(session) and what in _WITHIN:
            return True  # no operations are known yet; `o` still leads out
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
        """Return True if the operations of the statement are not known yet."""
        step, replay = self._target(session), self.replay
        return replay.failure is None and (not replay.has(step) or self._read(step) is None)

    @property
    def is_past(self) -> bool:
        """Whether the cursor is in the statement that ended the run."""
        return self.is_open and self._past

    # Looking

    def attend(self, session: Session, is_seen: bool) -> None:
        """Request the operations that the screen shows.

        Args:
            is_seen: Whether a pane shows them from outside too.
        """
        if self.is_open or is_seen:
            self.replay.attend(session.timeline, self._target(session))

    def lens(self, session: Session) -> InsideView:
        """Return what the panes show."""
        step = self._target(session)
        if step != self._step:
            # The session moved on: start at the first operation of the new step.
            self._step, self._row = step, 0
        replay = self.replay
        inside = replay.inside(step)
        if not self.is_open and inside is None and replay.has(step):
            before = range(step - 1, max(0, step - _BACK), -1)
            step = next((one for one in before if replay.inside(one)), step)
        interior = self._read(step)
        if interior is None:
            return InsideView(step, note="reading many operations…")
        if not self.is_open or not interior.rows:
            return InsideView(step, interior, None, self._note(step))
        row = min(self._row, len(interior.rows) - 1)
        moment = session.timeline.at(min(step, session.tip))
        return InsideView(step, interior, row, self._note(step), moment)

    def _read(self, step: int) -> StepOperations | None:
        """Return the operations of a step; None while a thread reads them."""
        replay = self.replay
        inside = replay.inside(step)
        if self._interior.inside is not inside or self._interior_of != (step, replay.number):
            self._interior = StepOperations(inside, replay.known(step), replay.labels)
            self._interior_of = (step, replay.number)
        interior = self._interior
        if not interior.is_large or interior.is_ready:
            return interior
        if self._reader is None or not self._reader.is_alive():
            self._reader = threading.Thread(target=self._prepare, args=(interior,), daemon=True)
            self._reader.start()
        return None

    def _prepare(self, interior: StepOperations) -> None:
        """Read a large step. Runs in a thread."""
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
            return "approximate: the replay computed other numbers than the run"
        inside = replay.inside(step)
        if inside is None or not inside.operations:
            return "no torch operation in this statement: ← and → go on"
        return "not seen: " + "; ".join(inside.unseen) if inside.unseen else ""

    def _target(self, session: Session) -> int:
        """Return the step to look into."""
        if self._past and not _has_failed(session):
            self._past = False
        return session.tip + 1 if self._past else session.cursor


def _has_failed(session: Session) -> bool:
    """Return True if the session is at the end of a run whose last statement raised."""
    ended = session.ended
    return ended is not None and ended.outcome == "raised" and session.cursor == session.tip
