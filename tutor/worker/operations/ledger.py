"""The operations of a run: which one made which tensor and stands behind which node of the graph.

Nothing here keeps a tensor or a graph alive: a node carries its entry in its own metadata, and
tensors are known by weak references.
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
from tutor.worker.operations.snapshots import Still, Stills

_KEY = "tutor.operation"
"""Where a node's metadata hold its entry."""

MOST = 50_000
"""Operations and nodes that are kept of one statement; the rest is counted."""


class Entry(msgspec.Struct, eq=False):
    """An operation, or what takes the place of one in the graph: see `frame.Operation`."""

    id: int
    kind: str
    name: str
    line: int = 0
    module: torch.nn.Module | str | None = ""
    """A module is still to be named, when its statement is over."""
    inputs: tuple[int, ...] = ()
    call: str = ""
    values: Sequence[Still] = ()
    tensor: Callable[[], Tensor | None] | None = None
    """Where a leaf or data are, as long as they are."""
    step: int = -1
    """The step in which it was last met."""
    version: int = -1
    """The version of a leaf's or of data's tensor that `values` show."""


class Ledger:
    """Gives entries to tensors and nodes.

    Args:
        stills: Takes the values.
    """

    def __init__(self, stills: Stills) -> None:
        self.step = 0
        self.entries: list[Entry] = []
        """What was met in this step, in order."""
        self.dropped = 0
        """How many operations of this step are not among them."""
        self._stills = stills
        self._count = 0
        self._made = _Known()
        self._leaves = _Known()

    def turn(self, step: int) -> None:
        """Begin another step."""
        self.step = step
        self.entries = []
        self.dropped = 0

    def open(
        self, kind: str, name: str, line: int = 0, module: torch.nn.Module | str | None = ""
    ) -> Entry:
        """A new entry; it is one of this step's when `note` is told so."""
        self._count += 1
        return Entry(self._count, kind, name, line, module)

    def note(self, entry: Entry) -> None:
        """It belongs to this step."""
        entry.step = self.step
        self.entries.append(entry)

    # Tensors

    def made(self, tensor: Tensor, entry: Entry) -> None:
        """`entry` made `tensor`, or edited it in place."""
        self._made.add(tensor, entry)

    def maker(self, tensor: Tensor, line: int) -> Entry | None:
        """What last made or edited `tensor`; None where that was not seen and left no node.

        Args:
            line: The statement that ran.
        """
        node = tensor.grad_fn
        if node is not None and self.of_node(node) is None:
            # A `Function` of the script's own, another thread, compiled code.
            unknown = self._unknown(tensor, node, line)
            self.made(tensor, unknown)
        return self._made.get(tensor)

    def source(self, tensor: Tensor, frame: FrameType | None, line: int) -> Entry:
        """What stands for `tensor` as an input: its operation, or itself as a leaf or as data.

        Args:
            frame: Where a name for it may be found.
            line: Where it was met.
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
            entry = self._follow(tensor, kind, _local_name(tensor, frame))
        if entry.step != self.step and entry.kind == kind:
            self._refresh(entry, tensor)
            self.note(entry)
        return entry

    def look(self, entry: Entry, leaf: Tensor) -> Still:
        """A look at a leaf that a pass came to; the first in a step stands in its entry too."""
        still = self._stills.take(leaf)
        if entry.step != self.step:
            entry.step = self.step
            entry.values = [still]
        return still

    def _follow(self, tensor: Tensor, kind: str, name: str) -> Entry:
        """A new entry for a leaf or data."""
        maker = self._made.get(tensor)
        entry = self.open(kind, name, maker.line if maker is not None else 0)
        entry.tensor = weakref.ref(tensor)
        (self._leaves if kind == "leaf" else self._made).add(tensor, entry)
        return entry

    def _refresh(self, entry: Entry, tensor: Tensor) -> None:
        """Look at the value again. Large data are taken to be what they were while their version
        is; a leaf is what a run edits."""
        version = torch_private.version(tensor)
        is_edited = entry.kind == "leaf" or entry.version != version
        if is_edited or not entry.values or tensor.numel() <= EXACT:
            entry.values = [self._stills.take(tensor)]
        entry.version = version

    def _unknown(self, tensor: Tensor, node: Node, line: int) -> Entry:
        entry = self.open("unknown", node_name(node.name()), line)
        entry.values = [None] * tensor.output_nr + [self._stills.take(tensor)]
        self.behind(node, entry)
        self.note(entry)
        return entry

    # Nodes

    def of_node(self, node: Node) -> Entry | None:
        """The entry that this node of the graph carries."""
        # torch declares it as a method, but it is a property.
        found: Entry | None = node.metadata.get(_KEY)  # type: ignore[attr-defined]
        return found

    def behind(self, node: Node, entry: Entry) -> None:
        """`node` is what `entry` left in the graph."""
        node.metadata[_KEY] = entry  # type: ignore[index]

    def reached(self, node: Node, parent: Entry | None) -> Entry:
        """The entry of a node that a walk backwards came to from `parent`'s."""
        entry = self.of_node(node)
        if entry is not None:
            return entry
        if torch_private.is_accumulator(node):
            leaf = torch_private.variable(node)
            entry = self._leaves.get(leaf) or self._follow(leaf, "leaf", "")
        else:
            # The inputs of every operation that was seen have entries: what lies between is its.
            is_part = parent is not None and parent.kind in ("operation", "part")
            kind = "part" if is_part else "unknown"
            entry = self.open(kind, node_name(node.name()))
            if parent is not None and is_part:
                entry.line, entry.module = parent.line, parent.module
        self.behind(node, entry)
        return entry

    def names(self, entries: Iterable[Entry], known: Mapping[int, str]) -> None:
        """Let leaves and data have the names that the script gives them.

        Args:
            known: The names by the identity of their tensors.
        """
        for entry in entries:
            if entry.tensor is not None and (there := entry.tensor()) is not None:
                entry.name = known.get(id(there), entry.name)


class _Known:
    """Entries by tensor, forgotten with it."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Callable[[], Tensor | None], Entry]] = {}
        self._limit = 1024

    def get(self, tensor: Tensor) -> Entry | None:
        found = self._found.get(id(tensor))
        # Another tensor may lie where one that is gone has been.
        return found[1] if found is not None and found[0]() is tensor else None

    def add(self, tensor: Tensor, entry: Entry) -> None:
        self._found[id(tensor)] = (weakref.ref(tensor), entry)
        if len(self._found) > self._limit:
            self._found = {key: one for key, one in self._found.items() if one[0]() is not None}
            self._limit = 2 * len(self._found) + 1024


def _local_name(tensor: Tensor, frame: FrameType | None) -> str:
    """What the code that uses `tensor` calls it."""
    if frame is not None:
        for name, value in frame.f_locals.items():
            if value is tensor:
                return name
    return ""
