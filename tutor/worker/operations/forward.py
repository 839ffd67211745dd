"""Note each forward operation: its inputs, its outputs and where the script asked for it."""

from typing import Any

import msgspec
from torch import Tensor
from torch.autograd.graph import Node

from tutor.worker import torch_private
from tutor.worker.operations import call_text
from tutor.worker.operations.call_text import Function, node_name
from tutor.worker.operations.provenance import MOST, Entry, Provenance
from tutor.worker.operations.snapshots import Snapshots
from tutor.worker.operations.source_line import Origins, SourceLine


class Operands(msgspec.Struct):
    """A call as it was before it was made."""

    origin: SourceLine
    text: str
    inputs: list[Entry]


class Forward:
    """Makes an entry of each call of one of torch's functions.

    Args:
        provenance: Takes the entries.
        snapshots: Takes the values.
        origins: Finds the line that asked for the call.
    """

    def __init__(self, provenance: Provenance, snapshots: Snapshots, origins: Origins) -> None:
        self._provenance = provenance
        self._snapshots = snapshots
        self._origins = origins
        self._library: Entry | None = None
        """The library call whose operations are being put into one entry."""
        self._library_call: object = None

    def begin_step(self) -> None:
        self._library = None

    def operands(self, about: Function, args: Any, kwargs: Any) -> Operands | None:
        """Return the call as it is now; None if there are too many operations to note it."""
        provenance = self._provenance
        if len(provenance.entries) >= MOST:
            provenance.dropped += 1
            return None
        origin = self._origins.find(4)
        tensors: list[Tensor] = []
        text = call_text.text(about, args, kwargs, tensors)
        if origin.constructs:
            # The parts of a module do not exist yet.
            return Operands(origin, text, [])
        frame, line = origin.frame, origin.line
        return Operands(origin, text, [provenance.source(one, frame, line) for one in tensors])

    def note(self, name: str, call: Operands, outputs: list[Tensor], in_place: bool) -> None:
        """Note a call that computed `outputs`, or edited them in place."""
        origin = call.origin
        if origin.library:
            self._note_library(origin, call.inputs, outputs)
            return
        self._library = None
        provenance = self._provenance
        entry = provenance.new("operation", name, origin.line, origin.module)
        entry.inputs = tuple([source.id for source in call.inputs])
        entry.call = call.text
        self._set_outputs(entry, outputs, in_place)
        provenance.add(entry)

    def _set_outputs(self, entry: Entry, outputs: list[Tensor], in_place: bool) -> None:
        """Make `entry` the maker of the outputs and of their nodes."""
        provenance, take = self._provenance, self._snapshots.take
        first = None
        values = []
        for output in outputs:
            provenance.set_maker(output, entry)
            node = output.grad_fn
            if node is None or first is None or node is first:
                values.append(take(output))
                if node is not None:
                    first = node
                    provenance.set_node(node, entry)
            elif provenance.of_node(node) is None:
                # An operation may leave several nodes, each with a gradient of its own.
                part = self._new_part(node, entry)
                part.values, part.inputs = [take(output)], entry.inputs
                provenance.add(part)
            if in_place:
                self._set_base(output, entry)
        entry.values = values

    def _set_base(self, output: Tensor, entry: Entry) -> None:
        """Make `entry` the maker of the tensor whose view was edited: that has another node too."""
        provenance = self._provenance
        base = torch_private.base(output)
        if base is None:
            return
        provenance.set_maker(base, entry)
        node = base.grad_fn
        if node is not None and provenance.of_node(node) is None:
            part = self._new_part(node, entry)
            part.inputs = (entry.id,)
            provenance.add(part)

    def _new_part(self, node: Node, entry: Entry) -> Entry:
        """Return a new entry for a further node of the operation that has `entry`."""
        name = node_name(node.name())
        part = self._provenance.new("part", name, entry.line, entry.module)
        self._provenance.set_node(node, part)
        return part

    def _note_library(self, origin: SourceLine, inputs: list[Entry], outputs: list[Tensor]) -> None:
        """Put all operations of one call of a library into one entry."""
        provenance, entry = self._provenance, self._library
        if entry is None or self._library_call != origin.call:
            entry = self._library = provenance.new("library", origin.library, origin.line)
            self._library_call = origin.call
            provenance.add(entry)
        known = dict.fromkeys(entry.inputs)
        known.update((one.id, None) for one in inputs if one is not entry)
        entry.inputs = tuple(known)
        for output in outputs:
            provenance.set_maker(output, entry)
            if (node := output.grad_fn) is not None and provenance.of_node(node) is None:
                part = self._new_part(node, entry)
                part.values, part.inputs = [self._snapshots.take(output)], (entry.id,)
                provenance.add(part)
