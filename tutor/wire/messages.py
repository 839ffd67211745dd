"""The messages between the client, the host and a run's worker.

Two connections, both private to the engine, so that nothing a script prints can corrupt them:

- client <-> host: a Unix socket pair (see `control`); a run's pipes, page and files travel with
  `StartRun` as file descriptors.
- client <-> worker: a pipe each way.

Everything is MessagePack with its length in front.

Commands are imperatives, facts are past participles.
"""

import os
import struct
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tutor.schema.frame import Audit, Frame, Inside, Past, TensorView

DEFAULT_SEED = 446

FOREVER = 2**62
"""As `Go.until`: run to the end of the script."""


DIGESTED = 50
"""After so many steps each a run tells a digest of its state."""


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """Change something after a step, before the next statement runs."""

    step: int
    target: str
    """`lr`, `w[0, 1]`, `model.weight`, `optim.param_groups[0]["lr"]`; "" for a statement."""
    value: object = None
    """A number, or nested lists of numbers of the target's shape."""
    statement: str = ""
    """Python to run instead, among the script's own names."""

    def __str__(self) -> str:
        return self.statement or f"{self.target} = {self.value}"


class Sample(msgspec.Struct, frozen=True, array_like=True, tag="sample"):
    """Bring what a plot shows, as it is where the run waits."""

    expressions: tuple[str, ...] = ()
    """Of numbers, or of a dictionary of numbers."""
    of: str = ""
    """An expression to evaluate over a grid; "" for none."""
    over: tuple[tuple[str, float, float], ...] = ()
    """The names that are varied for it, and their lowest and highest value."""
    counts: tuple[int, ...] = ()
    """How many values each of them takes."""


class Launch(msgspec.Struct, frozen=True, array_like=True):
    """What runs, and what is recorded of it: what a recording keeps of how it was made."""

    path: str
    """As the learner typed it: it becomes `sys.argv[0]`."""
    source: str
    device: str | None = None
    """The default device that the engine sets; None leaves the script to its own choice."""
    seed: int = DEFAULT_SEED
    knobs: dict[int, object] = {}
    """Other values for the assignments on these lines."""
    edits: tuple[Edit, ...] = ()
    loss: str | None = None
    """The name of the loss; None: the scalar that `backward()` was called on."""
    slots: dict[int, tuple[tuple[str, str], ...]] = {}
    """Statement line -> (expression, format) of the live values in its note."""
    show: tuple[str, ...] = ()
    exact: bool = False
    """Capture every large tensor at every step, whatever it costs. Otherwise a run that is not
    being stepped spends at most a tenth of its time on tensors above `frame.EXACT` elements."""


class Job(msgspec.Struct, frozen=True, array_like=True):
    """What a worker does: run a launch, record it from some step on, and answer what is asked."""

    launch: Launch
    begin: int = 0
    """Replay up to this step without recording it; the next step is recorded with every value."""
    past: Past | None = None
    """What the steps up to `begin + 1` came to, where they were recorded by another run: this one
    goes on from there."""
    operations: int | None = None
    """Note the operations inside the statements after this step; None: inside none."""
    audit: tuple[str, ...] | None = None
    """Audit the gradients that the step after `begin` brings to these names, to every leaf that it
    reaches for none; the calls that led to them are noted from `operations` on. None: no audit."""
    waits_at_end: bool = False
    """Wait after the last statement too, so that questions about it can be answered."""
    samples: tuple[Sample, ...] = ()
    """What to evaluate when the script is over."""
    guard: str = ""
    """Run in this folder, without a network, and report what else is written to; "" runs freely."""


class Go(msgspec.Struct, frozen=True, array_like=True, tag="go"):
    """Run until this step is recorded, then wait. A step that lies behind means: wait now."""

    until: int


class Fetch(msgspec.Struct, frozen=True, array_like=True, tag="fetch"):
    """Bring a part of a value as it is where the run waits."""

    name: str
    index: str = ""
    """A subscript in Python's syntax, `[3:5, :, 0]`; "" for the whole."""
    rows: tuple[int, int] = (0, 64)
    """Of what the subscript leaves, taken as a matrix: the first row, and one past the last."""
    cols: tuple[int, int] = (0, 64)


Question = Fetch | Sample
"""What a run that waits can be asked."""

Command = Go | Question


class Started(msgspec.Struct, frozen=True, array_like=True, tag="started"):
    """The worker is ready and waits before the first statement."""

    pid: int
    environment: dict[str, str]
    """What decides the last digits: torch, threads, CPU capability, device and its name."""


class Waited(msgspec.Struct, frozen=True, array_like=True, tag="waited"):
    """The worker waits for a command, the statement on `line` being next."""

    step: int
    line: int


class Printed(msgspec.Struct, frozen=True, array_like=True, tag="printed"):
    """What the script wrote in `step`, which may still be running."""

    step: int
    output: tuple[tuple[Annotated[int, Meta(ge=1, le=2)], bytes], ...]
    """In order: (1 for stdout or 2 for stderr, bytes)."""


class Completed(msgspec.Struct, frozen=True, array_like=True, tag="completed"):
    """The content of values that an earlier frame reported as changed without it."""

    step: int
    views: dict[str, TensorView]


class Edited(msgspec.Struct, frozen=True, array_like=True, tag="edited"):
    """The learner's edits after a step were made; the next step's changes come on top of these."""

    step: int
    changed: dict[str, TensorView | None]


class Digested(msgspec.Struct, frozen=True, array_like=True, tag="digested"):
    """What all that the script has named came to, after every `DIGESTED` steps."""

    step: int
    digest: Annotated[bytes, Meta(max_length=64)]


class Fetched(msgspec.Struct, frozen=True, array_like=True, tag="fetched"):
    """The answer to a `Fetch`."""

    fetch: Fetch
    shape: tuple[int, ...] = ()
    """What the subscript leaves."""
    part: TensorView | None = None
    """The rows and columns that were asked for, as far as there are any."""
    problem: str = ""
    """Why there is no answer, in one line."""


class Sampled(msgspec.Struct, frozen=True, array_like=True, tag="sampled"):
    """The answer to a `Sample`. All numbers are float64, little endian."""

    sample: Sample
    values: tuple[bytes | None, ...] = ()
    """Of each expression; None where it has no value."""
    names: tuple[str, ...] = ()
    """The keys of the dictionary that an expression stood for."""
    surface: bytes | None = None
    """`of` over the grid, the first name running fastest."""
    problems: tuple[tuple[str, str], ...] = ()
    """(expression, reason) of those that have no value."""


class Trespassed(msgspec.Struct, frozen=True, array_like=True, tag="trespassed"):
    """A guarded script reached for something outside of its folder."""

    kind: str
    """file: one that it wrote and left there. network: a host that it wanted to talk to."""
    what: str
    line: int
    """The statement that did."""


class Audited(msgspec.Struct, frozen=True, array_like=True, tag="audited"):
    """The audits that were asked for."""

    step: int
    audits: tuple[Audit, ...]


Outcome = Literal["finished", "raised", "refused", "interrupted", "died"]


class Ended(msgspec.Struct, frozen=True, array_like=True, tag="ended"):
    """The run is over."""

    outcome: Outcome
    """refused: the run could not be set up."""
    message: str = ""
    """One line: what, and `file:line`; empty when it just finished."""
    line: int = 0
    """The statement in which it ended, 0 if none."""
    traceback: str = ""
    """As Python prints it, with the script's own lines only."""
    inside: Inside | None = None
    """What went on in the statement in which it ended, where operations were asked for."""


Event = (
    Started
    | Frame
    | Waited
    | Printed
    | Completed
    | Edited
    | Digested
    | Fetched
    | Sampled
    | Trespassed
    | Audited
    | Ended
)

_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(Event)
_jobs = msgspec.msgpack.Decoder(Job)
_commands = msgspec.msgpack.Decoder(Command)
_LENGTH = struct.Struct("<I")


def pack(message: msgspec.Struct) -> bytes:
    """A message with its length in front."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Cuts a stream of bytes into messages, keeping an unfinished tail for later."""

    def __init__(self) -> None:
        self._tail = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The body of every message that `data` completes."""
        self._tail += data
        start = 0
        while len(self._tail) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._tail, start)
            end = start + _LENGTH.size + length
            if end > len(self._tail):
                break
            yield bytes(self._tail[start + _LENGTH.size : end])
            start = end
        del self._tail[:start]


def decode_event(body: bytes) -> Event:
    event: Event = _events.decode(body)
    return event


def read_job(file: int) -> Job:
    """Return the job that a file holds."""
    os.lseek(file, 0, os.SEEK_SET)
    body = _receive(file)
    return _jobs.decode(body)


def receive_command(pipe: int) -> Command | None:
    """The next command from a worker's pipe; None when its other end is closed."""
    body = _receive(pipe)
    return _commands.decode(body) if body else None


def _receive(source: int) -> bytes:
    length = _read(source, _LENGTH.size)
    return _read(source, *_LENGTH.unpack(length)) if length else b""


def _read(source: int, size: int) -> bytes:
    """Exactly `size` bytes, or none if the source ends before."""
    found = b""
    while len(found) < size:
        part = os.read(source, size - len(found))
        if not part:
            return b""
        found += part
    return found
