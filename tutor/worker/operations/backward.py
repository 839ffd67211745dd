"""Observe a backward pass: the gradient that reaches each node, and what the node passes on."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge

from tutor.worker import guard, torch_private
from tutor.worker.operations.call_log import CallLog
from tutor.worker.operations.provenance import MOST, Entry, Provenance
from tutor.worker.operations.snapshots import Snapshot, Snapshots


class NodeVisit(msgspec.Struct, eq=False):
    """Records what a pass did at one node."""

    entry: Entry
    order: int | None = None
    grads: list[Snapshot] = []
    edges: list[tuple[int, int, Snapshot]] = []
    """(entry id, output number, contribution) of each next node."""
    places: list[int] = []
    """The position of each edge among the node's inputs."""
    values: list[Snapshot] = []
    """The value of a leaf, when the pass began."""
    gradient: Tensor | None = None
    """The gradient that reached the node, kept for an audit."""
    before: Snapshot = None
    """The `.grad` of a leaf before the pass added to it, and after."""
    after: Snapshot = None


class BackwardPass:
    """Hooks every node that the roots can reach, runs the pass, and removes the hooks.

    Args:
        provenance: Has the entries of nodes.
        snapshots: Takes the values.
        count: Returns a node's place in the order of the whole statement; None if an inner pass
            reached the node.
        call_log: Notes the start of the pass, for an audit.
    """

    def __init__(
        self,
        provenance: Provenance,
        snapshots: Snapshots,
        count: Callable[["BackwardPass"], int | None],
        call_log: CallLog | None,
    ) -> None:
        self.visits: dict[int, NodeVisit] = {}
        """By the id of the entry."""
        self.number = call_log.passes if call_log is not None else 0
        """The number of the pass in the call log."""
        self.error = ""
        """The exception that ended the pass."""
        self.failed = 0
        """The id of the entry whose node raised it."""
        self.is_cut = False
        """Whether it has more nodes than are kept."""
        self.is_blind = False
        """Whether the graph could not be walked."""
        self._provenance = provenance
        self._snapshots = snapshots
        self._count = count
        self._call_log = call_log
        self._arrived: dict[tuple[int, int], list[tuple[int, int, Snapshot]]] = {}
        """By (entry id, output number): contributions whose node has not run yet, each as address,
        version and snapshot."""
        self._hooks: list[Any] = []
        self._current = 0
        """The id of the entry whose node is running."""

    def run(self, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call `torch.autograd.backward` or `grad` with its own arguments."""
        roots: list[Any] = []
        _gather(args[0] if args else kwargs.get("tensors", kwargs.get("outputs")), roots)
        with torch_private.unobserved():
            name = original.__name__
            root = guard.attempt(self._begin, name, roots, args, kwargs, otherwise=self._go_blind)
        try:
            result = original(*args, **kwargs)
        except Exception as error:
            text = guard.attempt(str, error, otherwise=lambda problem: problem)
            self.error = f"{type(error).__name__}: {text}"
            self.failed = self._current or root
            raise
        finally:
            self._unhook()
        with torch_private.unobserved():
            guard.attempt(self._take_results, args, kwargs, result, otherwise=self._go_blind)
        return result

    def _begin(self, name: str, roots: list[Any], args: Any, kwargs: Any) -> int:
        if self._call_log is not None:
            self._log_start(self._call_log, name, roots, args, kwargs)
        return self._walk(roots)

    def _go_blind(self, problem: str) -> int:
        """Let the script's pass run unobserved: its tensors cannot be read."""
        self.is_blind = True
        self._unhook()
        return 0

    def _unhook(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _log_start(
        self, call_log: CallLog, name: str, roots: list[Any], args: Any, kwargs: Any
    ) -> None:
        """Note the roots and weights of a call of `name`, which is backward or grad."""
        if not all(isinstance(one, Tensor) for one in roots):
            call_log.invalidate("it began from an edge of the graph, not from a tensor")
            return
        place, key = (1, "grad_tensors") if name == "backward" else (2, "grad_outputs")
        given = args[place] if len(args) > place else kwargs.get(key)
        weights = list(given) if isinstance(given, list | tuple) else [given]
        call_log.begin_pass(roots, weights if len(weights) == len(roots) else [None] * len(roots))

    def in_order(self) -> list[NodeVisit]:
        """Return the visits in the order of the pass; nodes that it did not reach come last."""
        return sorted(
            self.visits.values(), key=lambda visit: (visit.order is None, visit.order or 0)
        )

    def _walk(self, roots: list[Any]) -> int:
        """Hook all nodes that the roots can reach; return the id of the first root's entry."""
        waiting: list[tuple[Node, Entry]] = []
        root = 0
        for one in roots:
            if isinstance(one, Tensor):
                made = self._provenance.maker(one, 0)
                root = root or (made.id if made else 0)
                if not one.requires_grad:
                    continue
                one = get_gradient_edge(one)
            waiting.append((one.node, self._provenance.reached(one.node, None)))
        waiting.reverse()
        while waiting and len(self.visits) < MOST:
            node, entry = waiting.pop()
            if entry.id in self.visits:
                continue
            visit = self.visits[entry.id] = NodeVisit(entry)
            following = []
            for place, (to, number) in enumerate(node.next_functions):
                if to is not None:
                    next_entry = self._provenance.reached(to, entry)
                    visit.edges.append((next_entry.id, number, None))
                    visit.places.append(place)
                    following.append((to, next_entry))
            waiting += reversed(following)
            self._hook(node, visit)
        if waiting:
            self.is_cut = True
            for visit in self.visits.values():
                edges = zip(visit.edges, visit.places, strict=True)
                kept = [(edge, place) for edge, place in edges if edge[0] in self.visits]
                visit.edges = [edge for edge, _ in kept]
                visit.places = [place for _, place in kept]
        return root

    def _hook(self, node: Node, visit: NodeVisit) -> None:
        if torch_private.is_accumulator(node):
            leaf = torch_private.variable(node)
            visit.values = [self._provenance.take_leaf(visit.entry, leaf)]
            before = partial(self._enter_leaf, visit, leaf)
            after = partial(self._leave_leaf, visit, leaf)
        else:
            before, after = partial(self._enter, visit), partial(self._leave, visit)
        self._hooks += node.register_prehook(before), node.register_hook(after)

    # At a node

    def _enter(self, visit: NodeVisit, grads: tuple[Tensor | None, ...]) -> None:
        order = self._count(self)
        if order is None:
            return
        visit.order = order
        self._current = number = visit.entry.id
        with torch_private.unobserved():
            if self._call_log is not None and grads and grads[0] is not None:
                visit.gradient = grads[0].detach().clone()
            visit.grads = [
                None if grad is None else self._take_gradient((number, output), grad)
                for output, grad in enumerate(grads)
            ]

    def _enter_leaf(self, visit: NodeVisit, leaf: Tensor, grads: tuple[Tensor | None, ...]) -> None:
        before = self._current
        self._enter(visit, grads)
        if self._current != before:
            visit.before = self._grad(leaf)

    def _leave(self, visit: NodeVisit, passed: tuple[Tensor | None, ...], grads: Any) -> None:
        if self._current != visit.entry.id:
            return
        self._current = 0
        with torch_private.unobserved():
            for index, place in enumerate(visit.places):
                grad = passed[place] if place < len(passed) else None
                if grad is not None:
                    to, output, _ = visit.edges[index]
                    snapshot = self._snapshots.take(grad)
                    visit.edges[index] = (to, output, snapshot)
                    self._arrived.setdefault((to, output), []).append((*_identity(grad), snapshot))

    def _leave_leaf(self, visit: NodeVisit, leaf: Tensor, passed: Any, grads: Any) -> None:
        if self._current == visit.entry.id:
            self._current = 0
            visit.after = self._grad(leaf)

    def _grad(self, leaf: Tensor) -> Snapshot:
        with torch_private.unobserved():
            grad = leaf.grad
            return None if grad is None else self._snapshots.take(grad)

    def _take_gradient(self, output: tuple[int, int], grad: Tensor) -> Snapshot:
        """Return a snapshot of an output's gradient; reuse its only contribution's."""
        found = self._arrived.pop(output, ())
        if len(found) == 1:
            address, version, snapshot = found[0]
            if address and (address, version) == _identity(grad):
                return snapshot
        return self._snapshots.take(grad)

    def _take_results(self, args: Any, kwargs: Any, result: Any) -> None:
        """Note the gradients that `torch.autograd.grad` returns: they reach no leaf."""
        if not isinstance(result, tuple):
            return
        asked: list[Any] = []
        _gather(args[1] if len(args) > 1 else kwargs.get("inputs"), asked)
        for one, grad in zip(asked, result, strict=False):
            if grad is None or (isinstance(one, Tensor) and not one.requires_grad):
                continue
            place = get_gradient_edge(one) if isinstance(one, Tensor) else one
            entry = self._provenance.reached(place.node, None)
            visit = self.visits.setdefault(entry.id, NodeVisit(entry))
            if entry.kind == "leaf" and not visit.values:
                visit.values = [
                    self._provenance.take_leaf(entry, torch_private.variable(place.node))
                ]
            if visit.order is None:
                visit.order = self._count(self)
                visit.grads = [None] * place.output_nr + [self._snapshots.take(grad)]
                if self._call_log is not None:
                    visit.gradient = grad.detach().clone()


def _gather(given: Any, found: list[Any]) -> None:
    """Collect the tensors and gradient edges among the arguments of a pass."""
    if isinstance(given, Tensor | GradientEdge):
        found.append(given)
    elif isinstance(given, list | tuple):
        for one in given:
            _gather(one, found)


def _identity(tensor: Tensor) -> tuple[int, int]:
    """Return the address of the elements, 0 for several, and the tensor's version."""
    is_plain = tensor.layout is torch.strided and type(tensor) is Tensor
    return tensor.data_ptr() if is_plain else 0, torch_private.version(tensor)
