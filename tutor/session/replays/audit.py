"""Audit the gradients of a recorded backward pass: a second run replays to it and measures them."""

from collections.abc import Callable, Sequence

from tutor.history.timeline import Timeline
from tutor.insight import audit
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.replay import Replay
from tutor.wire.messages import Audited, Ended, Event, Launch


class AuditReplay(Replay):
    """Measures once.

    Args:
        names: The parameters to audit; none for every leaf that the pass reached.
        step: The step that ran the pass.
        compare: Pairs of names that should agree.
    """

    def __init__(
        self,
        engine: AnyEngine,
        launch: Launch,
        wake: Callable[[], None],
        names: Sequence[str],
        step: int,
        compare: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(engine, launch, wake)
        self._names = names
        self._compare = compare
        self.step = step
        self.problem = f"replaying to step {step}…"
        """Why there is nothing to show (yet), in one line."""
        self.checked: list[audit.Checked] = []

    def start(self, timeline: Timeline) -> None:
        """Replay to the backward pass."""
        self._start(audit.audit_job(self._launch, timeline, self._names, self.step), self.step)

    def receive(self, event: Event, agrees: bool, timeline: Timeline) -> None:
        if isinstance(event, Audited):
            self.checked = [
                audit.check(one, timeline, self.step, self._compare) for one in event.audits
            ]
            self.problem = "" if self.checked else "no leaf got a gradient here"
        elif isinstance(event, Ended) and not self.checked:
            self.problem = event.message or "the replay ended before it came there"
