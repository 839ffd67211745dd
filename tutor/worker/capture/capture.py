"""Find the values that a statement changed, by the script's names."""

import operator
from collections.abc import Callable, Iterable
from itertools import compress
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import GRAD, ROOT, Kind, TensorView
from tutor.worker import guard, torch_private
from tutor.worker.capture.array_watch import ArrayWatch
from tutor.worker.capture.kinds import is_recorded, kind_of
from tutor.worker.capture.modules import Modules
from tutor.worker.capture.requests import Changes, Requests
from tutor.worker.capture.tensor_watch import CONTENT, Watch, differing, unknown
from tutor.worker.capture.time_budget import TimeBudget

_is_leaf: Callable[[Tensor], bool] = operator.attrgetter("is_leaf")


class Capture:
    """Compares the values in `namespace` with those at the last call.

    Values are tensors, NumPy arrays, plain numbers, and the parameters and buffers of modules, with
    the gradients of all of them.

    Args:
        namespace: The script's globals.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.watches: dict[str, Watch] = {}
        """By name: the watch of every tensor now alive; gradients are in their tensor's watch."""
        self.bound: list[str] = []
        """The names that the last step bound, even to an equal value."""
        self.root = ROOT
        """The name of the tensor that `backward()` was last called on, `ROOT` if it has none."""
        self._namespace = namespace
        self._before: dict[str, Any] = {}
        self._kinds: dict[str, str] = {}
        """By name: tensor, number, module, array or other."""
        self._numbers: dict[str, TensorView] = {}
        self._arrays: dict[str, ArrayWatch] = {}
        self._modules = Modules()
        self._has_modules = False
        self._parts: set[str] = set()
        """The names of the modules' parameters and buffers."""
        self._watched: list[Watch] = []
        """All watches, those of gradients included."""
        self._requests = Requests()

    def changes(self, complete: bool, root: Tensor | None = None) -> Changes:
        """Return what changed since the last call.

        Args:
            complete: Include the content of every changed value. Otherwise large tensors come
                without it once their share of the run's time is spent.
            root: The tensor that `backward()` was called on, to be captured even without a name.
        """
        changed: Changes = {}
        self._scan(changed)
        if self._has_modules and self._modules.refresh():
            self._rebind_parts(changed)
        if root is not None:
            self._name_root(root, changed)
        edited, regraded = guard.attempt(
            differing, self._watched, otherwise=lambda problem: unknown(self._watched)
        )
        for watch in regraded:
            self._follow_grad(watch, edited, changed)
        for watch, content in edited.items():
            self._note(watch, watch.look() if content is None else watch.edit(content), changed)
        if self._arrays:
            for array in self._arrays.values():
                self._look_at(array, changed)
        if self._requests.waiting:
            self._requests.fulfil(changed, complete)
        return changed

    @property
    def budget(self) -> TimeBudget:
        """The time that may go into the content of large tensors."""
        return self._requests.budget

    def completed(self) -> dict[str, TensorView]:
        """Return the views of values that were last returned without content."""
        watches: list[Watch | ArrayWatch] = [*self._watched, *self._arrays.values()]
        for watch in watches:
            if watch.view is not None and not watch.view.is_complete:
                self._requests.waiting.append((watch, CONTENT))
        changed: Changes = {}
        self._requests.fulfil(changed, complete=True)
        return {name: view for name, view in changed.items() if view is not None}

    def tensors(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Return the tensors among the values of these names."""
        watches = self.watches
        return {name: watches[name].tensor for name in names if name in watches}

    def is_leaf(self, name: str) -> bool:
        """Return True for the leaves of the graph, and for names without a tensor."""
        watch = self.watches.get(name)
        if watch is None:
            return True
        tensor = watch.tensor
        with torch_private.unobserved():
            if type(tensor) is Tensor:
                return tensor.is_leaf  # most are of this type, and this is quicker
            return guard.attempt(_is_leaf, tensor, otherwise=lambda problem: True)

    def value(self, name: str) -> Tensor | None:
        """Return the tensor, gradient or array of a name, as a tensor; None for any other."""
        owner = self.watches.get(name.removesuffix(GRAD))
        watch = owner.gradient if owner is not None and name not in self.watches else owner
        if watch is not None:
            return watch.tensor
        array = self._arrays.get(name)
        return array.as_tensor() if array is not None else None

    def names(self) -> dict[int, str]:
        """Return the names of tensors and gradients, by the identity of the tensor."""
        return {id(watch.tensor): watch.name for watch in reversed(self._watched)}

    def module_name(self, module: torch.nn.Module) -> str:
        """Return a module's name in the script."""
        return self._modules.name(module)

    # Names

    def _scan(self, changed: Changes) -> None:
        """Find the names that are bound to another object than at the last call."""
        before, self._before = self._before, self._namespace.copy()
        now = self._before
        if len(now) == len(before):
            bound = list(compress(now, map(operator.is_not, now.values(), before.values())))
        else:
            bound = [n for n, value in now.items() if n not in before or before[n] is not value]
        for name in bound:
            self._bind(name, now[name], changed)
        if len(self._kinds) != len(now):
            for name in self._kinds.keys() - now.keys():
                self._forget(name, changed)
        self.bound = bound

    def _bind(self, name: str, value: Any, changed: Changes) -> None:
        kind, before = kind_of(value), self._kinds.get(name)
        if kind != before:
            if not is_recorded(name):
                kind = "other"
            self._forget(name, changed)
            self._kinds[name] = kind
        if kind == "tensor":
            self._watch(name, value)
        elif kind == "number":
            text = repr(value).encode()
            view = TensorView("number", (), type(value).__name__, "cpu", False, "text", text)
            if self._numbers.get(name) != view:
                self._numbers[name] = changed[name] = view
        elif kind == "module":
            self._modules.bind(name, value)
            self._has_modules = True
        elif kind == "array":
            if name in self._arrays:
                self._arrays[name].rebind(value)
            else:
                self._arrays[name] = ArrayWatch(name, value)

    def _forget(self, name: str, changed: Changes) -> None:
        """Drop the value of `name`."""
        kind = self._kinds.pop(name, "")
        if kind == "tensor":
            self._drop(name, changed)
        elif kind == "module":
            self._modules.forget(name)
        elif kind == "number" or kind == "array":
            del (self._numbers if kind == "number" else self._arrays)[name]
            changed[name] = None

    def _watch(self, name: str, tensor: Tensor, kind: Kind | None = None) -> None:
        watch = self.watches.get(name)
        if watch is None:
            self.watches[name] = watch = Watch(name, tensor, kind)
            self._watched.append(watch)
        else:
            watch.rebind(tensor)

    def _drop(self, name: str, changed: Changes) -> None:
        watch = self.watches.pop(name)
        for one in (watch, watch.gradient):
            if one is not None:
                self._watched.remove(one)
                if one.view is not None:
                    changed[one.name] = None

    def _rebind_parts(self, changed: Changes) -> None:
        """Follow parameters and buffers that were added, replaced or removed."""
        before, self._parts = self._parts, set(self._modules.parts)
        for name in before - self._parts:
            self._drop(name, changed)
        for name, (tensor, kind) in self._modules.parts.items():
            watch = self.watches.get(name)
            if watch is None or watch.tensor is not tensor:
                self._watch(name, tensor, kind)

    def _name_root(self, root: Tensor, changed: Changes) -> None:
        """Name the tensor that `backward()` was called on, or capture it without a name."""
        last = self.watches.get(self.root)
        if last is None or last.tensor is not root:
            found = (name for name, watch in self.watches.items() if watch.tensor is root)
            self.root = next(found, ROOT)
            if self.root == ROOT:
                self._look_at(Watch(ROOT, root), changed)

    def resume(self, root: str) -> None:
        """Continue a run whose last `backward()` was called on this name, "" for none."""
        self.root = root or ROOT

    # Values

    def _follow_grad(
        self, watch: Watch, edited: dict[Watch, bytes | None], changed: Changes
    ) -> None:
        """Update the gradient's watch of a tensor whose gradient may be another one."""
        before = watch.gradient
        if not watch.follow_grad():
            return
        if watch.gradient is not None:
            edited[watch.gradient] = None
            if before is None:
                self._watched.append(watch.gradient)
        elif before is not None:
            edited.pop(before, None)
            self._watched.remove(before)
            changed[before.name] = None

    def _look_at(self, watch: Watch | ArrayWatch, changed: Changes) -> None:
        self._note(watch, watch.look(), changed)

    def _note(
        self, watch: Watch | ArrayWatch, answer: TensorView | str | None, changed: Changes
    ) -> None:
        """Take the answer of a look: a changed view, or what must be fetched first."""
        if isinstance(answer, str):
            self._requests.waiting.append((watch, answer))
        elif answer is not None:
            changed[watch.name] = answer
