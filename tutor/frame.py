"""The schema of what a run recorded: a `Frame` for each executed statement, its values as views.

The same structs travel over the engine's pipe and can lie in a file, as MessagePack arrays. A frame
holds only what its statement changed; `timeline.Timeline` answers what any value was at any step.
"""

from math import prod

import msgspec

EXACT = 4096
"""Up to this many elements a value is kept element by element; above, as a `Summary`."""

BLOCK = 64
"""A summarised tensor keeps a picture of at most BLOCK x BLOCK block means."""

BINS = 32
"""Bins of a summarised tensor's histogram, evenly from its minimum to its maximum."""

GRAD = ".grad"
"""What the name of a gradient ends in: the gradient of `w` is recorded as `w.grad`."""


class Summary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a tensor of more than `EXACT` elements, computed on its own device."""

    min: float
    max: float
    mean: float
    std: float
    """Population standard deviation, sqrt(norm²/n - mean²)."""
    norm: float
    """Euclidean norm of all elements."""
    nonfinite: int
    """How many elements are NaN or infinite; if any, so are the statistics above."""
    histogram: tuple[int, ...]
    """`BINS` counts over some evenly strided elements; empty if any is not finite."""
    rows: int
    cols: int
    block: bytes
    """rows x cols float32, little endian: means over equal blocks of the tensor as a matrix."""


class TensorView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value as it was after one statement: a tensor, a NumPy array or a plain number."""

    kind: str
    """tensor, parameter, buffer, array or number."""
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
        """Bytes of memory that this view holds, about."""
        picture = len(self.summary.block) + 8 * BINS if self.summary else 0
        return 160 + (len(self.data) if self.data else 0) + picture


class Frame(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="frame"):
    """One executed statement of the script: a step."""

    step: int
    """Counts from 1."""
    line: int
    """First line of the statement in the file."""
    loop: int
    """Line of the outermost loop around the statement, 0 outside."""
    iteration: int | None
    """Which pass of that loop, from 0; None outside."""
    phase: str
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
