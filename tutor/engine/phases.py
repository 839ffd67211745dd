"""Which phase of training a step belongs to, told from what happened in it and never from its text."""

import math
import struct

from tutor.engine.capture import ROOT, Capture, Changes
from tutor.frame import GRAD, TensorView

_STRENGTH = {"update": 0, "zero": 1, "loss": 2, "forward": 3, "data": 4}
"""A step that did several of these is called by the one with the least number."""

_CODES = {"<f4": "<f", "<f8": "<d", "<f2": "<e", "<i8": "<q", "<i4": "<i"}


def scalar(view: TensorView | None) -> float | None:
    """The value of a view of one real element; None for all others."""
    if view is None or not view.data or math.prod(view.shape) != 1:
        return None
    if view.stored == "text":
        return float(view.data)
    code = _CODES.get(view.stored)
    return struct.unpack(code, view.data)[0] if code else None


class Phases:
    """Follows the loss and names the phases of a run.

    Args:
        capture: Where the changes come from.
        loss: The name of the loss; None to learn it from the first `backward()`.
    """

    def __init__(self, capture: Capture, loss: str | None) -> None:
        self._capture = capture
        self._loss = loss
        self._is_given = loss is not None
        self._carried: set[str] = set()
        """Values born outside any loop: when a loop changes them, it carries them on."""
        self.loss: float | None = None

    @property
    def wants_root(self) -> bool:
        """Whether the tensor that `backward()` is called on decides what the loss is."""
        return not self._is_given

    def follow(self, changed: Changes) -> bool:
        """Update `loss` from a step's changes; True if the step computed it anew.

        Takes the hidden root of `backward()` out of `changed`.
        """
        root = changed.pop(ROOT, None)
        changed.pop(ROOT + GRAD, None)
        if root is not None:
            self._loss = self._name_of_root()
            if self._loss is None or self.loss is None:
                self.loss = scalar(root)
                return self.loss is not None
        if self._loss is None or self._loss not in self._capture.bound and self._loss not in changed:
            return False
        if self._loss in changed:
            self.loss = scalar(changed[self._loss])
        return self.loss is not None

    def name(self, changed: Changes, ran_backward: bool, is_new_loss: bool, in_loop: bool) -> str:
        """data, forward, loss, backward, update, zero or other."""
        found = "backward" if ran_backward else self._strongest(changed, in_loop)
        if not in_loop:
            self._carried.update(changed)
        if is_new_loss and found in ("forward", "data", "update"):
            return "loss"
        return found

    def _strongest(self, changed: Changes, in_loop: bool) -> str:
        strength, found = len(_STRENGTH), "other"
        for name, view in changed.items():
            phase = self._phase(name, view, in_loop)
            if phase != "other" and (rank := _STRENGTH[phase]) < strength:
                strength, found = rank, phase
        return found

    def _phase(self, name: str, view: TensorView | None, in_loop: bool) -> str:
        if name.endswith(GRAD):
            watch = self._capture.watches.get(name.removesuffix(GRAD))
            gradient = watch.gradient if watch else None
            return "zero" if view is None or (gradient and gradient.is_zero) else "other"
        if view is None:
            return "other"
        watch = self._capture.watches.get(name)
        tensor = watch.tensor if watch else None
        if tensor is not None and view.requires_grad and not tensor.is_leaf:
            is_loss = self._loss is None and math.prod(view.shape) == 1
            return "loss" if is_loss else "forward"
        is_known = name in self._carried
        if is_known and view.requires_grad:
            return "update"
        if is_known and in_loop and view.dtype != "int":
            return "update"
        return "data"

    def _name_of_root(self) -> str | None:
        watches = self._capture.watches
        root = watches.pop(ROOT).tensor
        if self._loss is not None and self._loss in watches and watches[self._loss].tensor is root:
            return self._loss
        return next((name for name, watch in watches.items() if watch.tensor is root), None)
