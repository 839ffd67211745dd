"""The host: imports torch once and forks a worker for each run.

Started as `python -m tutor.worker.host DESCRIPTOR [eager]` with its end of the client's socket. It
computes nothing itself: a parallel region of torch would leave its forked children hanging.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import sys
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
"""Seconds that a driver gets to name its device."""


def main(descriptor: int, is_eager: bool) -> None:
    """Serve the client on the other end of `descriptor` until it is gone.

    Args:
        is_eager: Do what later runs will want before the first one is asked for.
    """
    # Importing torch takes seconds in which nothing else is seen, not even the client's end.
    process.die_with_parent()
    control = Control(socket.socket(fileno=descriptor))
    try:
        from tutor.worker import torch_private, worker
    except ImportError as error:
        control.send(HostFailed(f"torch cannot be imported: {error}"))
        return
    control.send(HostReady(worker.TORCH))
    host = Host(control)
    host.look_for_device()
    if is_eager:
        torch_private.preload_dynamo()
    # From here on the client's end is seen in `serve`, which ends the workers too.
    process.die_with_parent(0)
    try:
        host.serve()
    finally:
        host.end_all()
    # An interpreter takes half a second to take torch apart, and the client waits for this end.
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
        self._probe = -1
        self._probe_ends = 0.0
        self._prober = 0
        self._woken, wakes = socket.socketpair()
        self._woken.setblocking(False)
        wakes.setblocking(False)
        self._wakes = wakes
        # A child's end interrupts the wait in `serve` by a byte.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)

    def look_for_device(self) -> None:
        """Find the accelerator in a process of its own: looking may start a driver's threads."""
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
        """Do what the client asks, until it is gone."""
        while True:
            sources = [self._control.fileno(), self._woken.fileno()]
            if self._probe >= 0:
                sources.append(self._probe)
            limit = max(0.0, self._probe_ends - monotonic()) if self._probe >= 0 else None
            ready = select.select(sources, [], [], limit)[0]
            if not ready:
                # A driver that hangs: its end reads as no accelerator.
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
                        self._start(message.run)
                    elif isinstance(message, Signal):
                        self._signal(message)

    def end_all(self) -> None:
        for pid in self._runs:
            _signal_group(pid, signal.SIGKILL)

    def _start(self, run: int) -> None:
        descriptors = self._control.descriptors()
        # What is shared with the worker is not to be copied for the sake of a collection.
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            self._become_worker(descriptors)
        self._runs[pid] = run
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_worker(self, descriptors: list[int]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # A group of its own, so that all that the script starts can be ended with it.
            os.setsid()
            process.die_with_parent()
            self._control.socket.close()
            self._woken.close()
            self._wakes.close()
            if self._probe >= 0:
                os.close(self._probe)
            from tutor.worker import worker

            worker.work(*descriptors)
        finally:
            os._exit(1)

    def _signal(self, wish: Signal) -> None:
        for pid, run in self._runs.items():
            if run == wish.run:
                _signal_group(pid, wish.number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (run := self._runs.pop(pid, None)) is not None:
                # What the script started and left; the worker's own number is free to be reused.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
                self._control.send(WorkerEnded(run, os.waitstatus_to_exitcode(status)))

    def _report_device(self) -> None:
        data = os.read(self._probe, 65536)
        os.close(self._probe)
        self._probe = -1
        if data:
            self._control.send(msgspec.msgpack.decode(data, type=DeviceFound))
        else:
            unknown = {"device": "cpu", "name": "no accelerator answered"}
            self._control.send(DeviceFound(None, unknown))


def _signal_group(pid: int, number: int) -> None:
    """Signal a worker and its children; both may be gone, and a new worker has no group yet."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
            return
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    main(int(sys.argv[1]), "eager" in sys.argv[2:])
