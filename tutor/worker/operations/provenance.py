"""Find the operation that made a tensor, or that made a node of the autograd graph.

Nothing here keeps a tensor or a graph alive: a node carries its entry in its own metadata, and
tensors are held by weak references.
"""

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType

import msgspec
import torch
from torch import Tensor
from torch.autograd.graph import Node

from tutor.schema.frame import EXACT
from tutor.worker import torch_private
from tutor.worker.operations.call_text import node_name
from tutor.worker.operations.snapshots import Snapshot, Snapshots

_KEY = "tutor.operation"
"""The key of an entry in a node's metadata."""

MOST = 50_000
"""Operations and nodes that are kept of one statement; the rest is only counted."""


class Entry(msgspec.Struct, eq=False):
    """An operation, a leaf, or data, while its step runs: see `frame.Operation`."""

    id: int
    kind: str
    name: str
    line: int = 0
    module: torch.nn.Module | str | None = ""
    """The module itself until its statement is over, then its name."""
    inputs: tuple[int, ...] = ()
    call: str = ""
    values: Sequence[Snapshot] = ()
    tensor: Callable[[], Tensor | None] | None = None
    """A weak reference to the tensor of a leaf or of data."""
    step: int = -1
    """The last step that used it."""
    version: int = -1
    """The version of the tensor when `values` were taken."""


class Provenance:
    """Maps tensors and graph nodes to entries.

    Args:
        snapshots: Takes the values.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self.step = 0
        self.entries: list[Entry] = []
        """The entries of this step, in order."""
        self.dropped = 0
        """How many more operations this step had."""
        self._snapshots = snapshots
        self._count = 0
        self._made = _EntryOfTensor()
        self._leaves = _EntryOfTensor()

    def begin_step(self, step: int) -> None:
        """Forget the entries of the step before."""
        self.step = step
        self.entries = []
        self.dropped = 0

    def new(
        self, kind: str, name: str, line: int = 0, module: torch.nn.Module | str | None = ""
    ) -> Entry:
        """Return a new entry; `add` makes it one of this step's."""
        self._count += 1
        return Entry(self._count, kind, name, line, module)

    def add(self, entry: Entry) -> None:
        """Make `entry` one of this step's."""
        entry.step = self.step
        self.entries.append(entry)

    # Tensors

    def set_maker(self, tensor: Tensor, entry: Entry) -> None:
        """Note that `entry` made `tensor`, or edited it in place."""
        self._made.add(tensor, entry)

    def maker(self, tensor: Tensor, line: int) -> Entry | None:
        """Return what last made or edited `tensor`; None if that was not seen and left no node.

        Args:
            line: The line of the statement that ran.
        """
        node = tensor.grad_fn
        if node is not None and self.of_node(node) is None:
            # A `Function` of the script's own, another thread, compiled code.
            unknown = self._unknown(tensor, node, line)
            self.set_maker(tensor, unknown)
        return self._made.get(tensor)

    def source(self, tensor: Tensor, frame: FrameType | None, line: int) -> Entry:
        """Return the entry of an input: the operation that made it, or a leaf, or data.

        Args:
            frame: The frame whose local names may name it.
            line: The line that uses it.
        """
        if tensor.requires_grad:
            node = tensor.grad_fn
            if node is not None:
                return self.of_node(node) or self._unknown(tensor, node, line)
            known, kind = self._leaves, "leaf"
        else:
            known, kind = self._made, "data"
        entry = known.get(tensor)
        if entry is None:
            entry = self._new_source(tensor, kind, _local_name(tensor, frame))
        if entry.step != self.step and entry.kind == kind:
            self._refresh(entry, tensor)
            self.add(entry)
        return entry

    def take_leaf(self, entry: Entry, leaf: Tensor) -> Snapshot:
        """Return a snapshot of a leaf that a pass reaches; its entry keeps a step's first one."""
        snapshot = self._snapshots.take(leaf)
        if entry.step != self.step:
            entry.step = self.step
            entry.values = [snapshot]
        return snapshot

    def _new_source(self, tensor: Tensor, kind: str, name: str) -> Entry:
        """Return a new entry for a leaf or data."""
        maker = self._made.get(tensor)
        entry = self.new(kind, name, maker.line if maker is not None else 0)
        entry.tensor = weakref.ref(tensor)
        (self._leaves if kind == "leaf" else self._made).add(tensor, entry)
        return entry

    def _refresh(self, entry: Entry, tensor: Tensor) -> None:
        """Take the value again; of large data only if their version is another one. A leaf may be
        edited without a new version."""
        version = torch_private.version(tensor)
        is_edited = entry.kind == "leaf" or entry.version != version
        if is_edited or not entry.values or tensor.numel() <= EXACT:
            entry.values = [self._snapshots.take(tensor)]
        entry.version = version

    def _unknown(self, tensor: Tensor, node: Node, line: int) -> Entry:
        entry = self.new("unknown", node_name(node.name()), line)
        entry.values = [None] * tensor.output_nr + [self._snapshots.take(tensor)]
        self.set_node(node, entry)
        self.add(entry)
        return entry

    # Nodes

    def of_node(self, node: Node) -> Entry | None:
        """Return the entry of a node of the graph."""
        # torch declares it as a method, but it is a property.
        found: Entry | None = node.metadata.get(_KEY)  # type: ignore[attr-defined]
        return found

    def set_node(self, node: Node, entry: Entry) -> None:
        """Note that `entry` made `node`."""
        node.metadata[_KEY] = entry  # type: ignore[index]

    def reached(self, node: Node, parent: Entry | None) -> Entry:
        """Return the entry of a node that a backward pass reaches from `parent`'s."""
        entry = self.of_node(node)
        if entry is not None:
            return entry
        if torch_private.is_accumulator(node):
            leaf = torch_private.variable(node)
            entry = self._leaves.get(leaf) or self._new_source(leaf, "leaf", "")
        else:
            # The inputs of every noted operation have entries: nodes in between are part of it.
            is_part = parent is not None and parent.kind in ("operation", "part")
            kind = "part" if is_part else "unknown"
            entry = self.new(kind, node_name(node.name()))
            if parent is not None and is_part:
                entry.line, entry.module = parent.line, parent.module
        self.set_node(node, entry)
        return entry

    def set_names(self, entries: Iterable[Entry], names: Mapping[int, str]) -> None:
        """Give leaves and data the names that the script has for them.

        Args:
            names: By the identity of the tensor.
        """
        for entry in entries:
            if entry.tensor is not None and (tensor := entry.tensor()) is not None:
                entry.name = names.get(id(tensor), entry.name)


class _EntryOfTensor:
    """A dictionary from tensors to entries, which drops an entry with its tensor."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Callable[[], Tensor | None], Entry]] = {}
        self._limit = 1024

    def get(self, tensor: Tensor) -> Entry | None:
        found = self._found.get(id(tensor))
        # Another tensor may have the identity of one that is gone.
        return found[1] if found is not None and found[0]() is tensor else None

    def add(self, tensor: Tensor, entry: Entry) -> None:
        self._found[id(tensor)] = (weakref.ref(tensor), entry)
        if len(self._found) > self._limit:
            self._found = {key: one for key, one in self._found.items() if one[0]() is not None}
            self._limit = 2 * len(self._found) + 1024


def _local_name(tensor: Tensor, frame: FrameType | None) -> str:
    """Return the local name of `tensor` in the code that uses it; "" if it has none."""
    if frame is not None:
        for name, value in frame.f_locals.items():
            if value is tensor:
                return name
    return ""
