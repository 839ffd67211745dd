"""One named tensor of the script, compared with what it was at the last look.

`.data` edits and edits through a NumPy alias leave a tensor's version alone, so up to `EXACT`
elements are always compared byte for byte; larger tensors by place, version and `FINGERPRINT`
elements, which misses only a sparse edit behind autograd's back.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import EXACT, GRAD, Kind, TensorView
from tutor.worker import torch_private
from tutor.worker.capture import summary, transfer, views
from tutor.worker.capture.memory import Read, read_contiguous, read_strided

FINGERPRINT = 64
"""Elements of a large tensor that are compared at each look."""

CONTENT, SAMPLE = "content", "sample"
"""What a look that could not answer by itself asks for: the content, or the fingerprint first."""

_PLAIN = (Tensor, torch.nn.Parameter)
"""Types whose memory is what they say; a subclass may hold something else in it, or nothing."""


_layout: Callable[[Tensor], tuple[Any, ...]] = attrgetter("shape", "dtype", "requires_grad")


class Watch:
    """What was last recorded of one tensor.

    Args:
        name: What the script calls it.
        tensor: The tensor.
        kind: As a view has it; None to tell it from the tensor's type.
    """

    __slots__ = (
        "_address",
        "_follows_grad",
        "_grad",
        "_is_new",
        "_kind",
        "_layout",
        "_may_gain_grad",
        "_place",
        "_read",
        "_size",
        "_stride",
        "_version",
        "content",
        "gradient",
        "is_gradient",
        "is_large",
        "name",
        "tensor",
        "view",
    )

    def __init__(self, name: str, tensor: Tensor, kind: Kind | None = None) -> None:
        self.name = name
        self.tensor = tensor
        self.view: TensorView | None = None
        """None if it could not be looked at."""
        self.content = b""
        """The elements as they were; of a large tensor, its fingerprint."""
        self.is_large = False
        self.gradient: Watch | None = None
        self.is_gradient = False
        """Then its own gradient is not followed."""
        self._kind = kind
        self._grad: Tensor | None = None
        self._follows_grad = False
        self._may_gain_grad = False
        self._is_new = True
        self._address = 0
        """Where its elements lie; 0 before the first look, and if they must be fetched."""
        self._read: Read = bytes
        """Reads the elements, or those of the fingerprint, from there."""
        self._size = 0
        """Bytes of elements that lie there without gaps, 0 if they do not."""
        self._place = 0
        """Where the elements lie that must be fetched."""
        self._layout: tuple[Any, ...] = ()
        self._stride: tuple[int, ...] = ()
        self._version = 0

    def rebind(self, tensor: Tensor) -> None:
        """The name stands for another tensor now."""
        self.tensor = tensor
        self._is_new = True
        self._address = 0

    def follow_grad(self) -> bool:
        """Let `gradient` follow the tensor's; True if that is another tensor now."""
        tensor = self.tensor
        try:
            requires_grad = tensor.requires_grad
            has_grad = tensor.is_leaf or tensor.retains_grad
            self._may_gain_grad = requires_grad and not has_grad
            # A parameter that was frozen keeps its gradient; data have none.
            self._follows_grad = has_grad and (requires_grad or self._grad is not None)
            grad = tensor.grad if self._follows_grad else None
        except Exception:  # whatever a subclass raises
            grad = None
        if grad is self._grad:
            return False
        self._grad = grad
        if grad is None:
            self.gradient = None
        elif self.gradient is None:
            self.gradient = Watch(self.name + GRAD, grad)
            self.gradient.is_gradient = True
        else:
            self.gradient.rebind(grad)
        return True

    def look(self) -> TensorView | str | None:
        """The view if it changed, None if not, or what must be fetched first: CONTENT or SAMPLE."""
        tensor = self.tensor
        is_new, self._is_new = self._is_new, False
        try:
            kind = type(tensor)
            if kind not in _PLAIN and kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
                return None  # whatever is asked of it, the script's own code would answer
            if tensor.numel() > EXACT and summary.holds_less(tensor):
                return self._look_without_content(tensor, is_new)
            if (
                type(tensor) in _PLAIN
                and tensor.is_cpu
                and tensor.layout is torch.strided
                and tensor.dtype in transfer.STORED
                and not tensor.is_neg()
                and not tensor.is_conj()
                and (address := tensor.data_ptr())
            ):
                return self._look_at_memory(tensor, address, is_new)
            return self._look_from_afar(tensor, is_new)
        except Exception:  # whatever a subclass raises, or a parameter that has no shape yet
            self._address = 0
            return None

    def edit(self, content: bytes) -> TensorView | str:
        """Take elements that `differing` found: the new view, or CONTENT."""
        self.content = content
        if self.is_large:
            self._version = torch_private.version(self.tensor)
            return CONTENT
        assert self.view is not None
        self.view = view = views.with_content(self.view, content)
        return view

    def piece(self, need: str) -> Tensor:
        """What to fetch for a look that answered `need`."""
        tensor = self.tensor
        if type(tensor) not in _PLAIN:
            tensor = tensor.as_subclass(Tensor)
        if need == SAMPLE:
            return summary.sample(tensor, FINGERPRINT)
        return summary.vector(tensor) if self.is_large else tensor

    def settle(self, content: bytes) -> TensorView | None:
        """Take the content that a look asked for; the view if it changed."""
        old = self.view
        if self.is_large:
            self.view = views.of_tensor(
                self.tensor, self._kind, kept=summary.read(content, tuple(self.tensor.shape))
            )
        else:
            self.view = views.of_tensor(self.tensor, self._kind, content)
            self.content = content
        return None if self.view == old else self.view

    def settle_without(self) -> TensorView:
        """Note that a large tensor changed when its content cannot be afforded now."""
        self.view = views.of_tensor(self.tensor, self._kind)
        return self.view

    def differs(self, fingerprint: bytes) -> bool:
        """Whether the fingerprint that a look asked for is another one than before."""
        before, self.content = self.content, fingerprint
        return bool(before) and before != fingerprint

    @property
    def is_zero(self) -> bool:
        """Whether all elements that were compared are zero."""
        if self.content:
            return not self.content.strip(b"\0\x80")  # 0x80 is the sign of a negative zero
        kept = self.view.summary if self.view else None
        return kept is not None and kept.min == kept.max == 0

    def _look_at_memory(
        self, tensor: Tensor, address: int, is_new: bool
    ) -> TensorView | str | None:
        """Look at a tensor whose elements lie in this process as plain bytes."""
        has_moved, self._address = address != self._address, address
        layout, stride = _layout(tensor), tensor.stride()
        is_alike = layout == self._layout and stride == self._stride
        if not is_alike:
            self._layout, self._stride = layout, stride
            self.is_large = tensor.numel() > EXACT
            self._size = 0 if self.is_large or not tensor.is_contiguous() else tensor.nbytes
        if self._size:
            self._read = read_contiguous(address, self._size)
        else:
            self._read = read_strided(tensor, address, FINGERPRINT if self.is_large else None)
        before, self.content = self.content, self._read()
        if self.is_large:
            version, self._version = self._version, torch_private.version(tensor)
            is_settled = is_alike and not is_new and not has_moved and version == self._version
            return None if is_settled and self.content == before else CONTENT
        view = self.view
        if view is not None and is_alike:
            if self.content == view.data:
                return None
            self.view = views.with_content(view, self.content)
            return self.view
        self.view = views.of_tensor(tensor, self._kind, self.content)
        return None if self.view == view else self.view

    def _look_without_content(self, tensor: Tensor, is_new: bool) -> TensorView | None:
        """Look at a large tensor whose elements are not all there to be summed up."""
        before = self._layout, self._version
        self._address = self._size = 0
        self.is_large = True
        self._layout, self._version = _layout(tensor), torch_private.version(tensor)
        if not is_new and before == (self._layout, self._version):
            return None
        self.view = views.of_tensor(tensor, self._kind, kept=views.UNKNOWN)
        return self.view

    def _look_from_afar(self, tensor: Tensor, is_new: bool) -> TensorView | str | None:
        """Look at a tensor on a device, or one whose elements do not lie as plain bytes."""
        before = self._layout, self._version
        self._address = self._size = 0
        self._layout, self._version = _layout(tensor), torch_private.version(tensor)
        self.is_large = tensor.numel() > EXACT
        is_settled = not is_new and before == (self._layout, self._version)
        if tensor.device.type == "meta":
            old, self.view = self.view, views.of_tensor(tensor, self._kind, kept=views.UNKNOWN)
            return None if self.view == old else self.view
        if tensor.layout is not torch.strided:
            return None if is_settled else CONTENT
        place, self._place = self._place, tensor.data_ptr()
        if not self._place and tensor.numel():
            return None  # a subclass that only stands for tensors elsewhere
        return SAMPLE if self.is_large and is_settled and place == self._place else CONTENT


def differing(watches: Iterable[Watch]) -> tuple[dict[Watch, bytes | None], list[Watch]]:
    """The watches whose tensor is not as it was, and those that have another gradient or may have.

    The former with the tensor's elements where only those are others, None where it wants a look.

    This runs for every tensor at every step, so it is one loop that calls no Python. Memory is read
    only after it is known to be still the tensor's.
    """
    edited: dict[Watch, bytes | None] = {}
    regraded: list[Watch] = []
    for watch in watches:
        tensor = watch.tensor
        if (
            not (address := watch._address)
            or tensor.data_ptr() != address
            or tensor.stride() != watch._stride
            or _layout(tensor) != watch._layout
        ):
            edited[watch] = None
            if not watch.is_gradient:
                regraded.append(watch)
            continue
        if (content := watch._read()) != watch.content or (
            watch.is_large and torch_private.version(tensor) != watch._version
        ):
            edited[watch] = content
        if watch._follows_grad:
            if tensor.grad is not watch._grad:
                regraded.append(watch)
        elif watch._may_gain_grad and (tensor.retains_grad or tensor.is_leaf):
            regraded.append(watch)
    return edited, regraded
