"""Put the entries and backward passes of a step into the schema."""

from collections.abc import Callable, Iterable

import torch

from tutor.schema.frame import Edge, Operation, TensorView
from tutor.worker.operations.backward import NodeVisit
from tutor.worker.operations.provenance import Entry
from tutor.worker.operations.snapshots import Snapshots


class Converter:
    """Makes operations of entries, once their statement is over and snapshots are fetched.

    Args:
        snapshots: Has their values.
        module_name: Returns a module's name in the script.
    """

    def __init__(self, snapshots: Snapshots, module_name: Callable[[torch.nn.Module], str]) -> None:
        self._snapshots = snapshots
        self._module_name = module_name

    def settle(self, entry: Entry) -> tuple[str, tuple[TensorView | None, ...]]:
        """Return the name of an entry's module, and its values; the entry keeps both."""
        module = entry.module
        if not isinstance(module, str):
            module = entry.module = self._module_name(module) if module else ""
        entry.values = values = self._snapshots.views(entry.values)
        return module, values

    def forwards(self, entries: Iterable[Entry]) -> list[Operation]:
        return [self._forward(entry) for entry in entries]

    def backwards(self, visits: Iterable[NodeVisit]) -> list[Operation]:
        return [self._backward(visit) for visit in visits]

    def _forward(self, entry: Entry) -> Operation:
        module, values = self.settle(entry)
        return Operation(
            entry.id, entry.kind, entry.name, entry.line, module, entry.inputs, entry.call, values
        )

    def _backward(self, visit: NodeVisit) -> Operation:
        entry, view, views = visit.entry, self._snapshots.view, self._snapshots.views
        module, values = self.settle(entry)
        edges = [Edge(to, number, view(snapshot)) for to, number, snapshot in visit.edges]
        return Operation(
            entry.id,
            entry.kind,
            entry.name,
            entry.line,
            module,
            entry.inputs or tuple([edge.to for edge in edges]),
            entry.call,
            views(visit.values) or values,
            visit.order,
            views(visit.grads),
            tuple(edges),
            view(visit.before),
            view(visit.after),
        )
