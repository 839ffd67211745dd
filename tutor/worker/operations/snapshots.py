"""Views of tensors as they are at one moment, though the script may change them in the next."""

from collections.abc import Sequence
from time import perf_counter
from typing import cast

import msgspec
import torch
from torch import Tensor

from tutor.schema.frame import EXACT, TensorView
from tutor.worker.capture import summary, transfer, views
from tutor.worker.capture.time_budget import TimeBudget

_PLAIN = (Tensor, torch.nn.Parameter)

Still = TensorView | int | None
"""A view, or the number of one that is still on its device, or nothing where there is none."""


class Stills:
    """Takes views. Whoever asks for one does it unobserved.

    Args:
        exact: Bring the content of every tensor, whatever it costs.
    """

    def __init__(self, exact: bool) -> None:
        self._exact = exact
        self.budget = TimeBudget()
        self._pieces: list[Tensor] = []
        self._bare: list[TensorView] = []
        """The views of the tensors that the pieces belong to, without their content."""
        self._fetched: list[TensorView] = []

    def take(self, tensor: Tensor) -> Still:
        """The tensor as it is now; None if it only stands for something elsewhere."""
        try:
            if type(tensor) not in _PLAIN:
                if type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__:
                    return None  # whatever is asked of it, the script's own code would answer
                tensor = tensor.as_subclass(Tensor)
                if not tensor.data_ptr():
                    return None
            return self._taken(tensor)
        except Exception:  # whatever a subclass, or a parameter that has no shape yet, raises
            return None

    def _taken(self, tensor: Tensor) -> Still:
        blank = views.blank(*views.FORM(tensor))
        if blank is not None:
            lies = tensor.is_contiguous() and not tensor.is_neg() and not tensor.is_conj()
            piece = tensor if lies else transfer.raw(tensor)
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
        """Bring what is still on a device, in one transfer."""
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

    def view(self, still: Still) -> TensorView | None:
        """The view; one that was on a device when it was taken, after the next `fetch`."""
        return self._fetched[still] if isinstance(still, int) else still

    def views(self, stills: Sequence[Still]) -> tuple[TensorView | None, ...]:
        """The views of several."""
        if not self._fetched:
            # None was on a device.
            return cast("tuple[TensorView | None, ...]", tuple(stills))
        return tuple([self.view(still) for still in stills])

    def _large(self, tensor: Tensor) -> Still:
        if tensor.device.type == "meta" or summary.holds_less(tensor):
            return views.of_tensor(tensor, None, kept=views.UNKNOWN)
        if not self._exact and not self.budget.is_left():
            return views.of_tensor(tensor, None)
        began = perf_counter()
        piece = summary.vector(tensor)
        if not tensor.is_cpu:
            return self._later(tensor, piece)
        kept = summary.read(transfer.peek(piece), tuple(tensor.shape))
        self.budget.spend(perf_counter() - began)
        return views.of_tensor(tensor, None, kept=kept)

    def _later(self, tensor: Tensor, piece: Tensor) -> int:
        self._bare.append(views.of_tensor(tensor, None))
        self._pieces.append(piece)
        return len(self._pieces) - 1
