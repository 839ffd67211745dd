"""Save all runs to a file."""

from functools import partial
from pathlib import Path
from typing import ClassVar

from tutor.history.recording.file import RecordingError
from tutor.history.recording.tree import Recording, save
from tutor.session.archive import recorded
from tutor.session.branch import Branch
from tutor.ui.dialogs.save import SaveDialog
from tutor.ui.features.feature import Feature, Key


class Saving(Feature):
    KEYS: ClassVar = (Key("s", "save", "save", "Save all runs to a file"),)

    def action_save(self) -> None:
        if self.controller.session.tip:
            self._ask()
        else:
            self.controller.warn("nothing is recorded yet: → runs a statement")

    def _ask(self, typed: str = "", problem: str = "") -> None:
        dialog = SaveDialog(self.controller.lesson.slug, typed, problem)
        self.open(dialog, self._save)

    def _save(self, path: Path | None) -> None:
        if path is not None:
            branches = self.controller.branches
            recording = recorded(branches)
            saved = {branch: branch.session.tip for branch in branches.all}
            # Packing many steps takes a second, so a thread does it.
            write = partial(self._write, path, recording, saved)
            self.screen.run_worker(write, thread=True, group="save")

    def _write(self, path: Path, recording: Recording, saved: dict[Branch, int]) -> None:
        """Write the file, and note what is in it. Runs in a thread.

        Args:
            saved: The runs, and how many steps of each.
        """
        try:
            save(path, recording)
        except RecordingError as problem:
            self.screen.call_later(self._ask, str(path), str(problem))
        else:
            self.controller.saved = saved
            steps = sum(len(run.timeline) - run.step for run in recording.runs)
            text = f"{steps:,} steps in {path} ({_readable(path.stat().st_size)})"
            self.screen.call_later(self.screen.notify, text, title="saved")


def _readable(size: int) -> str:
    """Return a number of bytes in kB or MB."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, size >> 10)} kB"
