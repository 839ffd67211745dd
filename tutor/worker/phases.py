"""Find the phase of training of a step from what it changed, never from its text."""

import math
import struct

from torch import Tensor

from tutor.schema.frame import GRAD, ROOT, Past, Phase, TensorView
from tutor.worker.capture.capture import Capture
from tutor.worker.capture.requests import Changes

_RANK = {"update": 0, "zero": 1, "loss": 2, "forward": 3, "data": 4, "other": 5}
"""A step that did several of these has the first as its phase."""

_CODES = {"<f4": "<f", "<f8": "<d", "<f2": "<e", "<i8": "<q", "<i4": "<i"}


def scalar(view: TensorView | None) -> float | None:
    """Return the value of a view of one real element; None for any other view."""
    if view is None or not view.data or math.prod(view.shape) != 1:
        return None
    if view.stored == "text":
        return float(view.data)
    code = _CODES.get(view.stored)
    return struct.unpack(code, view.data)[0] if code else None


class Phases:
    """Follows the loss of a run, and names the phase of each step.

    Args:
        capture: Finds the changes.
        loss: The name of the loss; None to learn it from the first `backward()`.
    """

    def __init__(self, capture: Capture, loss: str | None) -> None:
        self._capture = capture
        self._loss = loss or ROOT
        self._is_given = loss is not None
        self._outside: dict[str, bool] = {}
        """By name: values that statements outside loops made, and whether they require grad. A loop
        that changes them updates them."""
        self.loss: float | None = None

    @property
    def wants_root(self) -> bool:
        """Whether the loss is the tensor that `backward()` is called on."""
        return not self._is_given

    def resume(self, past: Past) -> None:
        """Continue a run whose steps so far were recorded by another worker."""
        if not self._is_given:
            self._loss = past.root or ROOT
        self._outside = dict(past.outside)
        self.loss = past.loss

    def follow(self, changed: Changes, root: Tensor | None = None) -> bool:
        """Update `loss` from a step's changes; return True if the step computed it.

        Args:
            changed: The changes; the hidden `ROOT` is removed.
            root: The tensor that the step called `backward()` on.
        """
        capture = self._capture
        if root is not None and not self._is_given:
            unnamed = changed.pop(ROOT, None)
            is_another = capture.root != self._loss
            self._loss = capture.root
            if is_another or self.loss is None or capture.root == ROOT:
                watch = capture.watches.get(capture.root)
                self.loss = scalar(watch.view if watch else unnamed)
                return self.loss is not None
        loss = self._loss
        if loss in changed:
            self.loss = scalar(changed[loss])
        elif loss not in capture.bound:
            return False
        return self.loss is not None

    def name(self, changed: Changes, ran_backward: bool, is_new_loss: bool, in_loop: bool) -> Phase:
        """Return the phase of a step."""
        found: Phase
        if ran_backward:
            found = "backward"
        else:
            found, rank = "other", len(_RANK)
            for name, view in changed.items():
                phase = self._phase(name, view, in_loop)
                if _RANK[phase] < rank:
                    found, rank = phase, _RANK[phase]
            if is_new_loss and found in ("forward", "data", "update"):
                found = "loss"
        if not in_loop:
            for name, view in changed.items():
                self._outside[name] = view is not None and view.requires_grad
        return found

    def _phase(self, name: str, view: TensorView | None, in_loop: bool) -> Phase:
        capture = self._capture
        if name.endswith(GRAD):
            owner = name[: -len(GRAD)]
            watch = capture.watches.get(owner)
            if watch is None or owner in capture.bound:
                return "other"  # it appeared or disappeared with its tensor
            gradient = watch.gradient
            return "zero" if gradient is None or gradient.is_zero else "other"
        if view is None:
            return "other"
        if view.requires_grad:
            if not capture.is_leaf(name):
                is_loss = self._loss == ROOT and math.prod(view.shape) == 1
                return "loss" if is_loss else "forward"
            # Rebound outside a loop it is another parameter, not an update.
            if self._outside.get(name) and (in_loop or name not in capture.bound):
                return "update"
        # A forward pass changes buffers: they are statistics, not learned.
        if in_loop and name in self._outside and view.dtype != "int" and view.kind != "buffer":
            return "update"
        return "data"
