"""Take digests and make the learner's edits between two steps of a run."""

from collections import defaultdict
from typing import Any, NoReturn

from tutor.wire.messages import DIGESTED, FOREVER, Digested, Edited, Ended, Job
from tutor.wire.shared_page import Sender
from tutor.worker import process, torch_private
from tutor.worker.capture.capture import Capture
from tutor.worker.capture.digest import digest
from tutor.worker.edits import EditError, apply


class BetweenSteps:
    """Does this after the same steps in a recorded run and in its replays.

    Args:
        namespace: The script's globals.
        job: Has the edits.
        capture: Finds what an edit changed.
        sender: Sends digests and changes.
    """

    def __init__(
        self, namespace: dict[str, Any], job: Job, capture: Capture, sender: Sender
    ) -> None:
        self._namespace = namespace
        self._begin = job.begin
        self._capture = capture
        self._sender = sender
        self._edits = defaultdict(list)
        for edit in sorted(job.launch.edits, key=lambda edit: edit.step):
            self._edits[edit.step].append(edit)
        self.due = 0
        """The next step after which there is a digest or an edit."""
        self._plan(0)

    def run(self, step: int) -> None:
        """Take the digest and make the edits that are due after `step`, if any are."""
        if step % DIGESTED == 0:
            with torch_private.unobserved():
                found = digest(self._namespace)
            self._sender.append(Digested(step, found))
        if step in self._edits:
            self._edit(step)
        self._plan(step)

    def end_within(self, step: int) -> None:
        """Refuse the edits after `step`: the script ended within it."""
        if step in self._edits:
            self._refuse(step, "the script came to its end within it")

    def _plan(self, step: int) -> None:
        edited = next((one for one in self._edits if one > step), FOREVER)
        self.due = min(edited, (step // DIGESTED + 1) * DIGESTED)

    def _edit(self, step: int) -> None:
        """Make the edits after `step`; where steps are recorded, send what they changed."""
        for edit in self._edits[step]:
            try:
                apply(self._namespace, edit)
            except EditError as error:
                self._refuse(step, str(error))
        if step > self._begin:
            with torch_private.unobserved():
                changed = self._capture.changes(complete=True)
            self._sender.append(Edited(step, changed))

    def _refuse(self, step: int, problem: str) -> NoReturn:
        """End the run, and say why the edit is impossible."""
        process.leave(self._sender, Ended("refused", f"edit at step {step}: {problem}"))
