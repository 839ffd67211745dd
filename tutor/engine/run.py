"""Send commands to a run, and receive its events.

A thread receives the events, and calls `notify` when there are some to take.
"""

import contextlib
import os
import select
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable

import msgspec

from tutor.engine.event_order import EventOrder
from tutor.history.output_log import KEPT
from tutor.wire import shared_page
from tutor.wire.control import Control, StartRun, working_folder
from tutor.wire.messages import (
    Command,
    Ended,
    Event,
    Go,
    Job,
    Printed,
    Question,
    Waited,
)
from tutor.wire.stream import pack

PATIENCE = 0.15
"""Seconds that a statement may go on when the learner pauses; then its process is frozen."""

GRACE = 0.5
"""Seconds that an interrupted script has to clean up; then it is killed."""

UNTAKEN = 2**18
"""Bytes of events after which no more are read until some are taken.

The pipe then fills up and the script waits: what it does never outruns the one who looks at it.
"""

PEEK = 0.05
"""Seconds without events from a running worker after which its shared page is read."""


class Run:
    """A run of a script in a worker of its own.

    Args:
        number: Identifies the run to the host.
        job: What its worker is to do.
        notify: See `Engine.launch`.
        send_signal: Sends a signal to the worker of a run: takes both numbers.
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
        # Reentrant: a handler of Ctrl+C may interrupt whatever its thread does here.
        self._lock = threading.RLock()
        self._events: list[Event] = []
        self._untaken = 0
        """Bytes of the events that were received and are not taken yet."""
        self._status: int | None = None
        self._gone = threading.Event()
        self._is_waiting = False
        self._is_closed = False
        self._was_interrupted = False
        self._has_ended = False
        self._is_listening = True
        self._last_line = 0
        self._order = EventOrder(job)
        self._until = 0
        self._timer: threading.Timer | None = None

    def start(self, control: Control) -> None:
        """Ask the host for a worker with one end of the pipes, and listen at the other."""
        commands, self._commands = os.pipe()
        self._pipe, events = os.pipe()
        self._woken, self._wake = os.pipe()
        with tempfile.TemporaryFile() as file:
            file.write(pack(self.job))
            file.flush()
            files = (file, *self._files)
            theirs = (commands, events, self._page_fd, *(file.fileno() for file in files))
            control.send(StartRun(self._number, working_folder()), theirs)
        for descriptor in (commands, events, self._page_fd):
            os.close(descriptor)
        threading.Thread(target=self._listen, name="tutor-run", daemon=True).start()

    @property
    def line(self) -> int:
        """The line of the statement that runs or is next; 0 before the first."""
        with self._lock:
            return self._page.line if self._is_listening else self._last_line

    @property
    def replayed(self) -> int:
        """About how many steps were replayed without recording them."""
        with self._lock:
            return self._page.step if self._is_listening else 0

    def ask(self, question: Question) -> None:
        """Ask a question of a run that waits; the answer is the event `Fetched` or `Sampled`."""
        with self._lock:
            self._send(question)

    def take(self) -> list[Event]:
        """Return all events since the last call."""
        with self._lock:
            events, self._events = self._events, []
            was_full, self._untaken = self._is_full, 0
            if was_full:  # only now: the listener looks without the lock
                self._wake_listener()
        return events

    def go(self, until: int) -> None:
        """Run until step `until` is recorded."""
        with self._lock:
            self._cancel_timer()
            self._until = until
            self._is_waiting = False
            self._send(Go(until))
            if self.frozen:
                self.frozen = False
                self._send_signal(self._number, signal.SIGCONT)

    def pause(self) -> None:
        """Pause before the next statement, or freeze the process if that takes over `PATIENCE`."""
        with self._lock:
            if not self._is_waiting and not self._has_ended:
                self._until = 0
                self._send(Go(0))
                self._after(PATIENCE, self._freeze)

    def interrupt(self) -> None:
        """End the run as Ctrl+C would; kill it after `GRACE`, or at the second interrupt."""
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
            self._wake_listener()
            self._send_signal(self._number, signal.SIGKILL)

    def died(self, status: int | None) -> None:
        """Note that the worker is gone; `status` is its exit status, None if it is unknown."""
        with self._lock:
            self._status = status
            self._gone.set()
            self._wake_listener()

    @property
    def _is_full(self) -> bool:
        """Whether the events that wait to be taken are enough for now."""
        return self._untaken >= UNTAKEN and not self._is_closed

    # The following are called under the lock.

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = threading.Timer(seconds, act)
        self._timer.daemon = True
        self._timer.start()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, command: Command) -> None:
        """Send a command. The worker may be gone; its last event says so."""
        if self._is_listening:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._commands, pack(command))
            self._wake_listener()

    def _wake_listener(self) -> None:
        """Let the listener look at the state again."""
        if self._is_listening:
            os.write(self._wake, b".")

    # The timer's thread

    def _freeze(self) -> None:
        with self._lock:
            # A timer that has begun cannot be cancelled: a command may have come first.
            if self._timer is not threading.current_thread() or self._has_ended:
                return
            if self._is_full or not self._page.line:
                # It may be between two statements, and wait for its events to be read; or it has
                # not come to the first one.
                self._after(PATIENCE, self._freeze)
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
            damage = f"the recording is damaged from step {self._order.step + 1}: {error}"
            self._deliver([Ended("died", f"{self.job.launch.path}: {damage}")])
        if not self._has_ended:
            self._report_death()
        with self._lock:
            self._is_listening = False
            self._last_line = self._page.line
            self._page.close()
            for file in self._files:
                file.close()
            for descriptor in (self._pipe, self._woken, self._wake, self._commands):
                os.close(descriptor)

    def _receive(self) -> None:
        """Receive events until the worker is gone."""
        poll, until_taken = select.poll(), select.poll()
        poll.register(self._pipe, select.POLLIN)
        for one in (poll, until_taken):
            one.register(self._woken, select.POLLIN)
        while True:
            if self._is_full:
                until_taken.poll()
                os.read(self._woken, 4096)
                continue
            ready = {fd for fd, _ in poll.poll(None if self._is_waiting else 1000 * PEEK)}
            if self._woken in ready:
                os.read(self._woken, 4096)
            if self._pipe in ready:
                data = os.read(self._pipe, shared_page.SIZE)
                if not data:
                    break
                self._deliver(self._receiver.feed(data), len(data))
            elif self._gone.is_set():
                # Its last events may have come since the poll. If none did, a child of the script
                # still has the pipe open.
                if all(fd != self._pipe for fd, _ in poll.poll(0)):
                    break
            elif not ready:
                self._deliver(self._receiver.peek())
        self._deliver(self._receiver.peek())

    def _deliver(self, events: Iterable[Event], size: int = 0) -> None:
        """Pass on events, which took `size` bytes of the pipe.

        Raises:
            ValueError: an event cannot follow those before it, which are passed on.
        """
        found: list[Event] = []
        try:
            for event in events:
                found.append(self._order.next(event))
        finally:
            self._pass_on(found, size)

    def _pass_on(self, found: list[Event], size: int) -> None:
        with self._lock:
            for event in found:
                if isinstance(event, Waited):
                    # One from before the last command does not mean that the worker waits now.
                    self._is_waiting = event.step >= self._until
                elif isinstance(event, Ended):
                    self._has_ended = True
                if self._has_ended or self._is_waiting:
                    self._cancel_timer()
            if not found or self._is_closed:
                return
            is_first = not self._events
            self._events += found
            self._untaken += size
        if is_first:
            self._notify()

    def _report_death(self) -> None:
        """Report a worker that ended without an event, and deliver the output that it left."""
        self._gone.wait(GRACE)
        for stream, file in zip((1, 2), self._files, strict=True):
            end = os.lseek(file.fileno(), 0, os.SEEK_END)
            drained = self._page.header[shared_page.DRAINED + stream - 1]
            file.seek(max(drained, end - KEPT))
            if content := file.read():
                self._deliver([Printed(self._order.step + 1, ((stream, content),))])
        line, status = self.line, self._status
        where = f"{self.job.launch.path}:{line}" if line else self.job.launch.path
        if self._was_interrupted:
            ended = Ended("interrupted", f"{where}: interrupted", line)
        elif status is None:
            ended = Ended("died", f"{where}: the engine that ran the script is gone", line)
        elif status < 0:
            cause = f"the script's process was ended by {_signal_name(-status)}"
            ended = Ended("died", f"{where}: {cause}", line, status=128 - status)
        elif self._page.runs_script:
            reason = f"the script ended its own process with exit status {status}"
            ended = Ended("died", f"{where}: {reason} (os._exit or os.exec)", line, status=status)
        else:
            ended = Ended("died", f"{where}: the engine failed, and could not say why", line)
        self._deliver([ended])


def _signal_name(number: int) -> str:
    """Return the name of a signal, and its likely cause if there is one."""
    if number == signal.SIGKILL:
        return "SIGKILL; the machine may be out of memory"
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"  # a real-time signal
