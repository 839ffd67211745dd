"""Import torch once, and fork a worker for each run.

Started by `python -m tutor.worker DESCRIPTOR [eager]`; the descriptor is the host's end of the
client's socket. The host computes nothing itself: after a parallel region of torch its forked
children would hang.
"""

import contextlib
import gc
import os
import select
import signal
import socket
from time import monotonic
from typing import NoReturn

import msgspec

from tutor.wire.control import (
    Control,
    DeviceFound,
    HostFailed,
    HostReady,
    Signal,
    StartRun,
    WorkerEnded,
)
from tutor.worker import process

PROBE = 30.0
"""Seconds to wait for a driver to name its device."""

GRACE = 0.3
"""Seconds in which everything must have ended that the scripts started. The client waits longer."""


def main(descriptor: int, is_eager: bool) -> None:
    """Serve the client on the other end of `descriptor` until it is gone.

    Args:
        is_eager: Import torch._dynamo now, which the first optimizer would import.
    """
    # Importing torch takes seconds, in which the end of the client would go unnoticed.
    process.die_with_parent()
    control = Control(socket.socket(fileno=descriptor))
    try:
        from tutor.worker import torch_private, worker
    except ImportError as error:
        control.send(HostFailed(f"torch cannot be imported: {error}"))
        return
    control.send(HostReady(worker.TORCH))
    host = Host(control)
    host.detect_device()
    if is_eager:
        torch_private.preload_dynamo()
    # From here on `serve` notices the end of the client, and ends the workers too.
    process.die_with_parent(0)
    try:
        host.serve()
    finally:
        host.end_all()
    # A normal exit with torch takes half a second, and the client waits for it.
    os._exit(0)


class Host:
    """The workers of one client.

    Args:
        control: The socket to it.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._runs: dict[int, int] = {}
        """Process id -> run."""
        self._kept: dict[int, list[int]] = {}
        """Process id -> the descriptors of its run, which the worker opens again if it must."""
        self._probe = -1
        self._probe_ends = 0.0
        self._prober = 0
        self._woken, wakes = socket.socketpair()
        self._woken.setblocking(False)
        wakes.setblocking(False)
        self._wakes = wakes
        # The end of a child writes a byte, which interrupts the wait in `serve`.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        # What a script detaches from its own processes ends with the engine all the same.
        process.adopt_orphans()

    def detect_device(self) -> None:
        """Find the accelerator in a process of its own: detection may start a driver's threads."""
        from tutor.worker import device

        readable, writable = os.pipe()
        self._prober = os.fork()
        if self._prober == 0:
            try:
                process.die_with_parent()
                found = device.detect()
                message = DeviceFound(found, device.describe(found))
                os.write(writable, msgspec.msgpack.encode(message))
            finally:
                os._exit(0)
        os.close(writable)
        self._probe = readable
        self._probe_ends = monotonic() + PROBE

    def serve(self) -> None:
        """Obey the client until it is gone."""
        while True:
            sources = [self._control.fileno(), self._woken.fileno()]
            if self._probe >= 0:
                sources.append(self._probe)
            limit = max(0.0, self._probe_ends - monotonic()) if self._probe >= 0 else None
            ready = select.select(sources, [], [], limit)[0]
            if not ready:
                # The driver hangs: once killed, the probe reads as no accelerator.
                os.kill(self._prober, signal.SIGKILL)
            if self._probe in ready:
                self._report_device()
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
                self._reap()
            if self._control.fileno() in ready:
                messages = self._control.receive()
                if messages is None:
                    return
                for message in messages:
                    if isinstance(message, StartRun):
                        self._start(message)
                    elif isinstance(message, Signal):
                        self._signal(message)

    def end_all(self) -> None:
        """End all workers, and everything that their scripts started."""
        for pid in self._runs:
            _signal_group(pid, signal.SIGKILL)
        limit = monotonic() + GRACE
        while (alive := process.children()) and monotonic() < limit:
            # The children of one that ends are children of this process then.
            for pid in alive:
                _kill(pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)

    def _start(self, message: StartRun) -> None:
        descriptors = self._control.descriptors()
        # A garbage collection would write to, and so copy, memory shared with the worker.
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            self._become_worker(descriptors, message.folder)
        self._runs[pid] = message.run
        self._kept[pid] = descriptors

    def _become_worker(self, descriptors: list[int], folder: str) -> NoReturn:
        try:
            with contextlib.suppress(OSError):  # it is gone, or that of the host
                os.chdir(folder)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # A process group of its own: what the script starts can be ended with it.
            os.setsid()
            process.die_with_parent()
            self._control.socket.close()
            self._woken.close()
            self._wakes.close()
            if self._probe >= 0:
                os.close(self._probe)
            for kept in self._kept.values():
                for descriptor in kept:
                    os.close(descriptor)
            from tutor.worker import worker

            worker.work(*descriptors)
        finally:
            os._exit(1)

    def _signal(self, message: Signal) -> None:
        for pid, run in self._runs.items():
            if run == message.run:
                _signal_group(pid, message.number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (run := self._runs.pop(pid, None)) is not None:
                # End what the script started and left. The worker's own id may be reused already.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
                for descriptor in self._kept.pop(pid):
                    os.close(descriptor)
                self._end_orphans()
                self._control.send(WorkerEnded(run, os.waitstatus_to_exitcode(status)))

    def _end_orphans(self) -> None:
        """End the orphans that are older than all workers: none of these can have started them."""
        children = process.children()
        oldest = min((children[pid] for pid in self._runs if pid in children), default=None)
        for pid, began in children.items():
            is_own = pid in self._runs or pid == self._prober
            if not is_own and (oldest is None or began < oldest):
                _kill(pid)

    def _report_device(self) -> None:
        data = os.read(self._probe, 65536)
        os.close(self._probe)
        self._probe = -1
        if data:
            self._control.send(msgspec.msgpack.decode(data, type=DeviceFound))
        else:
            unknown = {"device": "cpu", "name": "no accelerator answered"}
            self._control.send(DeviceFound(None, unknown))


def _kill(pid: int) -> None:
    """Kill a process, if it is still there and belongs to this user."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> None:
    """Signal a worker and its children. Both may be gone, and a new worker has no group yet."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
            return
        except (ProcessLookupError, PermissionError):
            continue
