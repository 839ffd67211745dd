"""One backward pass: what came to each node of the graph, and what it passed on."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge

from tutor.worker import torch_private
from tutor.worker.operations.ledger import MOST, Entry, Ledger
from tutor.worker.operations.snapshots import Still, Stills
from tutor.worker.operations.tape import Tape


class Visit(msgspec.Struct, eq=False):
    """What a pass did at one node."""

    entry: Entry
    order: int | None = None
    grads: list[Still] = []
    edges: list[tuple[int, int, Still]] = []
    """(id, number of its output, contribution) for each input that wants a gradient."""
    places: list[int] = []
    """Which of the node's inputs each edge is."""
    values: list[Still] = []
    """Of a leaf: its value at the time."""
    brought: Tensor | None = None
    """The gradient that a leaf got, kept for an audit."""
    before: Still = None
    after: Still = None


class Pass:
    """Hooks every node that the roots can reach, lets the pass run, and takes the hooks off.

    Args:
        ledger: Knows the nodes.
        stills: Takes the values.
        count: Gives the place of a node in the order of the whole statement; None where the node is
            not reached by this pass but by one within it.
        tape: Is told where the pass begins, for an audit.
    """

    def __init__(
        self,
        ledger: Ledger,
        stills: Stills,
        count: Callable[["Pass"], int | None],
        tape: Tape | None,
    ) -> None:
        self.visits: dict[int, Visit] = {}
        """By the id of their entries."""
        self.number = tape.passes if tape is not None else 0
        """Which pass of the tape it is."""
        self.error = ""
        self.failed = 0
        self.is_cut = False
        """Whether there were more nodes than are kept."""
        self.is_blind = False
        """Whether the graph could not be walked."""
        self._ledger = ledger
        self._stills = stills
        self._count = count
        self._tape = tape
        self._arrived: dict[tuple[int, int], list[tuple[int, int, Still]]] = {}
        """What was passed on to an output and has not been taken up: where it lies, and a look."""
        self._hooks: list[Any] = []
        self._under_way = 0
        """The id of the entry whose node is being carried out."""

    def run(self, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call `torch.autograd.backward` or `grad` with its own arguments."""
        roots: list[Any] = []
        _gather(args[0] if args else kwargs.get("tensors", kwargs.get("outputs")), roots)
        try:
            with torch_private.unobserved():
                if self._tape is not None:
                    self._begin_tape(self._tape, original.__name__, roots, args, kwargs)
                root = self._walk(roots)
        except Exception:  # whatever tensors of all kinds raise: the pass is the script's
            self.is_blind, root = True, 0
            self._unhook()
        try:
            result = original(*args, **kwargs)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            self.failed = self._under_way or root
            raise
        finally:
            self._unhook()
        try:
            with torch_private.unobserved():
                self._take_results(args, kwargs, result)
        except Exception:  # as above
            self.is_blind = True
        return result

    def _unhook(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _begin_tape(self, tape: Tape, name: str, roots: list[Any], args: Any, kwargs: Any) -> None:
        """Keep what the pass begins from: `name` is backward or grad, with other arguments."""
        if not all(isinstance(one, Tensor) for one in roots):
            tape.spoil("it began from an edge of the graph, not from a tensor")
            return
        place, key = (1, "grad_tensors") if name == "backward" else (2, "grad_outputs")
        given = args[place] if len(args) > place else kwargs.get(key)
        weights = list(given) if isinstance(given, list | tuple) else [given]
        tape.begin(roots, weights if len(weights) == len(roots) else [None] * len(roots))

    def in_order(self) -> list[Visit]:
        """As the pass reached them, and those that it did not reach at the end."""
        return sorted(
            self.visits.values(), key=lambda visit: (visit.order is None, visit.order or 0)
        )

    def _walk(self, roots: list[Any]) -> int:
        """Hook all nodes that the roots can reach; the id of what stands for the first root."""
        waiting: list[tuple[Node, Entry]] = []
        root = 0
        for one in roots:
            if isinstance(one, Tensor):
                made = self._ledger.maker(one, 0)
                root = root or (made.id if made else 0)
                if not one.requires_grad:
                    continue
                one = get_gradient_edge(one)
            waiting.append((one.node, self._ledger.reached(one.node, None)))
        waiting.reverse()
        while waiting and len(self.visits) < MOST:
            node, entry = waiting.pop()
            if entry.id in self.visits:
                continue
            visit = self.visits[entry.id] = Visit(entry)
            following = []
            for place, (to, number) in enumerate(node.next_functions):
                if to is not None:
                    next_entry = self._ledger.reached(to, entry)
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

    def _hook(self, node: Node, visit: Visit) -> None:
        if torch_private.is_accumulator(node):
            leaf = torch_private.variable(node)
            visit.values = [self._ledger.look(visit.entry, leaf)]
            before = partial(self._enter_leaf, visit, leaf)
            after = partial(self._leave_leaf, visit, leaf)
        else:
            before, after = partial(self._enter, visit), partial(self._leave, visit)
        self._hooks += node.register_prehook(before), node.register_hook(after)

    # At a node

    def _enter(self, visit: Visit, grads: tuple[Tensor | None, ...]) -> None:
        order = self._count(self)
        if order is None:
            return
        visit.order = order
        self._under_way = number = visit.entry.id
        with torch_private.unobserved():
            if self._tape is not None and grads and grads[0] is not None:
                visit.brought = grads[0].detach().clone()
            visit.grads = [
                None if grad is None else self._taken_up((number, output), grad)
                for output, grad in enumerate(grads)
            ]

    def _enter_leaf(self, visit: Visit, leaf: Tensor, grads: tuple[Tensor | None, ...]) -> None:
        before = self._under_way
        self._enter(visit, grads)
        if self._under_way != before:
            visit.before = self._grad(leaf)

    def _leave(self, visit: Visit, passed: tuple[Tensor | None, ...], grads: Any) -> None:
        if self._under_way != visit.entry.id:
            return
        self._under_way = 0
        with torch_private.unobserved():
            for index, place in enumerate(visit.places):
                grad = passed[place] if place < len(passed) else None
                if grad is not None:
                    to, output, _ = visit.edges[index]
                    still = self._stills.take(grad)
                    visit.edges[index] = (to, output, still)
                    self._arrived.setdefault((to, output), []).append((*_place(grad), still))

    def _leave_leaf(self, visit: Visit, leaf: Tensor, passed: Any, grads: Any) -> None:
        if self._under_way == visit.entry.id:
            self._under_way = 0
            visit.after = self._grad(leaf)

    def _grad(self, leaf: Tensor) -> Still:
        with torch_private.unobserved():
            grad = leaf.grad
            return None if grad is None else self._stills.take(grad)

    def _taken_up(self, output: tuple[int, int], grad: Tensor) -> Still:
        """A look at the gradient of an output: the one at its only contribution, if it is that."""
        found = self._arrived.pop(output, ())
        if len(found) == 1:
            address, version, still = found[0]
            if address and (address, version) == _place(grad):
                return still
        return self._stills.take(grad)

    def _take_results(self, args: Any, kwargs: Any, result: Any) -> None:
        """`torch.autograd.grad` hands its gradients over, and the leaves never see them."""
        if not isinstance(result, tuple):
            return
        asked: list[Any] = []
        _gather(args[1] if len(args) > 1 else kwargs.get("inputs"), asked)
        for one, grad in zip(asked, result, strict=False):
            if grad is None or (isinstance(one, Tensor) and not one.requires_grad):
                continue
            place = get_gradient_edge(one) if isinstance(one, Tensor) else one
            entry = self._ledger.reached(place.node, None)
            visit = self.visits.setdefault(entry.id, Visit(entry))
            if entry.kind == "leaf" and not visit.values:
                visit.values = [self._ledger.look(entry, torch_private.variable(place.node))]
            if visit.order is None:
                visit.order = self._count(self)
                visit.grads = [None] * place.output_nr + [self._stills.take(grad)]
                if self._tape is not None:
                    visit.brought = grad.detach().clone()


def _gather(given: Any, found: list[Any]) -> None:
    """The tensors and gradient edges that a pass was called with."""
    if isinstance(given, Tensor | GradientEdge):
        found.append(given)
    elif isinstance(given, list | tuple):
        for one in given:
            _gather(one, found)


def _place(tensor: Tensor) -> tuple[int, int]:
    """Where the elements lie, 0 if they lie in no one place, and how often they were edited."""
    lies = tensor.layout is torch.strided and type(tensor) is Tensor
    return tensor.data_ptr() if lies else 0, torch_private.version(tensor)
