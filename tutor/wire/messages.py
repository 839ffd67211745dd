"""The messages between the client, the host and a run's worker.

Two connections, both private to the engine, so that nothing a script prints can corrupt them:

- client <-> host: a Unix socket pair (see `control`); a run's pipes, page and files travel with
  `StartRun` as file descriptors.
- client <-> worker: a pipe each way.

Everything is MessagePack with its length in front.

Commands are imperatives, events past participles.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tutor.schema.frame import Audit, Frame, Inside, Past, TensorView

DEFAULT_SEED = 446

FOREVER = 2**62
"""As `Go.until`: run to the end of the script."""


DIGESTED = 50
"""Steps between two digests of a run's state."""


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
    """Evaluate what a plot shows, in the state that the run waits in."""

    expressions: tuple[str, ...] = ()
    """Each has numbers as its value, or a dictionary of numbers."""
    of: str = ""
    """An expression to evaluate over a grid; "" for none."""
    over: tuple[tuple[str, float, float], ...] = ()
    """(name, lowest value, highest value) of each name that is varied for the grid."""
    counts: tuple[int, ...] = ()
    """The number of values that each of them takes."""


TerminalSize = tuple[Annotated[int, Meta(ge=1, lt=2**16)], Annotated[int, Meta(ge=1, lt=2**16)]]
"""Columns and lines."""

Terminals = tuple[TerminalSize | None, TerminalSize | None, TerminalSize | None]


class Launch(msgspec.Struct, frozen=True, array_like=True):
    """What runs, and what is recorded of it. A recording keeps it."""

    path: str
    """As the learner typed it; it becomes `sys.argv[0]`."""
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
    terminals: Terminals | int = 0
    """The size of the terminal that descriptor 0, 1 and 2 is for the script; None: it is none. A
    number if there is none at all: recordings of version 0.1.0 have another number here."""


class Job(msgspec.Struct, frozen=True, array_like=True):
    """What a worker does: run a launch, record it from some step on, and answer what is asked."""

    launch: Launch
    begin: int = 0
    """Replay up to this step without recording it; the next step is recorded with every value."""
    past: Past | None = None
    """The state to continue from if another run recorded the steps up to `begin + 1`; else None."""
    operations: int | None = None
    """Note the operations inside the statements after this step; None: inside none."""
    audit: tuple[str, ...] | None = None
    """Audit the gradients that the step after `begin` computes for these names, for every leaf that
    it reaches if there are none. Calls are logged after step `operations`. None: no audit."""
    waits_at_end: bool = False
    """Wait after the last statement too, so that questions about it can be answered."""
    samples: tuple[Sample, ...] = ()
    """What to evaluate when the script is over."""
    pauses: bool = False
    """Wait after a statement that calls `breakpoint()`."""
    guard: str = ""
    """Run in this folder, without a network, and report what else is written to; "" runs freely."""


class Go(msgspec.Struct, frozen=True, array_like=True, tag="go"):
    """Run until this step is recorded, then wait; a step that is recorded means: wait now."""

    until: int


class Fetch(msgspec.Struct, frozen=True, array_like=True, tag="fetch"):
    """Return a part of a value, in the state that the run waits in."""

    name: str
    index: str = ""
    """A subscript in Python's syntax, `[3:5, :, 0]`; "" for the whole."""
    rows: tuple[int, int] = (0, 64)
    """Of what the subscript selects, as a matrix: the first row, and one past the last."""
    cols: tuple[int, int] = (0, 64)


Question = Fetch | Sample
"""What can be asked of a run that waits."""

Command = Go | Question


class Started(msgspec.Struct, frozen=True, array_like=True, tag="started"):
    """The worker is ready and waits before the first statement."""

    pid: int
    environment: dict[str, str]
    """What decides the last digits: torch, threads, CPU capability, device and its name."""


class Waited(msgspec.Struct, frozen=True, array_like=True, tag="waited"):
    """The worker waits for a command; the statement on `line` is next."""

    step: int
    line: int


class Printed(msgspec.Struct, frozen=True, array_like=True, tag="printed"):
    """What the script wrote in `step`, which may still be running."""

    step: int
    output: tuple[tuple[Annotated[int, Meta(ge=1, le=2)], bytes], ...]
    """In order: (1 for stdout or 2 for stderr, bytes)."""


class BreakpointHit(msgspec.Struct, frozen=True, array_like=True, tag="breakpoint"):
    """The script called `breakpoint()` in `step`, which is still running."""

    step: int
    line: int


class Completed(msgspec.Struct, frozen=True, array_like=True, tag="completed"):
    """The content of values that an earlier frame reported without it."""

    step: int
    views: dict[str, TensorView]


class Edited(msgspec.Struct, frozen=True, array_like=True, tag="edited"):
    """The learner's edits after a step were made; the next step's changes come after these."""

    step: int
    changed: dict[str, TensorView | None]


class Digested(msgspec.Struct, frozen=True, array_like=True, tag="digested"):
    """A digest of everything that the script has named, after every `DIGESTED` steps."""

    step: int
    digest: Annotated[bytes, Meta(max_length=64)]


class Fetched(msgspec.Struct, frozen=True, array_like=True, tag="fetched"):
    """The answer to a `Fetch`."""

    fetch: Fetch
    shape: tuple[int, ...] = ()
    """The shape of what the subscript selects."""
    part: TensorView | None = None
    """The rows and columns that were asked for, cut to those that exist."""
    problem: str = ""
    """Why there is no answer, in one line."""


class Sampled(msgspec.Struct, frozen=True, array_like=True, tag="sampled"):
    """The answer to a `Sample`. All numbers are float64, little endian."""

    sample: Sample
    values: tuple[bytes | None, ...] = ()
    """The value of each expression; None if it has none."""
    names: tuple[str, ...] = ()
    """The keys of the dictionary, if an expression had one as its value."""
    surface: bytes | None = None
    """`of` over the grid; the first name varies fastest."""
    problems: tuple[tuple[str, str], ...] = ()
    """(expression, reason) of each that has no value."""


class Trespassed(msgspec.Struct, frozen=True, array_like=True, tag="trespassed"):
    """A guarded script used something outside of its folder."""

    kind: str
    """file: one that it wrote and left there. network: a host that it tried to connect to."""
    what: str
    line: int
    """The line of the statement that did."""


class Audited(msgspec.Struct, frozen=True, array_like=True, tag="audited"):
    """The answer to `Job.audit`."""

    step: int
    audits: tuple[Audit, ...]


Outcome = Literal["finished", "raised", "refused", "interrupted", "died"]


class Ended(msgspec.Struct, frozen=True, array_like=True, tag="ended"):
    """The run has ended."""

    outcome: Outcome
    """refused: the run could not be set up."""
    message: str = ""
    """One line with `file:line` and the reason; "" if the script just finished."""
    line: int = 0
    """The line of the statement in which it ended, 0 if none."""
    traceback: str = ""
    """As Python prints it, with the script's own lines only."""
    inside: Inside | None = None
    """The operations of the statement in which it ended, if they were asked for."""
    status: Annotated[int, Meta(ge=0, le=255)] | None = None
    """The exit status under python, as a shell tells it: 128 + the signal that killed a process.
    None if the outcome alone decides it."""


Event = (
    Started
    | Frame
    | Waited
    | Printed
    | BreakpointHit
    | Completed
    | Edited
    | Digested
    | Fetched
    | Sampled
    | Trespassed
    | Audited
    | Ended
)
