"""Audit the gradients of a recorded backward pass: a replay to its step measures them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tutor.history.timeline import Timeline
from tutor.insight import audit
from tutor.schema.frame import GRAD
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.replay import Replay
from tutor.session.session import Session
from tutor.wire.messages import Audited, Ended, Event, Launch


class AuditTarget(NamedTuple):
    """A recorded backward pass, and what is audited of it."""

    step: int
    names: Sequence[str]
    """Parameters; none for every leaf that the pass reached."""


def last_backward_pass(session: Session, picked: str | None) -> AuditTarget | None:
    """Return the last backward pass up to the cursor; None if there was none.

    Args:
        picked: The value that the learner picked; it alone is audited if it requires a gradient.
    """
    timeline = session.timeline
    owner = picked.removesuffix(GRAD) if picked else ""
    view = session.moment.view(owner)
    name = owner if view is not None and view.requires_grad else None
    past = [step for step in audit.backward_steps(timeline, name) if step <= session.cursor]
    if not past:
        return None
    return AuditTarget(past[-1], [name] if name else audit.changed_gradients(timeline, past[-1]))


class AuditReplay(Replay):
    """A replay that measures once.

    Args:
        compare: Pairs of names that should agree.
    """

    def __init__(
        self,
        engine: AnyEngine,
        launch: Launch,
        wake: Callable[[], None],
        audited: AuditTarget,
        compare: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(engine, launch, wake)
        self.audited = audited
        self._compare = compare
        self.problem = f"replaying to step {audited.step}…"
        """Why there is nothing to show (yet), in one line."""
        self.checked: list[audit.Checked] = []

    def start(self, timeline: Timeline) -> None:
        """Replay to the backward pass."""
        step, names = self.audited
        self._start(audit.audit_job(self._launch, timeline, names, step), step)

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        if isinstance(event, Audited):
            self.checked = [
                audit.check(one, timeline, self.audited.step, self._compare) for one in event.audits
            ]
            self.problem = "" if self.checked else "no leaf got a gradient here"
        elif isinstance(event, Ended) and not self.checked:
            self.problem = event.message or "the replay ended before it reached that step"
