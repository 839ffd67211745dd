"""One named tensor of the script, compared with what it was at the last look.

`.data` edits and edits through a NumPy alias leave a tensor's version alone, so up to `EXACT`
elements are always compared byte for byte; larger tensors by place, version and `FINGERPRINT`
elements, which misses only a sparse edit behind autograd's back.
"""

import ctypes
import struct
from functools import cache

import torch
from torch import Tensor

from tutor.engine import private, summary, transfer
from tutor.frame import EXACT, Summary, TensorView

FINGERPRINT = 64
"""Elements of a large tensor that are compared at each look."""

CONTENT, SAMPLE = "content", "sample"
"""What a look that could not answer by itself asks for: the content, or the fingerprint first."""

_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Watch:
    """What was last recorded of one name."""

    __slots__ = (
        "_is_large",
        "_memory",
        "_pointer",
        "_requires_grad",
        "_shape",
        "_version",
        "content",
        "gradient",
        "tensor",
        "view",
    )

    def __init__(self) -> None:
        self.tensor: Tensor | None = None
        self.view: TensorView | None = None
        self.content = b""
        """The elements as they were; of a large tensor, its fingerprint."""
        self.gradient: Watch | None = None
        self._memory: memoryview | None = None
        """The live elements (or those of the fingerprint), where they lie as plain bytes."""
        self._pointer = 0
        self._version = 0
        self._shape: torch.Size | None = None
        self._requires_grad = False
        self._is_large = False

    def look(self, tensor: Tensor) -> TensorView | str | None:
        """The view if it changed, None if not, or what must be fetched to know: CONTENT or SAMPLE.

        This runs for every tensor at every step: a small tensor that stayed costs half a microsecond.
        """
        memory = self._memory
        if (
            memory is None
            or tensor is not self.tensor
            or tensor.data_ptr() != self._pointer
            or tensor.shape != self._shape
            or tensor.requires_grad is not self._requires_grad
            or not tensor.is_contiguous()
        ):
            return self._look_closely(tensor)
        content = memory.tobytes()
        if self._is_large:
            version, self._version = self._version, private.version(tensor)
            if content == self.content and version == self._version:
                return None
            self.content = content
            return CONTENT
        if content == self.content:
            return None
        self.content = content
        assert self.view is not None
        self.view = _with_content(self.view, content)
        return self.view

    def settle(self, content: bytes) -> TensorView | None:
        """Take the content that a look asked for; the view if it changed."""
        tensor, old = self.tensor, self.view
        assert tensor is not None
        if tensor.numel() > EXACT:
            self.view = _bare(tensor, summary.read(content, tuple(tensor.shape)))
        else:
            self.view = _bare(tensor, data=content)
            self.content = content
        return None if self.view == old else self.view

    def settle_without(self) -> TensorView:
        """Note that a large tensor changed when its content cannot be afforded now."""
        assert self.tensor is not None
        self.view = _bare(self.tensor)
        return self.view

    def differs(self, fingerprint: bytes) -> bool:
        """Whether the fingerprint that a look asked for is another one than before."""
        before, self.content = self.content, fingerprint
        return bool(before) and before != fingerprint

    @property
    def is_zero(self) -> bool:
        """Whether all elements that were compared are zero."""
        if self.content:
            return not self.content.strip(b"\0")
        kept = self.view.summary if self.view else None
        return kept is not None and kept.min == kept.max == 0

    def _look_closely(self, tensor: Tensor) -> TensorView | str | None:
        """Look at a tensor that is new here, lies elsewhere than before, or has no plain memory."""
        is_same, self.tensor = tensor is self.tensor, tensor
        self._is_large = tensor.numel() > EXACT
        self._requires_grad = tensor.requires_grad
        self._shape = tensor.shape
        version, self._version = self._version, private.version(tensor)
        if tensor.layout is not torch.strided or tensor.device.type == "meta":
            self._memory = None
            view = _bare(tensor, stored="")
            if is_same and version == self._version and view == self.view:
                return None
            self.view = view
            return view
        pointer, self._pointer = self._pointer, tensor.data_ptr()
        if not tensor.is_cpu:
            self._memory = None
            is_settled = is_same and version == self._version and pointer == self._pointer
            return SAMPLE if self._is_large and is_settled else CONTENT
        self._memory = memory = _live(tensor)
        if not self._is_large:
            return self.settle(memory.tobytes() if memory else transfer.peek(transfer.raw(tensor)))
        if memory is not None:
            content = memory.tobytes()
        else:
            content = transfer.peek(transfer.raw(summary.sample(tensor, FINGERPRINT)))
        before, self.content = self.content, content
        is_settled = is_same and version == self._version and pointer == self._pointer
        return None if is_settled and content == before else CONTENT


def _live(tensor: Tensor) -> memoryview | None:
    """The memory of a CPU tensor, of a large one `FINGERPRINT` evenly strided elements; None if it
    does not lie there as the plain bytes of its elements."""
    if tensor.dtype not in transfer.STORED or not tensor.is_contiguous() or tensor.is_neg():
        return None
    size = tensor.nbytes
    if not size or (tensor.is_complex() and tensor.is_conj()):
        return None
    memory = memoryview(_array_type(size).from_address(tensor.data_ptr()))
    count = tensor.numel()
    if count <= EXACT:
        return memory
    # Of wider elements (complex) the first eight bytes are compared.
    code = _CODES.get(tensor.element_size(), "Q")
    return memory.cast("B").cast(code)[:: size // struct.calcsize(code) // FINGERPRINT]


@cache
def _array_type(size: int) -> type[ctypes.Array[ctypes.c_char]]:
    return ctypes.c_char * size


@cache
def _dtype(dtype: torch.dtype) -> tuple[str, str]:
    """Its name, and how its elements are stored."""
    return str(dtype).removeprefix("torch."), transfer.STORED.get(dtype, "<f4")


def _bare(
    tensor: Tensor,
    kept: Summary | None = None,
    stored: str | None = None,
    data: bytes | None = None,
) -> TensorView:
    """The view of a tensor; with `stored` empty, of one whose elements do not exist."""
    name, storage = _dtype(tensor.dtype)
    return TensorView(
        "parameter" if type(tensor) is torch.nn.Parameter else "tensor",
        tuple(tensor.shape),
        name,
        "cpu" if tensor.is_cpu else str(tensor.device),
        tensor.requires_grad,
        storage if stored is None else stored,
        b"" if stored == "" else data,
        kept,
    )


def _with_content(view: TensorView, content: bytes) -> TensorView:
    return TensorView(
        view.kind,
        view.shape,
        view.dtype,
        view.device,
        view.requires_grad,
        view.stored,
        content,
    )
