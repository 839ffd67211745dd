"""Save all runs to a file."""

from pathlib import Path
from typing import ClassVar

from tutor.history.recording.file import RecordingError
from tutor.history.recording.tree import Recording, save
from tutor.session.archive import recorded
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
        self.screen.app.push_screen(dialog, self._save)

    def _save(self, path: Path | None) -> None:
        if path is not None:
            recording = recorded(self.controller.branches)
            # Packing many steps takes a second, so a thread does it.
            self.screen.run_worker(lambda: self._write(path, recording), thread=True, group="save")

    def _write(self, path: Path, recording: Recording) -> None:
        """Write the file. Runs in a thread."""
        app = self.screen.app
        try:
            save(path, recording)
        except RecordingError as problem:
            app.call_from_thread(self._ask, str(path), str(problem))
        else:
            self.controller.saved = {run.name: len(run.timeline) for run in recording.runs}
            steps = sum(len(run.timeline) - run.step for run in recording.runs)
            saved = f"{steps:,} steps in {path} ({_readable(path.stat().st_size)})"
            app.call_from_thread(self.screen.notify, saved, title="saved")


def _readable(size: int) -> str:
    """Return a number of bytes in kB or MB."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, size >> 10)} kB"
