"""Compare one named tensor of the script with what it was at the last look.

Edits of `.data` and through a NumPy alias do not change a tensor's version. So up to `EXACT`
elements are always compared byte for byte; larger tensors by address, version and `FINGERPRINT`
elements, which misses only a sparse edit that autograd does not see.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import EXACT, GRAD, Kind, TensorView
from tutor.worker import guard, torch_private
from tutor.worker.capture import summary, transfer, views
from tutor.worker.capture.memory import Read, read_contiguous, read_strided

FINGERPRINT = 64
"""Elements of a large tensor that are compared at each look."""

CONTENT, SAMPLE = "content", "sample"
"""What a look needs before it can answer: the content, or first the fingerprint."""

_PLAIN = (Tensor, torch.nn.Parameter)
"""Types whose memory holds their elements; that of a subclass may hold anything."""


_layout: Callable[[Tensor], tuple[Any, ...]] = attrgetter("shape", "dtype", "requires_grad")


class Watch:
    """Remembers what was last recorded of one tensor.

    Args:
        name: Its name in the script.
        tensor: The tensor.
        kind: The kind of its view; None to take it from the tensor's type.
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
        """The last view; None if the tensor could not be read."""
        self.content = b""
        """The elements at the last look; the fingerprint of a large tensor."""
        self.is_large = False
        self.gradient: Watch | None = None
        self.is_gradient = False
        """Whether this is the watch of a gradient, whose own gradient is not followed."""
        self._kind = kind
        self._grad: Tensor | None = None
        self._follows_grad = False
        self._may_gain_grad = False
        self._is_new = True
        self._address = 0
        """The address of the elements; 0 before the first look, and if they must be fetched."""
        self._read: Read = bytes
        """Reads the elements, or the fingerprint, from that address."""
        self._size = 0
        """Bytes of a small contiguous tensor; 0 for any other."""
        self._place = 0
        """The address of elements that must be fetched."""
        self._layout: tuple[Any, ...] = ()
        self._stride: tuple[int, ...] = ()
        self._version = 0

    def rebind(self, tensor: Tensor) -> None:
        """Note that the name is bound to another tensor."""
        self.tensor = tensor
        self._is_new = True
        self._address = 0

    def follow_grad(self) -> bool:
        """Update `gradient`; return True if the tensor's gradient is another tensor now."""
        grad = guard.attempt(self._find_grad, otherwise=lambda _: None)
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
        """Return the view if it changed, None if not, or the need to fetch CONTENT or SAMPLE."""
        return guard.attempt(self._look, otherwise=self.give_up)

    def give_up(self, problem: str) -> TensorView | None:
        """Note why the tensor cannot be read; return the view if it changed."""
        self._is_new = True
        self._address = 0
        old, self.view = self.view, views.unreadable(self.tensor, self._kind or "tensor", problem)
        return None if self.view == old else self.view

    def edit(self, content: bytes) -> TensorView | str:
        """Take elements that `differing` returned; return the new view, or CONTENT."""
        self.content = content
        if self.is_large:
            self._version = torch_private.version(self.tensor)
            return CONTENT
        assert self.view is not None
        self.view = view = views.with_content(self.view, content)
        return view

    def piece(self, need: str) -> Tensor:
        """Return the bytes to fetch after a look that returned `need`."""
        tensor = self.tensor
        if type(tensor) not in _PLAIN:
            tensor = tensor.as_subclass(Tensor)
        if need == SAMPLE:
            tensor = summary.sample(tensor, FINGERPRINT)
        elif self.is_large:
            tensor = summary.vector(tensor)
        return transfer.raw(tensor)

    def settle(self, content: bytes) -> TensorView | None:
        """Take the content that was fetched; return the view if it changed."""
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
        """Return a view without content of a large tensor that changed; it is not fetched now."""
        self.view = views.of_tensor(self.tensor, self._kind)
        return self.view

    def differs(self, fingerprint: bytes) -> bool:
        """Take a fingerprint; return True if it is another one than before."""
        before, self.content = self.content, fingerprint
        return bool(before) and before != fingerprint

    @property
    def is_zero(self) -> bool:
        """Whether all compared elements are zero."""
        if self.content:
            return not self.content.strip(b"\0\x80")  # 0x80 is the sign of a negative zero
        kept = self.view.summary if self.view else None
        return kept is not None and kept.min == kept.max == 0

    def _find_grad(self) -> Tensor | None:
        tensor = self.tensor
        requires_grad = tensor.requires_grad
        has_grad = tensor.is_leaf or tensor.retains_grad
        self._may_gain_grad = requires_grad and not has_grad
        # A parameter that was frozen keeps its gradient; data have none.
        self._follows_grad = has_grad and (requires_grad or self._grad is not None)
        return tensor.grad if self._follows_grad else None

    def _look(self) -> TensorView | str | None:
        tensor = self.tensor
        is_new, self._is_new = self._is_new, False
        kind = type(tensor)
        is_plain = kind in _PLAIN
        if not is_plain and kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
            # Whatever is asked of it, the script's own code would run.
            return self.give_up(f"cannot be read: {guard.type_name(tensor)} has a form of its own")
        if tensor.numel() > EXACT and summary.exceeds_its_memory(tensor):
            return self._look_without_content(tensor, is_new)
        if (
            is_plain
            and tensor.is_cpu
            and tensor.layout is torch.strided
            and tensor.dtype in transfer.STORED
            and not tensor.is_neg()
            and not tensor.is_conj()
            and (address := tensor.data_ptr())
        ):
            return self._look_at_memory(tensor, address, is_new)
        return self._look_elsewhere(tensor, is_new)

    def _look_at_memory(
        self, tensor: Tensor, address: int, is_new: bool
    ) -> TensorView | str | None:
        """Look at a tensor whose elements are plain bytes in this process's memory."""
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
        """Look at a large tensor that has more elements than memory."""
        before = self._layout, self._version
        self._address = self._size = 0
        self.is_large = True
        self._layout, self._version = _layout(tensor), torch_private.version(tensor)
        if not is_new and before == (self._layout, self._version):
            return None
        self.view = views.of_tensor(tensor, self._kind, kept=views.UNKNOWN)
        return self.view

    def _look_elsewhere(self, tensor: Tensor, is_new: bool) -> TensorView | str | None:
        """Look at a tensor on a device, or one whose elements are not plain bytes."""
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
            return self.give_up("cannot be read: it has no elements in memory")
        return SAMPLE if self.is_large and is_settled and place == self._place else CONTENT


def differing(watches: Iterable[Watch]) -> tuple[dict[Watch, bytes | None], list[Watch]]:
    """Find changed tensors and changed gradients.

    This runs for every tensor at every step, so it is one loop that calls no Python functions for
    small tensors. Memory is read only after it is known to be still the tensor's.

    Returns:
        The watches whose tensor changed, with its elements if only those changed, else None: it
        needs a look. And the watches whose gradient may be another tensor.
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


def unknown(watches: Iterable[Watch]) -> tuple[dict[Watch, bytes | None], list[Watch]]:
    """Return what `differing` returns where every watch needs a look."""
    edited: dict[Watch, bytes | None] = dict.fromkeys(watches)
    return edited, [watch for watch in edited if not watch.is_gradient]
