"""Find what a statement changed among the script's own names."""

import operator
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutor.engine import private, summary, transfer
from tutor.engine.watch import CONTENT, FINGERPRINT, Watch
from tutor.frame import EXACT, GRAD, TensorView

SHARE = 0.05
"""Part of a free run's time that may go into the content of large tensors."""

ROOT = "<root>"
"""The hidden name under which the tensor that `backward()` was called on is captured."""

Changes = dict[str, TensorView | None]


class Capture:
    """Compares the values in `namespace` with those of the last call.

    Values are tensors, NumPy arrays, plain numbers, and the parameters and buffers of modules, with
    the gradients of all of them.

    Args:
        namespace: The script's globals.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.watches: dict[str, Watch] = {}
        """By name: what is known of every tensor now alive, gradients within their tensor's."""
        self.bound: set[str] = set()
        """The names that the last step bound, be it to an equal value."""
        self._namespace = namespace
        self._names: list[str] = []
        self._last_name = ""
        self._values: list[Any] = []
        self._numbers: dict[str, TensorView] = {}
        self._tensors: dict[str, Tensor] = {}
        self._arrays: dict[str, Any] = {}
        self._array_views: dict[str, TensorView] = {}
        self._modules: dict[str, torch.nn.Module] = {}
        self._parts: dict[str, Tensor] = {}
        self._requests: list[tuple[str, Watch, str]] = []
        self._spent = 0.0
        self._waited = 0.0
        self._began = perf_counter()

    def changes(self, complete: bool, root: Tensor | None = None) -> Changes:
        """What changed since the last call, by name; None for what is gone.

        Args:
            complete: Bring the content of every changed value. Otherwise large tensors come
                without it once they have taken more than `SHARE` of the time so far.
            root: A tensor to capture beside the named ones, as `ROOT`.
        """
        changed: Changes = {}
        self.bound.clear()
        self._scan(changed)
        if self._arrays:
            self._look_at_arrays(changed)
        tensors = self._tensors
        if self._modules or self._parts:
            tensors = tensors | self._module_tensors(changed)
        if root is not None:
            tensors = tensors | {ROOT: root}
        watches = self.watches
        for name, tensor in tensors.items():
            watch = watches.get(name)
            if watch is None:
                watch = watches[name] = Watch()
            if (answer := watch.look(tensor)) is not None:
                self._note(name, watch, answer, changed)
            if not tensor.requires_grad or not (tensor.is_leaf or tensor.retains_grad):
                gradient = None
            else:
                gradient = tensor.grad
            if gradient is not None:
                if (below := watch.gradient) is None:
                    below = watch.gradient = Watch()
                if (answer := below.look(gradient)) is not None:
                    self._note(name + GRAD, below, answer, changed)
            elif watch.gradient is not None:
                watch.gradient = None
                changed[name + GRAD] = None
        if self._requests:
            self._fulfil(changed, complete)
        return changed

    def completed(self) -> dict[str, TensorView]:
        """The content of every value that was last reported without it."""
        for name, watch in self.watches.items():
            for label, one in ((name, watch), (name + GRAD, watch.gradient)):
                if one is not None and one.view is not None and not one.view.is_complete:
                    self._requests.append((label, one, CONTENT))
        changed: Changes = {}
        self._fulfil(changed, complete=True)
        return {name: view for name, view in changed.items() if view is not None}

    def excuse(self, seconds: float) -> None:
        """Leave time that was spent waiting for the learner out of the run's."""
        self._waited += seconds

    # What the names stand for

    def _scan(self, changed: Changes) -> None:
        """Sort every name that is bound to another object than at the last call."""
        namespace, before = self._namespace, self._values
        values = list(namespace.values())
        # Names only ever join at the end, so the last one tells of a swap that kept the values.
        if len(values) == len(before) and next(reversed(namespace)) is self._last_name:
            if all(map(operator.is_, values, before)):
                return
            for name, value, old in zip(namespace, values, before, strict=True):
                if value is not old:
                    self._bind(name, value, changed)
        else:
            known = dict(zip(self._names, before, strict=True))
            for name in known.keys() - namespace.keys():
                self._forget(name, None, changed)
            for name, value in zip(namespace, values, strict=True):
                if name not in known or known[name] is not value:
                    self._bind(name, value, changed)
            self._names = list(namespace)
            self._last_name = self._names[-1]
        self._values = values

    def _bind(self, name: str, value: Any, changed: Changes) -> None:
        if name == "_" or name.startswith("__"):
            return
        self.bound.add(name)
        kind = type(value)
        if kind is float or kind is int:
            if name not in self._numbers:
                self._forget(name, self._numbers, changed)
            text = repr(value).encode()
            view = TensorView("number", (), kind.__name__, "cpu", False, "text", text)
            if self._numbers.get(name) != view:
                self._numbers[name] = changed[name] = view
        elif isinstance(value, Tensor):
            if name not in self._tensors:
                self._forget(name, self._tensors, changed)
            self._tensors[name] = value
        elif isinstance(value, torch.nn.Module):
            self._forget(name, self._modules, changed)
            self._modules[name] = value
        elif isinstance(value, np.ndarray | np.number) and value.dtype.kind in "biufc":
            self._forget(name, self._arrays, changed)
            self._arrays[name] = value
        else:
            self._forget(name, None, changed)

    def _forget(self, name: str, kept: dict[str, Any] | None, changed: Changes) -> None:
        """Drop what `name` stood for, unless that is of the kind `kept`."""
        for kind in (self._numbers, self._arrays, self._tensors, self._modules):
            if kind is kept or kind.pop(name, None) is None:
                continue
            if kind is self._numbers or kind is self._arrays:
                self._array_views.pop(name, None)
                changed[name] = None
            elif kind is self._tensors:
                self._drop(name, changed)

    def _drop(self, name: str, changed: Changes) -> None:
        watch = self.watches.pop(name, None)
        if watch is not None:
            changed[name] = None
            if watch.gradient is not None:
                changed[name + GRAD] = None

    def _module_tensors(self, changed: Changes) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for name, module in self._modules.items():
            _collect(name, module, found, set())
        for name in self._parts.keys() - found.keys():
            self._drop(name, changed)
        self._parts = found
        return found

    # What they hold

    def _note(
        self, name: str, watch: Watch, answer: TensorView | str, changed: Changes
    ) -> None:
        """Take a look's answer: a changed view, or what it needs to know more."""
        if isinstance(answer, str):
            self._requests.append((name, watch, answer))
        else:
            changed[name] = answer

    def _look_at_arrays(self, changed: Changes) -> None:
        for name, value in self._arrays.items():
            before = self._array_views.get(name)
            kind = "number" if isinstance(value, np.number) else "array"
            array = np.asarray(value)
            stored = array.dtype.newbyteorder("<").str
            if array.size <= EXACT:
                content = array.astype(stored, copy=False).tobytes()
                view = TensorView(kind, array.shape, array.dtype.name, "cpu", False, stored, content)
            else:
                elements = torch.tensor(array, device="cpu")
                [content] = transfer.fetch([summary.vector(elements)])
                kept = summary.read(content, array.shape)
                view = TensorView(kind, array.shape, array.dtype.name, "cpu", False, stored, None, kept)
            if view != before:
                self._array_views[name] = changed[name] = view

    def _fulfil(self, changed: Changes, complete: bool) -> None:
        """Fetch what the looks asked for: one transfer, and a second one only in the rare frame in
        which a large tensor on a device was edited behind autograd's back."""
        began = perf_counter()
        affordable = complete or self._spent < SHARE * (began - self._began - self._waited)
        while self._requests:
            requests, self._requests = self._requests, []
            asked, pieces = [], []
            for name, watch, need in requests:
                tensor = watch.tensor
                assert tensor is not None
                is_large = tensor.numel() > EXACT
                if is_large and not affordable:
                    if need == CONTENT:
                        changed[name] = watch.settle_without()
                    continue
                if need == CONTENT:
                    pieces.append(summary.vector(tensor) if is_large else tensor)
                else:
                    pieces.append(summary.sample(tensor, FINGERPRINT))
                asked.append((name, watch, need))
            for (name, watch, need), content in zip(asked, transfer.fetch(pieces), strict=True):
                if need == CONTENT:
                    view = watch.settle(content)
                    if view is not None:
                        changed[name] = view
                elif watch.differs(content):
                    self._requests.append((name, watch, CONTENT))
        self._spent += perf_counter() - began


def _collect(
    prefix: str, module: torch.nn.Module, found: dict[str, Tensor], seen: set[int]
) -> None:
    """Add the parameters and buffers of `module` under the names that `named_parameters` gives."""
    if id(module) in seen:
        return
    seen.add(id(module))
    for values in (private.parameters_of(module), private.buffers_of(module)):
        for name, value in values.items():
            if value is not None:
                found[f"{prefix}.{name}"] = value
    for name, child in private.children_of(module).items():
        if child is not None:
            _collect(f"{prefix}.{name}", child, found, seen)
