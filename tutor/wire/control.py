"""The socket between a client and its host: small messages, some with file descriptors."""

import os
import socket
from collections.abc import Iterator

import msgspec

from tutor.wire.stream import Unpacker, pack

DESCRIPTORS = 6
"""How many descriptors come with `StartRun`, in the order of the arguments of `worker.work`."""


def working_folder() -> str:
    """Return the folder that this process works in; "" if it is gone."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


class StartRun(msgspec.Struct, frozen=True, array_like=True, tag="start"):
    run: int
    folder: str
    """The working folder of the run; "" for that of the host."""


class Signal(msgspec.Struct, frozen=True, array_like=True, tag="signal"):
    """Send a signal to a run's worker and every process that it started."""

    run: int
    number: int


class HostReady(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """Torch is imported; runs can start."""

    torch: str


class HostFailed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    problem: str


class DeviceFound(msgspec.Struct, frozen=True, array_like=True, tag="device"):
    device: str | None
    """The accelerator that works here; None if there is only the CPU."""
    description: dict[str, str]


class WorkerEnded(msgspec.Struct, frozen=True, array_like=True, tag="ended"):
    run: int
    status: int
    """Exit status, or minus the signal that killed it."""


Message = StartRun | Signal | HostReady | HostFailed | DeviceFound | WorkerEnded
_messages = msgspec.msgpack.Decoder(Message)
_RECEIVED = 65536


class Control:
    """One end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._unpacker = Unpacker()
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Send a message. If the other end is closed, `receive` reports it."""
        try:
            if descriptors:
                socket.send_fds(self.socket, [pack(message)], descriptors)
            else:
                self.socket.sendall(pack(message))
        except (BrokenPipeError, ConnectionResetError):
            pass

    def receive(self) -> Iterator[Message] | None:
        """Wait for messages and return them; None if the other end is closed."""
        try:
            data, found, _, _ = socket.recv_fds(self.socket, _RECEIVED, 64 * DESCRIPTORS)
        except ConnectionResetError:
            return None
        self._descriptors += found
        return map(_messages.decode, self._unpacker.feed(data)) if data else None

    def descriptors(self) -> list[int]:
        """Return the descriptors that came with the last `StartRun`; the caller owns them."""
        found = self._descriptors[:DESCRIPTORS]
        del self._descriptors[:DESCRIPTORS]
        return found
