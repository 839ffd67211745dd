"""List the parameters and buffers of the script's modules, with qualified names."""

import operator
from collections.abc import Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from tutor.schema.frame import Kind
from tutor.worker import guard, torch_private
from tutor.worker.capture.kinds import is_text

_keys, _values = operator.methodcaller("keys"), operator.methodcaller("values")


class Modules:
    """Tracks the modules that the script has named."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[Tensor, Kind | None]] = {}
        """By qualified name: the parameter or buffer, and the kind of its view."""
        self._paths: dict[int, str] = {}
        """The qualified names of all modules, at any depth, by identity."""
        self._modules: dict[str, torch.nn.Module] = {}
        self._containers: list[Mapping[str, Any]] = []
        """The dictionaries of parameters, buffers and children of all modules, at any depth."""
        self._names: list[str] = []
        self._values: list[Any] = []

    def __len__(self) -> int:
        return len(self._modules)

    def bind(self, name: str, module: torch.nn.Module) -> None:
        self._modules[name] = module
        self._containers = []

    def forget(self, name: str) -> bool:
        """Drop the module of this name; False if there is none."""
        self._containers = []
        return self._modules.pop(name, None) is not None

    def refresh(self) -> bool:
        """Update `parts`; return True if they changed."""
        if self._containers or not self._modules:
            values, names = self._now()
            if (
                len(values) == len(self._values)
                and all(map(operator.is_, values, self._values))
                and names == self._names
            ):
                return False
        before = self.parts
        self.parts, self._containers, self._paths = {}, [], {}
        for name, module in self._modules.items():
            guard.attempt(self._collect, name, module, set(), otherwise=lambda problem: None)
        self._values, self._names = self._now()
        return self.parts.keys() != before.keys() or any(
            before[name][0] is not tensor for name, (tensor, _) in self.parts.items()
        )

    def name(self, module: torch.nn.Module) -> str:
        """Return a module's name such as `model.0`; its class if the script has not named it."""
        return self._paths.get(id(module)) or type(module).__name__

    def _now(self) -> tuple[list[Any], list[Any]]:
        """Return the values and the keys of all containers."""
        return guard.attempt(self._contents, otherwise=lambda problem: ([], []))

    def _contents(self) -> tuple[list[Any], list[Any]]:
        containers = self._containers
        values = [*chain.from_iterable(map(_values, containers))]
        return values, [*chain.from_iterable(map(_keys, containers))]

    def _collect(self, prefix: str, module: torch.nn.Module, seen: set[int]) -> None:
        """Add the parts of `module`; what is shared within it, once."""
        if id(module) in seen:
            return
        seen.add(id(module))
        self._paths.setdefault(id(module), prefix)
        parameters, buffers = torch_private.parameters_of(module), torch_private.buffers_of(module)
        children = torch_private.children_of(module)
        self._containers += [parameters, buffers, children]
        kind: Kind | None
        for values, kind in ((parameters, None), (buffers, "buffer")):
            for name, value in values.items():
                if value is not None and id(value) not in seen and is_text(name):
                    seen.add(id(value))
                    self.parts[f"{prefix}.{name}"] = (value, kind)
        for name, child in children.items():
            if child is not None and is_text(name):
                self._collect(f"{prefix}.{name}", child, seen)
