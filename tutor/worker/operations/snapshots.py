"""Copy the values of tensors at one moment: the script may change them in the next."""

from collections.abc import Sequence
from time import perf_counter
from typing import cast

import msgspec
import torch
from torch import Tensor

from tutor.schema.frame import EXACT, TensorView
from tutor.worker import guard
from tutor.worker.capture import summary, transfer, views
from tutor.worker.capture.time_budget import TimeBudget

_PLAIN = (Tensor, torch.nn.Parameter)

Snapshot = TensorView | int | None
"""A view, the index of one that is still on its device, or None if the tensor has no view."""


class Snapshots:
    """Takes snapshots. Its callers enter `torch_private.unobserved` first.

    Args:
        exact: Copy the content of every tensor, whatever it costs.
    """

    def __init__(self, exact: bool) -> None:
        self._exact = exact
        self.budget = TimeBudget()
        self._pieces: list[Tensor] = []
        self._bare: list[TensorView] = []
        """The view of each piece's tensor, without its content."""
        self._fetched: list[TensorView] = []

    def take(self, tensor: Tensor) -> Snapshot:
        """Return the tensor as it is now; None for a subclass without elements of its own."""
        return guard.attempt(self._take, tensor, otherwise=lambda problem: None)

    def _take(self, tensor: Tensor) -> Snapshot:
        if type(tensor) not in _PLAIN:
            if type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__:
                return None  # the script's own code would run, whatever is asked of it
            tensor = tensor.as_subclass(Tensor)
            if not tensor.data_ptr():
                return None
        blank = views.blank(*views.FORM(tensor))
        if blank is not None:
            is_plain = tensor.is_contiguous() and not tensor.is_neg() and not tensor.is_conj()
            piece = tensor if is_plain else transfer.raw(tensor)
            return views.with_content(blank, transfer.peek(piece))
        if tensor.numel() > EXACT:
            return self._large(tensor)
        if tensor.device.type == "meta":
            return views.of_tensor(tensor, None, kept=views.UNKNOWN)
        piece = transfer.raw(tensor)
        if tensor.is_cpu:
            return views.of_tensor(tensor, None, transfer.peek(piece))
        return self._later(tensor, piece.clone())

    def fetch(self) -> None:
        """Copy what is still on a device, in one transfer."""
        self._fetched = []
        if not self._pieces:
            return
        for view, content in zip(self._bare, transfer.fetch(self._pieces), strict=True):
            if view.count > EXACT:
                kept = summary.read(content, view.shape)
                self._fetched.append(msgspec.structs.replace(view, summary=kept))
            else:
                self._fetched.append(views.with_content(view, content))
        self._pieces, self._bare = [], []

    def view(self, snapshot: Snapshot) -> TensorView | None:
        """Return the view of a snapshot, after `fetch`."""
        return self._fetched[snapshot] if isinstance(snapshot, int) else snapshot

    def views(self, snapshots: Sequence[Snapshot]) -> tuple[TensorView | None, ...]:
        """Return the views of several snapshots, after `fetch`."""
        if not self._fetched:
            # None was on a device.
            return cast("tuple[TensorView | None, ...]", tuple(snapshots))
        return tuple([self.view(snapshot) for snapshot in snapshots])

    def _large(self, tensor: Tensor) -> Snapshot:
        if tensor.device.type == "meta" or summary.exceeds_its_memory(tensor):
            return views.of_tensor(tensor, None, kept=views.UNKNOWN)
        if not self._exact and not self.budget.is_left():
            return views.of_tensor(tensor, None)
        began = perf_counter()
        piece = summary.vector(tensor)
        if not tensor.is_cpu:
            return self._later(tensor, transfer.raw(piece))
        kept = summary.read(transfer.peek(piece), tuple(tensor.shape))
        self.budget.spend(perf_counter() - began)
        return views.of_tensor(tensor, None, kept=kept)

    def _later(self, tensor: Tensor, piece: Tensor) -> int:
        self._bare.append(views.of_tensor(tensor, None))
        self._pieces.append(piece)
        return len(self._pieces) - 1
