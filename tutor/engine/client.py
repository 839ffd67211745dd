"""Start the host and its runs, from the caller's process.

Nothing here imports torch or waits for the engine: every call returns at once.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable

from tutor.engine.run import Run
from tutor.wire.control import Control, DeviceFound, HostFailed, HostReady, Signal, WorkerEnded
from tutor.wire.messages import Job

GRACE = 0.5
"""Seconds that the host gets to end by itself."""


class Engine:
    """The engine of this process: one host, which imports torch and starts a worker for each run.

    `start` it from the main thread: the kernel ends the host when the thread that started it ends.

    Args:
        eager: Load what the first optimizer would import for a second before the first run. Use it
            if the learner reads first, not if a run starts at once.
    """

    can_run = True
    """False for a recording, which may take the place of an engine."""

    def __init__(self, eager: bool = False) -> None:
        self._eager = eager
        self.device: str | None = None
        """The device and torch, in one line; None until they are known."""
        self.detected: str | None = None
        """The accelerator; None if there is none, or until it is known."""
        self.description: dict[str, str] = {}
        self.torch: str | None = None
        self.failure: str | None = None
        """Why no run can start, in one line."""
        self.on_change: Callable[[], None] | None = None
        """Called from another thread when one of the above has changed."""
        self._runs: dict[int, Run] = {}
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the host; it is ready some seconds later."""
        ours, theirs = socket.socketpair()
        self._control = Control(ours)
        self._log = tempfile.TemporaryFile()
        environment = os.environ | {
            # Tracebacks need columns to find the statement that raised.
            "PYTHONNODEBUGRANGES": "",
            # A second thread would change the last digits of sums, and would not survive the fork.
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
            # A set of strings then has the same order in each run of each session.
            "PYTHONHASHSEED": "0",
        }
        # -P: a `torch.py` in the working folder must not be taken for torch.
        command = [
            sys.executable,
            "-P",
            *_warning_options(),
            "-m",
            "tutor.worker",
            str(theirs.fileno()),
        ]
        command += ["eager"] * self._eager
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env=environment,
            start_new_session=True,
        )
        theirs.close()
        self._listener = threading.Thread(target=self._listen, name="tutor-host", daemon=True)
        self._listener.start()

    def launch(self, job: Job, notify: Callable[[], None]) -> Run:
        """Start a run, which waits before its first statement.

        Args:
            notify: Called from another thread when there are new events; not again until they are
                taken.
        """
        self._count += 1
        run = Run(self._count, job, notify, self._signal)
        self._runs[self._count] = run
        run.start(self._control)
        if self.failure is not None:
            run.died(None)
        return run

    def close(self) -> None:
        """End the host and every run; do nothing if it was not started or is closed already."""
        if self._closed or self._process is None:
            return
        self._closed = True
        # Not only closed: the listener still uses the socket.
        with contextlib.suppress(OSError):
            self._control.socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._control.socket.close()
        self._log.close()

    def _signal(self, run: int, number: int) -> None:
        if not self._closed:
            self._control.send(Signal(run, number))

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # the socket is closed by `close`
            while (messages := self._control.receive()) is not None:
                for message in messages:
                    self._receive(message)
        if not self._closed:
            self._host_died()

    def _receive(self, message: object) -> None:
        if isinstance(message, WorkerEnded):
            if run := self._runs.pop(message.run, None):
                run.died(message.status)
            return
        if isinstance(message, HostReady):
            self.torch = message.torch
        elif isinstance(message, HostFailed):
            self.failure = message.problem
        elif isinstance(message, DeviceFound):
            self.detected = message.device
            self.description = message.description
            self.device = _device_line(message.description)
        if self.on_change:
            self.on_change()

    def _host_died(self) -> None:
        if self.failure is None:
            self._log.seek(0)
            lines = self._log.read().decode(errors="replace").strip().splitlines()
            status = self._process.wait() if self._process else None
            reason = lines[-1] if lines else f"exit status {status}"
            self.failure = f"the engine ended: {reason}"
        for run in list(self._runs.values()):
            run.died(None)
        if self.on_change:
            self.on_change()


def _warning_options() -> list[str]:
    """Return the `-W` options of this process; the environment's reach the host by themselves."""
    given = os.environ.get("PYTHONWARNINGS", "")
    return [f"-W{option}" for option in sys.warnoptions[len(given.split(",")) if given else 0 :]]


def _device_line(description: dict[str, str]) -> str:
    parts = [description["device"], description.get("name", "")]
    if "cores" in description:
        parts.append(f"{description['cores']} cores")
    parts += [description.get("memory", ""), description.get("cpu", "")]
    parts.append(f"torch {description['torch']}" if "torch" in description else "")
    return " · ".join(part for part in parts if part)
