"""The caller's end of a run: what it said, and what it is told.

Its events are received by a thread of its own; `notify` tells that there are some to take.
"""

import contextlib
import os
import select
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable

import msgspec

from tutor.history.output_log import KEPT
from tutor.schema.frame import Frame
from tutor.wire import shared_page
from tutor.wire.control import Control, StartRun
from tutor.wire.messages import Command, Ended, Event, Go, Job, Printed, Question, Waited, pack

PATIENCE = 0.15
"""Seconds that a statement gets to come to its end when the learner pauses; then it is frozen."""

GRACE = 0.5
"""Seconds that an interrupted script gets to clean up; then it is killed."""

PEEK = 0.05
"""Seconds without news from a running worker after which its page is read directly."""


class Run:
    """One run of a script, in a worker of its own.

    Args:
        number: The host's name for it.
        job: What its worker does.
        notify: See `Engine.launch`.
        send_signal: Sends (run, signal) to its worker.
    """

    def __init__(
        self,
        number: int,
        job: Job,
        notify: Callable[[], None],
        send_signal: Callable[[int, int], None],
    ) -> None:
        self.job = job
        self.frozen = False
        """Whether the worker is frozen inside a statement."""
        self._number = number
        self._notify = notify
        self._send_signal = send_signal
        self._page_fd = shared_page.create()
        self._page = shared_page.Page(self._page_fd)
        self._receiver = shared_page.Receiver(self._page)
        self._files = [tempfile.TemporaryFile(buffering=0) for _ in range(2)]
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._status: int | None = None
        self._gone = threading.Event()
        self._is_waiting = False
        self._is_closed = False
        self._was_interrupted = False
        self._has_ended = False
        self._is_listening = True
        self._last_line = 0
        self._step = 0
        self._until = 0
        self._timer: threading.Timer | None = None

    def start(self, control: Control) -> None:
        """Hand the worker's ends to the host, and listen at ours."""
        commands, self._commands = os.pipe()
        self._pipe, events = os.pipe()
        self._woken, self._wake = os.pipe()
        with tempfile.TemporaryFile() as file:
            file.write(pack(self.job))
            file.flush()
            files = (file, *self._files)
            theirs = (commands, events, self._page_fd, *(file.fileno() for file in files))
            control.send(StartRun(self._number), theirs)
        for descriptor in (commands, events, self._page_fd):
            os.close(descriptor)
        threading.Thread(target=self._listen, name="tutor-run", daemon=True).start()

    @property
    def line(self) -> int:
        """The statement that the worker is in, or waits at; 0 before the first."""
        with self._lock:
            return self._page.line if self._is_listening else self._last_line

    @property
    def replayed(self) -> int:
        """How many steps it has replayed without recording them, about."""
        with self._lock:
            return self._page.step if self._is_listening else 0

    def ask(self, question: Question) -> None:
        """Ask a run that waits for something; `Fetched` or `Sampled` brings it."""
        with self._lock:
            self._tell(question)

    def take(self) -> list[Event]:
        """All events since the last call."""
        with self._lock:
            events, self._events = self._events, []
        return events

    def go(self, until: int) -> None:
        """Run on until step `until` is recorded."""
        with self._lock:
            self._cancel_timer()
            self._until = until
            self._is_waiting = False
            self._tell(Go(until))
            if self.frozen:
                self.frozen = False
                self._send_signal(self._number, signal.SIGCONT)

    def hold(self) -> None:
        """Wait before the next statement; one that takes longer than `PATIENCE` is frozen in it."""
        with self._lock:
            if not self._is_waiting and not self._has_ended:
                self._until = 0
                self._tell(Go(0))
                self._after(PATIENCE, self._freeze)

    def interrupt(self) -> None:
        """End the run as Ctrl+C would. A script that does not end within `GRACE`, or that is
        interrupted again, is killed."""
        with self._lock:
            if self._was_interrupted:
                self._send_signal(self._number, signal.SIGKILL)
                return
            self._was_interrupted = True
            self.frozen = False
            self._send_signal(self._number, signal.SIGCONT)
            self._send_signal(self._number, signal.SIGINT)
            self._after(GRACE, lambda: self._send_signal(self._number, signal.SIGKILL))

    def close(self) -> None:
        """End the worker at once, and take no more events."""
        with self._lock:
            self._is_closed = True
            self._cancel_timer()
            self._send_signal(self._number, signal.SIGKILL)

    def died(self, status: int | None) -> None:
        """The host says that the worker is gone, with this exit status where one is known."""
        with self._lock:
            self._status = status
            self._gone.set()
            self._poke()

    # Each of these is called under the lock.

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = threading.Timer(seconds, act)
        self._timer.daemon = True
        self._timer.start()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, command: Command) -> None:
        """Send a command. The worker may be gone, which its last event tells."""
        if self._is_listening:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._commands, pack(command))
            self._poke()

    def _poke(self) -> None:
        """Let the listener look around."""
        if self._is_listening:
            os.write(self._wake, b".")

    # The timer's thread

    def _freeze(self) -> None:
        with self._lock:
            # A timer cannot be cancelled once it has begun: the next command may have come first.
            if self._timer is not threading.current_thread() or self._has_ended:
                return
            self.frozen = True
            self._send_signal(self._number, signal.SIGSTOP)
        self._notify()

    # The listener's thread

    def _listen(self) -> None:
        try:
            self._receive()
        except (msgspec.DecodeError, ValueError) as error:
            self._send_signal(self._number, signal.SIGKILL)
            self._hand_over(
                [Ended("died", f"{self.job.launch.path}: its recording is damaged: {error}")]
            )
        if not self._has_ended:
            self._tell_death()
        with self._lock:
            self._is_listening = False
            self._last_line = self._page.line
            self._page.close()
            for file in self._files:
                file.close()
            for descriptor in (self._pipe, self._woken, self._wake, self._commands):
                os.close(descriptor)

    def _receive(self) -> None:
        """Take in what the worker sends, until it is gone."""
        news = select.poll()
        news.register(self._pipe, select.POLLIN)
        news.register(self._woken, select.POLLIN)
        while True:
            ready = {fd for fd, _ in news.poll(None if self._is_waiting else 1000 * PEEK)}
            if self._woken in ready:
                os.read(self._woken, 4096)
            if self._pipe in ready:
                data = os.read(self._pipe, shared_page.SIZE)
                if not data:
                    break
                self._hand_over(self._receiver.feed(data))
            elif self._gone.is_set():
                # Its last words may have come since the poll. If none did, something that the
                # script started still holds the pipe.
                if all(fd != self._pipe for fd, _ in news.poll(0)):
                    break
            elif not ready:
                self._hand_over(self._receiver.peek())
        self._hand_over(self._receiver.peek())

    def _hand_over(self, events: Iterable[Event]) -> None:
        found = list(events)
        with self._lock:
            for event in found:
                if isinstance(event, Frame):
                    self._step = event.step
                elif isinstance(event, Waited):
                    # One from before the last command says nothing about what the worker does now.
                    self._is_waiting = event.step >= self._until
                elif isinstance(event, Ended):
                    self._has_ended = True
                if self._has_ended or self._is_waiting:
                    self._cancel_timer()
            if not found or self._is_closed:
                return
            is_first = not self._events
            self._events += found
        if is_first:
            self._notify()

    def _tell_death(self) -> None:
        """The worker ended without a word: say what is known, and bring what it left behind."""
        self._gone.wait(GRACE)
        for stream, file in zip((1, 2), self._files, strict=True):
            left = os.lseek(file.fileno(), 0, os.SEEK_END)
            file.seek(max(0, left - KEPT))
            if content := file.read():
                self._hand_over([Printed(self._step + 1, ((stream, content),))])
        line = self.line
        where = f"{self.job.launch.path}:{line}" if line else self.job.launch.path
        if self._was_interrupted:
            ended = Ended("interrupted", f"{where}: interrupted", line)
        else:
            ended = Ended("died", f"{where}: {_cause(self._status)}", line)
        self._hand_over([ended])


def _cause(status: int | None) -> str:
    if status is None:
        return "the engine that ran the script is gone"
    if status >= 0:
        return f"the script ended its own process with exit status {status} (os._exit)"
    name = signal.Signals(-status).name
    hint = "; the machine may be out of memory" if name == "SIGKILL" else ""
    return f"the script's process was ended by {name}{hint}"
