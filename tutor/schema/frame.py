"""The schema of what a run recorded: a `Frame` for each executed statement, its values as views.

The same structs travel over the engine's pipe and can lie in a file, as MessagePack arrays. A frame
holds only what its statement changed; `timeline.Timeline` answers what any value was at any step.
"""

import math
from math import prod
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

EXACT = 4096
"""Up to this many elements a value is kept element by element; above, as a `Summary`."""

BLOCK = 64
"""A summarised tensor keeps a picture of at most BLOCK x BLOCK block means."""

BINS = 32
"""Bins of a summarised tensor's histogram, evenly from its minimum to its maximum."""

ROOT = "<root>"
"""Stands for the name of a tensor without one that `backward()` was called on."""

GRAD = ".grad"
"""What the name of a gradient ends in: the gradient of `w` is recorded as `w.grad`."""


Count = Annotated[int, Meta(ge=0)]

Kind = Literal["tensor", "parameter", "buffer", "array", "number"]

Phase = Literal["data", "forward", "loss", "backward", "update", "zero", "other"]


class Summary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a tensor of more than `EXACT` elements, computed on its own device."""

    min: float
    max: float
    mean: float
    std: float
    """Population standard deviation, sqrt(norm²/n - mean²)."""
    norm: float
    """Euclidean norm of all elements."""
    nonfinite: Count
    """How many elements are NaN or infinite; if any, so are the statistics above."""
    histogram: tuple[Count, ...]
    """`BINS` counts over some evenly strided elements; empty if any is not finite."""
    rows: Annotated[int, Meta(ge=0, le=BLOCK)]
    cols: Annotated[int, Meta(ge=0, le=BLOCK)]
    block: bytes
    """rows x cols float32, little endian: means over equal blocks of the tensor as a matrix."""


class TensorView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value as it was after one statement: a tensor, a NumPy array or a plain number."""

    kind: Kind
    shape: tuple[int, ...]
    dtype: str
    """As its own library calls it: float32, int64, bfloat16; int or float for a plain number."""
    device: str
    requires_grad: bool
    stored: str
    """The NumPy dtype of `data` (bfloat16 is stored as float32); "text" for a plain number."""
    data: bytes | None
    """All elements in C order, little endian; a plain number as its repr. None where not kept."""
    summary: Summary | None = None
    """For more than `EXACT` elements. With neither `data` nor `summary` the value is known to have
    changed here, and a replay brings its content."""

    @property
    def count(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def is_complete(self) -> bool:
        return self.data is not None or self.summary is not None

    @property
    def cost(self) -> int:
        """Bytes of memory that its content takes, about."""
        picture = len(self.summary.block) + 8 * BINS if self.summary else 0
        return (len(self.data) if self.data else 0) + picture


class Edge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A way out of a node of the backward pass, towards one input of its operation."""

    to: int
    """The id of the operation whose output that input was."""
    number: int
    """Which output of it, from 0: autograd's `input_nr`."""
    contribution: TensorView | None = None
    """What went along here. None: nothing did, or not yet."""


class Operation(msgspec.Struct, frozen=True, array_like=True):
    """One operation of a statement, or one node of the graph that a backward pass walked.

    In the frame of a forward statement it says what was computed: `inputs`, `call` and `values`.
    In that of a backward pass it comes again under the same id, with `order`, `grads` and `edges`.
    """

    id: int
    """Counts from 1 in a run; the same operation has the same id wherever it is met."""
    kind: str
    """operation: a call that the script made.
    leaf: a tensor that wants a gradient and that no operation made.
    data: a value that wants none and whose making was not recorded.
    part: a node that torch put inside an operation, such as the transpose in `linear`.
    library: everything that one call of a library did, in one row: `SGD.step`.
    unknown: something made this value where nobody could look; only its node's name is known."""
    name: str
    """matmul, pow, MseLoss, SGD.step; a leaf or data: its name in the script, "" if it has none."""
    line: int
    """The innermost line of the script's own code that asked for it, 0 if there is none."""
    module: str
    """The `nn.Module` call that it belongs to, by its name in the script: `model.0`. "" outside."""
    inputs: tuple[int, ...]
    """The ids of its tensor inputs, in the order of the call."""
    call: str
    """Python text of the call with its inputs as _0, _1, …: `pow(_0, 2)`, `sum(_0, dim=1)`. "" for
    a leaf, data, a part or something unknown."""
    values: tuple[TensorView | None, ...]
    """Its outputs, as they were right after it; of an edit in place, the edited tensor."""
    order: int | None = None
    """When the backward pass reached it, from 0 in the whole statement; None: not (yet)."""
    grads: tuple[TensorView | None, ...] = ()
    """The gradient of what `backward()` was called on with respect to each output: the sum of the
    contributions that came in. None for an output that nothing came back to."""
    edges: tuple[Edge, ...] = ()
    """What it passed on; None stands nowhere: inputs that want no gradient have no edge."""
    before: TensorView | None = None
    """Of a leaf in a backward pass: its `.grad` before this was added, None if there was none."""
    after: TensorView | None = None
    """And after."""


class Inside(msgspec.Struct, frozen=True, array_like=True):
    """What went on inside a statement."""

    operations: tuple[Operation, ...]
    """First those that ran forwards, in order, each after the leaves and data that it met first;
    then those that each backward pass walked, in its order, and those that it did not reach."""
    forwards: int
    """How many of them ran forwards."""
    passes: tuple[int, ...]
    """How many of the rest belong to each backward pass, in the order in which they began."""
    made: dict[str, int]
    """Name in the script -> id of the operation that made, or last edited, the tensor which this
    statement gave it."""
    unseen: tuple[str, ...] = ()
    """What could not be seen, a line each."""
    error: str = ""
    """What a backward pass in it raised, in Python's words; "" if none did."""
    failed: int = 0
    """The id of the operation whose node raised it, or that `backward()` refused to begin at."""


class AuditRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One element of a gradient, beside the slope that was measured."""

    index: tuple[int, ...]
    autograd: float
    difference: float
    """The central finite difference, in float64."""
    step: float
    """Its h."""
    error: float
    """How far it may be off: a third of its distance to the one with 2h, and the rounding."""
    kink: tuple[float, float] | None = None
    """The slopes on both sides where the function has a corner: any value between will do.
    Infinite where there is nothing to one side."""
    agrees: bool = False

    def judged(self, allowed: float) -> "AuditRow":
        """The row with its verdict, autograd being allowed to be off by so much."""
        low, high = self.kink or (self.difference, self.difference)
        if math.isfinite(self.error):
            allowed += 10 * self.error
        agrees = low - allowed <= self.autograd <= high + allowed
        return msgspec.structs.replace(self, agrees=agrees)


class Audit(msgspec.Struct, frozen=True, array_like=True):
    """The gradient that one backward pass brought to one parameter, audited."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    value: float = 0.0
    """What the pass began from, in float64."""
    rows: tuple[AuditRow, ...] = ()
    cuts: tuple[tuple[int, str], ...] = ()
    """(line, name) of what autograd took as a constant, where that matters."""
    is_held: bool = False
    """Whether the differences were taken with all that held still too."""
    problem: str = ""
    """Why it could not be audited, in one line."""

    @property
    def agrees(self) -> bool:
        return all(row.agrees for row in self.rows)


class Frame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="frame"):
    """One executed statement of the script: a step."""

    step: Annotated[int, Meta(ge=1)]
    """Counts from 1."""
    line: Annotated[int, Meta(ge=1)]
    """First line of the statement in the file."""
    loop: Count
    """Line of the outermost loop around the statement, 0 outside."""
    iteration: Annotated[int, Meta(ge=0, lt=2**31)] | None
    """Which pass of that loop, from 0; None outside."""
    phase: Phase
    """data, forward, loss, backward, update, zero or other: told from what happened."""
    loss: float | None
    """The loss as it stands after this step."""
    is_new_loss: bool
    """Whether this step computed that loss, so that it is a point of its own on the curve."""
    changed: dict[str, TensorView | None]
    """By the script's own names; None: the name or the gradient is gone."""
    slots: tuple[str | None, ...] = ()
    """The live values of the note above this statement, formatted; None where there is none."""
    shown: tuple[object, ...] = ()
    """The values of the expressions that were asked for with `--show`; None where there is none."""
    problems: tuple[tuple[str, str], ...] = ()
    """(expression, reason) of slots and shown expressions that have no value, in their order."""
    inside: Inside | None = None
    """Where operations were asked for."""
    root: str = ""
    """The name of what this step called `backward()` on, `ROOT` if that has none; "" if it did not
    call it."""
    raised: str = ""
    """What the statement raised and the script caught, in Python's own words; "" if nothing."""


class Past(msgspec.Struct, frozen=True, array_like=True):
    """What a run that goes on after some step has to know of the steps before, to name the later
    ones as a run that recorded them all would."""

    root: str
    """The name of what `backward()` was last called on, "" if it was not."""
    loss: float | None
    outside: dict[str, bool]
    """The names that statements outside of loops gave a value, and whether it wants a gradient."""
