"""Mark the lesson as done when the learner has seen its last step. It has no keys."""

from threading import Thread

from tutor.course import progress
from tutor.ui.features.feature import Feature


class Completion(Feature):
    def setup(self) -> None:
        self._is_marked = False

    def on_redraw(self) -> None:
        controller = self.controller
        if self._is_marked or not (controller.session.is_over and controller.engine.can_run):
            return
        self._is_marked = True
        # In a thread: writing may wait for another program that has locked the file.
        Thread(target=self._mark, daemon=True).start()

    def _mark(self) -> None:
        """Write the progress file. Runs in a thread."""
        try:
            progress.mark(self.controller.lesson)
        except OSError as error:
            problem = f"{progress.location()}: {error.strerror}"
            self.screen.call_later(self.screen.notify, problem, title="Progress is not kept")
