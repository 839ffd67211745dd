"""Drive an engine for a command without a screen, which waits for what it runs."""

import contextlib
import math
import signal
import threading
from collections.abc import Iterator
from time import monotonic
from types import FrameType

from tutor.engine.client import Engine
from tutor.engine.run import Run
from tutor.schema.errors import BadRequest
from tutor.script.lesson import Lesson
from tutor.session.launch import prepare
from tutor.session.request import Request
from tutor.wire.messages import FOREVER, Ended, Event, Job, Launch, Waited


class HeadlessEngine:
    """An engine whose callers wait for it.

    A context manager: it starts the engine, and closes it at the end.
    """

    def __init__(self) -> None:
        self.engine = Engine()
        self.interrupted_by: int | None = None
        """The signal that interrupted the script, if one did."""
        self._news = threading.Event()
        self.engine.on_change = self._news.set

    def __enter__(self) -> "HeadlessEngine":
        self.engine.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.engine.close()

    def detected(self) -> str | None:
        """Wait for the engine, and return the accelerator that works here; None for the CPU.

        Raises:
            BadRequest: no run can start, with the reason.
        """
        while self.engine.device is None:
            if self.engine.failure is not None:
                raise BadRequest(self.engine.failure)
            self._news.wait()
            self._news.clear()
        return self.engine.detected

    def launch_of(self, lesson: Lesson, path: str, request: Request, exact: bool) -> Launch:
        """Return the launch of `lesson`: on the detected device if neither it nor the request says.

        Args:
            path: The script as the learner named it.
            exact: See `Launch.exact`.

        Raises:
            BadRequest: no run can start, or the request does not fit the script.
        """
        asks_device = lesson.metadata.is_lesson and request.device is None
        return prepare(lesson, path, request, self.detected() if asks_device else None, exact)

    def events(
        self, job: Job, stop: int = FOREVER, patience: float | None = None
    ) -> Iterator[Event]:
        """Run a script to its end, or until step `stop` is recorded, and yield its events.

        Ctrl+C, SIGTERM and SIGHUP interrupt the script: what it did so far is not lost.

        Raises:
            TimeoutError: the run took longer than `patience` seconds.
        """
        deadline = monotonic() + patience if patience is not None else math.inf
        news = threading.Event()
        run = self.engine.launch(job, news.set)
        run.go(stop)
        try:
            with self._interrupts(run):
                while True:
                    if not news.wait(min(deadline - monotonic(), threading.TIMEOUT_MAX)):
                        raise TimeoutError
                    news.clear()
                    for event in run.take():
                        yield event
                        if isinstance(event, Ended) or (
                            isinstance(event, Waited) and event.step >= stop
                        ):
                            return
        finally:
            run.close()

    @contextlib.contextmanager
    def _interrupts(self, run: Run) -> Iterator[None]:
        """Make signals interrupt the script instead of this process."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(number: int, frame: FrameType | None) -> None:
            self.interrupted_by = number
            run.interrupt()

        before = {
            number: signal.signal(number, interrupt)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            # Under `nohup` SIGHUP is ignored, and stays so.
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
