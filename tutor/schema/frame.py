"""The structs that a run is recorded in: a `Frame` for each step, its values as `TensorView`s.

The same structs are sent over the worker's pipe and saved in recordings, as MessagePack arrays. A
frame holds only what its statement changed; `history.timeline.Timeline` returns the value of any
name at any step.
"""

import math
from math import prod
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

EXACT = 4096
"""The most elements of a value that is recorded exactly. Larger values become a `Summary`."""

BLOCK = 64
"""The most rows and columns in the block means of a `Summary`."""

BINS = 32
"""Bins in the histogram of a `Summary`, of equal width from the minimum to the maximum."""

ROOT = "<root>"
"""The recorded name of a tensor that `backward()` was called on and that has no name."""

GRAD = ".grad"
"""The suffix of a gradient's name: the gradient of `w` is recorded as `w.grad`."""


Count = Annotated[int, Meta(ge=0)]

Kind = Literal["tensor", "parameter", "buffer", "array", "number"]

Phase = Literal["data", "forward", "loss", "backward", "update", "zero", "other"]


class Summary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Statistics of a tensor of more than `EXACT` elements, computed on its own device."""

    min: float
    max: float
    mean: float
    std: float
    """Population standard deviation, sqrt(norm²/n - mean²)."""
    norm: float
    """Euclidean norm of all elements."""
    nonfinite: Count
    """Number of elements that are NaN or infinite. If there are any, the statistics above are not
    finite either."""
    histogram: tuple[Count, ...]
    """`BINS` counts over a strided sample of the elements; empty if any element is not finite."""
    rows: Annotated[int, Meta(ge=0, le=BLOCK)]
    cols: Annotated[int, Meta(ge=0, le=BLOCK)]
    block: bytes
    """rows x cols float32, little endian: the means of equal blocks of the tensor as a matrix."""
    problem: str = ""
    """Why the elements cannot be read, in one line; "" if they can. A view of fewer than `EXACT`
    elements has a summary only where they cannot."""


class TensorView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value after one step: a tensor, a NumPy array or a Python number."""

    kind: Kind
    shape: tuple[int, ...]
    dtype: str
    """The library's own name: float32, int64, bfloat16; int or float for a Python number."""
    device: str
    requires_grad: bool
    stored: str
    """The NumPy dtype of `data` (bfloat16 is stored as float32); "text" for a Python number."""
    data: bytes | None
    """All elements in C order, little endian; a Python number as its repr. None if not recorded."""
    summary: Summary | None = None
    """For more than `EXACT` elements. A view with neither `data` nor `summary` records only that
    the value changed; a replay restores its content."""

    @property
    def count(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def is_complete(self) -> bool:
        """Whether the view has its content."""
        return self.data is not None or self.summary is not None

    @property
    def cost(self) -> int:
        """Bytes of memory that the content takes, approximately."""
        summary = len(self.summary.block) + 8 * BINS if self.summary else 0
        return (len(self.data) if self.data else 0) + summary


class Edge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An edge of the backward graph: from an operation to the one that made one of its inputs."""

    to: int
    """The id of the operation that made the input."""
    number: int
    """Which of that operation's outputs the input is, from 0: autograd's `input_nr`."""
    contribution: TensorView | None = None
    """The gradient that flowed along this edge; None if none did, or none yet."""


class Operation(msgspec.Struct, frozen=True, array_like=True):
    """An operation of the forward pass, or a node of the graph in a backward pass.

    The frame of a forward statement holds what was computed: `inputs`, `call` and `values`. The
    frame of a backward pass holds the same operation under the same id, with `order`, `grads` and
    `edges`.
    """

    id: int
    """Counts from 1 in a run. An operation has the same id in every frame."""
    kind: str
    """operation: a call that the script made.
    leaf: a tensor that requires a gradient and that no operation made.
    data: a value that requires no gradient and whose origin was not recorded.
    part: a node that torch added inside an operation, such as the transpose in `linear`.
    library: all operations of one library call, such as `SGD.step`, as one.
    unknown: an operation that could not be observed; only the name of its node is known."""
    name: str
    """matmul, pow, MseLoss, SGD.step; for a leaf or data its name in the script, or ""."""
    line: int
    """The line of the innermost frame of the script's own code in the call stack; 0 if none."""
    module: str
    """The `nn.Module` that was being called, by its name in the script, such as `model.0`; ""
    outside of modules."""
    inputs: tuple[int, ...]
    """The ids of the operations that made its tensor inputs, in the order of the call."""
    call: str
    """The call as Python text with its inputs as _0, _1, …: `pow(_0, 2)`, `sum(_0, dim=1)`. "" for
    the kinds leaf, data, part and unknown."""
    values: tuple[TensorView | None, ...]
    """Its outputs right after it; for an in-place operation the changed tensor."""
    order: int | None = None
    """Its position in the execution order of the statement's backward passes, from 0; None if they
    did not reach it, or not yet."""
    grads: tuple[TensorView | None, ...] = ()
    """The gradient with respect to each output: the sum of the contributions of incoming edges.
    None for an output that no gradient reached."""
    edges: tuple[Edge, ...] = ()
    """An edge for each input that requires a gradient."""
    before: TensorView | None = None
    """For a leaf in a backward pass: its `.grad` before accumulation, None if it had none."""
    after: TensorView | None = None
    """For a leaf in a backward pass: its `.grad` after accumulation."""


class Inside(msgspec.Struct, frozen=True, array_like=True):
    """The operations inside a statement."""

    operations: tuple[Operation, ...]
    """First the forward operations in execution order, each leaf and each data before its first
    use. Then for each backward pass the nodes in execution order, and the nodes not reached."""
    forwards: int
    """The number of forward operations."""
    passes: tuple[int, ...]
    """The number of nodes of each backward pass, in the order in which the passes began."""
    made: dict[str, int]
    """Name that this statement assigned -> id of the operation that made its tensor, or last
    changed it in place."""
    unseen: tuple[str, ...] = ()
    """What could not be observed, a line each."""
    error: str = ""
    """Python's message for the exception that a backward pass raised, or ""."""
    failed: int = 0
    """The id of the operation whose node raised `error`, or that `backward()` refused to start
    from; 0 if none."""


class AuditRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One element of a gradient compared with a finite difference."""

    index: tuple[int, ...]
    autograd: float
    difference: float
    """The central finite difference, in float64."""
    step: float
    """The step width h of the difference."""
    error: float
    """The estimated error of `difference`: a third of its distance to the difference with 2h, plus
    rounding."""
    kink: tuple[float, float] | None = None
    """The slopes on both sides of a kink of the function: autograd may give any value between them.
    A side where the function has no value is infinite."""
    agrees: bool = False

    def judged(self, allowed: float) -> "AuditRow":
        """Return the row with `agrees` set: whether autograd is within `allowed` of the slope, plus
        ten times the estimated error."""
        low, high = self.kink or (self.difference, self.difference)
        if math.isfinite(self.error):
            allowed += 10 * self.error
        agrees = low - allowed <= self.autograd <= high + allowed
        return msgspec.structs.replace(self, agrees=agrees)


class Audit(msgspec.Struct, frozen=True, array_like=True):
    """The check of one parameter's gradient from one backward pass by finite differences."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    value: float = 0.0
    """The value that `backward()` was called on, in float64."""
    rows: tuple[AuditRow, ...] = ()
    cuts: tuple[tuple[int, str], ...] = ()
    """(line, name) of each value that autograd treated as a constant and that matters here."""
    is_held: bool = False
    """Whether the finite differences treat those values as constants, too."""
    problem: str = ""
    """Why it could not be checked, in one line; "" if it was."""

    @property
    def agrees(self) -> bool:
        """Whether every element agrees."""
        return all(row.agrees for row in self.rows)


class Frame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="frame"):
    """One executed statement of the script: a step."""

    step: Annotated[int, Meta(ge=1)]
    """Counts from 1."""
    line: Annotated[int, Meta(ge=1)]
    """The first line of the statement in the file."""
    loop: Count
    """The line of the outermost loop around the statement; 0 outside of loops."""
    iteration: Annotated[int, Meta(ge=0, lt=2**31)] | None
    """The iteration of that loop, from 0; None outside of loops."""
    phase: Phase
    """Found from what the step did, not from its text."""
    loss: float | None
    """The loss after this step."""
    is_new_loss: bool
    """Whether this step computed the loss, which then is a new point of the loss curve."""
    changed: dict[str, TensorView | None]
    """Name in the script -> new value; None if the name or the gradient is gone."""
    slots: tuple[str | None, ...] = ()
    """The formatted value of each slot in the note above the statement; None if it has no value."""
    shown: tuple[object, ...] = ()
    """The value of each `--show` expression; None if it has no value."""
    problems: tuple[tuple[str, str], ...] = ()
    """(expression, reason) of each slot and shown expression that has no value, in their order."""
    inside: Inside | None = None
    """The operations of the statement, if the launch asked for them."""
    root: str = ""
    """The name of the tensor that this step called `backward()` on, `ROOT` if it has no name; ""
    if the step did not call `backward()`."""
    raised: str = ""
    """Python's message for an exception that the statement raised and the script caught, or ""."""


class Past(msgspec.Struct, frozen=True, array_like=True):
    """What a run that records only from some step on has to know of the steps before, so that it
    finds the same phases, losses and names as a run that recorded all steps."""

    root: str
    """The name of the tensor that `backward()` was last called on, or ""."""
    loss: float | None
    outside: dict[str, bool]
    """Name that was assigned outside of loops -> whether its value requires a gradient."""
