"""What goes on inside a statement: every operation, and every node of its backward passes."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tutor.schema.frame import Audit, Edge, Inside, Operation, TensorView
from tutor.worker import torch_private
from tutor.worker.operations import call_text, hiding
from tutor.worker.operations.backward import Pass, Visit
from tutor.worker.operations.finite_difference import audit
from tutor.worker.operations.ledger import MOST, Entry, Ledger
from tutor.worker.operations.snapshots import Stills
from tutor.worker.operations.source_line import Origin, Origins
from tutor.worker.operations.tape import Tape

_UNREACHED = "no backward pass of this step brought it a gradient"

Names = Callable[[], dict[int, str]]
_Result = TypeVar("_Result")


class _Call(msgspec.Struct):
    """A call that is being made."""

    origin: Origin
    text: str
    sources: list[Entry]
    """What stands for its inputs."""


class Operations(TorchFunctionMode):
    """Notes what torch is asked to do. Entered once for a run, it does nothing unless `is_noting`.

    Nothing that it does changes a value, or draws a random number.

    Args:
        script: The file name of the script's code.
        exact: Bring the content of every tensor, whatever it costs.
        module_name: Gives a module's name in the script.
    """

    def __init__(
        self, script: str, exact: bool, module_name: Callable[[torch.nn.Module], str]
    ) -> None:
        super().__init__()
        self.is_noting = False
        self.tape: Tape | None = None
        """Where calls are kept too, for an audit."""
        self.stills = Stills(exact)
        self._module_name = module_name
        self._ledger = Ledger(self.stills)
        self._origins = Origins(script)
        self._library: Entry | None = None
        self._library_call: object = None
        self._passes: list[Pass] = []
        self._under_way: list[Pass] = []
        """Passes within each other: a checkpoint begins one in the midst of one."""
        self._visits = 0
        self._unseen: dict[str, None] = {}
        self._threads = threading.active_count()
        self._thread = threading.get_ident()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not self.is_noting:
            return func(*args, **kwargs) if kwargs else func(*args)
        about = call_text.function(func)
        if not about.is_operation:
            return func(*args, **kwargs) if kwargs else func(*args)
        edits = about.edits(args, kwargs)
        # What is edited in place is another value afterwards, and has another node.
        call = self._quietly(self._look_up, about, args, kwargs) if edits else None
        if self.tape is not None:
            self._quietly(self.tape.meet, args, kwargs)
        result = func(*args, **kwargs) if kwargs else func(*args)
        outputs = [result] if isinstance(result, Tensor) else _outputs(about, args, result)
        if outputs and (call is not None if edits else not _is_among(outputs, args)):
            self._quietly(self._note, func, about, args, kwargs, call, outputs)
        return result

    def _quietly(self, act: Callable[..., _Result], *args: Any) -> _Result | None:
        """Do what is no doing of the script's: nothing of the script's sees it, and nothing that
        tensors of all kinds may raise reaches it."""
        try:
            with torch_private.unobserved():
                return act(*args)
        except Exception as error:
            told = str(error).partition("\n")[0]
            self._unseen[f"an operation on a tensor that cannot be looked at ({told})"] = None
            return None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Note nothing meanwhile: what runs is not the script's."""
        was_noting, self.is_noting = self.is_noting, False
        try:
            yield
        finally:
            self.is_noting = was_noting

    # Forwards

    def _look_up(self, about: call_text.Function, args: Any, kwargs: Any) -> _Call | None:
        """Where a call was made and what its inputs are; None for one that is not noted."""
        if torch_private.in_transform():
            self._unseen["the operations inside torch.func and traced code"] = None
            return None
        ledger = self._ledger
        if len(ledger.entries) >= MOST:
            ledger.dropped += 1
            return None
        origin = self._origins.here(3)
        tensors: list[Tensor] = []
        text = call_text.text(about, args, kwargs, tensors)
        if origin.constructs:
            # What a module is made of is not there yet.
            return _Call(origin, text, [])
        frame, line = origin.frame, origin.line
        return _Call(origin, text, [ledger.source(one, frame, line) for one in tensors])

    def _note(
        self,
        func: Any,
        about: call_text.Function,
        args: Any,
        kwargs: Any,
        edited: _Call | None,
        outputs: list[Tensor],
    ) -> None:
        """Note a call that computed a tensor; `edited` was looked up before it was made."""
        call = edited or self._look_up(about, args, kwargs)
        if call is None:
            return
        origin = call.origin
        if self.tape is not None:
            edits = edited is not None
            self.tape.record(func, args, kwargs, outputs, edits, origin.line, about.name)
        if origin.library:
            self._note_library(origin, call.sources, outputs)
            return
        self._library = None
        ledger = self._ledger
        entry = ledger.open("operation", about.name, origin.line, origin.module)
        entry.inputs = tuple([source.id for source in call.sources])
        entry.call = call.text
        self._give(entry, outputs, edited is not None)
        ledger.note(entry)

    def _give(self, entry: Entry, outputs: list[Tensor], in_place: bool) -> None:
        """Let `entry` stand for what an operation brought forth."""
        ledger, take = self._ledger, self.stills.take
        first = None
        values = []
        for output in outputs:
            ledger.made(output, entry)
            node = output.grad_fn
            if node is None or first is None or node is first:
                values.append(take(output))
                if node is not None:
                    first = node
                    ledger.behind(node, entry)
            elif ledger.of_node(node) is None:
                # An operation may leave several nodes, each with a gradient of its own.
                part = ledger.open(
                    "part", call_text.node_name(node.name()), entry.line, entry.module
                )
                part.values, part.inputs = [take(output)], entry.inputs
                ledger.behind(node, part)
                ledger.note(part)
            if in_place and (base := torch_private.base(output)) is not None:
                # Editing a view gives the tensor that it looks at another node too.
                ledger.made(base, entry)
                if (node := base.grad_fn) is not None:
                    self._give_base(node, entry)
        entry.values = values

    def _give_base(self, node: Any, entry: Entry) -> None:
        if self._ledger.of_node(node) is None:
            part = self._ledger.open(
                "part", call_text.node_name(node.name()), entry.line, entry.module
            )
            part.inputs = (entry.id,)
            self._ledger.behind(node, part)
            self._ledger.note(part)

    def _note_library(self, origin: Origin, sources: list[Entry], outputs: list[Tensor]) -> None:
        """Put everything that one call of a library does into one row."""
        ledger, entry = self._ledger, self._library
        if entry is None or self._library_call != origin.call:
            entry = self._library = ledger.open("library", origin.library, origin.line)
            self._library_call = origin.call
            ledger.note(entry)
        known = dict.fromkeys(entry.inputs)
        known.update((one.id, None) for one in sources if one is not entry)
        entry.inputs = tuple(known)
        for output in outputs:
            ledger.made(output, entry)
            if (node := output.grad_fn) is not None and ledger.of_node(node) is None:
                part = ledger.open("part", call_text.node_name(node.name()), origin.line)
                part.values, part.inputs = [self.stills.take(output)], (entry.id,)
                ledger.behind(node, part)
                ledger.note(part)

    # Backwards

    def backward(self, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Carry out a backward pass, `torch.autograd.backward` or `grad`, and note all of it."""
        if not (self.is_noting or self._under_way):
            return run(*args, **kwargs)
        if threading.get_ident() != self._thread:
            self._unseen["what other threads compute"] = None
            return run(*args, **kwargs)
        if torch_private.in_transform() or kwargs.get("is_grads_batched"):
            self._unseen["the backward passes of torch.func and of batched gradients"] = None
            return run(*args, **kwargs)
        walk = Pass(self._ledger, self.stills, self._count_visit, self.tape)
        self._passes.append(walk)
        self._under_way.append(walk)
        try:
            with self.paused():
                return walk.run(run, args, kwargs)
        finally:
            self._under_way.remove(walk)
            if walk.is_blind:
                self._unseen["a backward pass from a tensor that cannot be looked at"] = None
            if walk.is_cut:
                self._unseen[f"the nodes of a backward pass beyond the first {MOST:,}"] = None

    def _count_visit(self, walk: Pass) -> int | None:
        """The place of a node in the order of the statement; None where another pass, which began
        within this one, is what reached it."""
        if self._under_way[-1] is not walk:
            return None
        self._visits += 1
        return self._visits - 1

    def audit(self, wanted: tuple[str, ...], named: Mapping[str, Tensor]) -> list[Audit]:
        """Audit the gradients that the last backward pass of this step to reach them brought.

        Args:
            wanted: Names; none for every leaf that has been reached.
            named: The tensors that the script has named.
        """
        found: dict[int, tuple[Visit, Tensor, int]] = {}
        for walk in self._passes:
            for visit in walk.visits.values():
                tensor = visit.entry.tensor() if visit.entry.tensor else None
                if tensor is not None and visit.brought is not None:
                    found[id(tensor)] = (visit, tensor, walk.number)
            for tensor in (named[name] for name in wanted if name in named):
                node = tensor.grad_fn
                entry = self._ledger.of_node(node) if node is not None else None
                visit_of = walk.visits.get(entry.id) if entry is not None else None
                if visit_of is not None and visit_of.brought is not None:
                    found[id(tensor)] = (visit_of, tensor, walk.number)
        names = {id(tensor): name for name, tensor in named.items()}
        self._ledger.names([visit.entry for visit, _, _ in found.values()], names)
        assert self.tape is not None
        audits = []
        if not wanted:
            order = list(names)
            keys = sorted(found, key=lambda key: order.index(key) if key in names else len(order))
            targets = [(found[key][0].entry.name or "a leaf without a name", key) for key in keys]
        else:
            targets = [(name, id(named.get(name))) for name in wanted]
        for name, key in targets:
            if key not in found:
                audits.append(Audit(name, (), "", problem=_UNREACHED))
                continue
            visit, tensor, number = found[key]
            assert visit.brought is not None
            audits.append(audit(self.tape, name, tensor, visit.brought, number))
        return audits

    # Out of sight

    def hide(self) -> None:
        """Keep out of the way of what asks who looks on, for the rest of this process."""
        hiding.hide_from_attention(self)
        hiding.hide_from_warnings(__file__, self._origins)
        hiding.hide_from_compiled(self, self._pass_compiled)

    def _pass_compiled(self) -> None:
        if self.is_noting:
            self._unseen["the operations of compiled code"] = None

    # The step

    def take(
        self, step: int, line: int, names: Names, changed: Mapping[str, Tensor]
    ) -> Inside | None:
        """Everything since the last call; None if there was nothing.

        Args:
            step: The next step.
            line: The statement that ran.
            names: Gives the script's names by the identity of their tensors.
            changed: The tensors that this step changed, by name.
        """
        ledger = self._ledger
        made = self._made(changed, line)
        passes, self._passes = self._passes, []
        if threading.active_count() > self._threads:
            self._unseen["what other threads compute"] = None
        if ledger.dropped:
            self._unseen[f"{ledger.dropped:,} more operations, beyond the first {MOST:,}"] = None
        if not (ledger.entries or passes or made or self._unseen):
            ledger.turn(step)
            return None
        self.stills.fetch()
        met = [*ledger.entries]
        for walk in passes:
            met += [visit.entry for visit in walk.visits.values()]
        if nameable := [entry for entry in met if entry.tensor is not None]:
            ledger.names(nameable, names())
        operations = [self._forwards(entry) for entry in ledger.entries]
        for walk in passes:
            operations += [self._backwards(visit) for visit in walk.in_order()]
        errors = [walk for walk in passes if walk.error]
        inside = Inside(
            tuple(operations),
            len(ledger.entries),
            tuple([len(walk.visits) for walk in passes]),
            made,
            tuple(self._unseen),
            errors[-1].error if errors else "",
            errors[-1].failed if errors else 0,
        )
        self._unseen = {}
        self._visits = 0
        self._library = None
        ledger.turn(step)
        return inside

    def skip(self, step: int) -> None:
        """Let a step go that is not recorded."""
        self.stills.fetch()
        for entry in self._ledger.entries:
            self._settle(entry)
        self._passes, self._unseen, self._visits, self._library = [], {}, 0, None
        self._ledger.turn(step)

    def _made(self, changed: Mapping[str, Tensor], line: int) -> dict[str, int]:
        makers = ((name, self._ledger.maker(tensor, line)) for name, tensor in changed.items())
        return {name: entry.id for name, entry in makers if entry is not None}

    def _settle(self, entry: Entry) -> tuple[str, tuple[TensorView | None, ...]]:
        """The module and the values of an entry, which are there when its statement is over."""
        module = entry.module
        if not isinstance(module, str):
            module = entry.module = self._module_name(module) if module else ""
        entry.values = values = self.stills.views(entry.values)
        return module, values

    def _forwards(self, entry: Entry) -> Operation:
        module, values = self._settle(entry)
        return Operation(
            entry.id, entry.kind, entry.name, entry.line, module, entry.inputs, entry.call, values
        )

    def _backwards(self, visit: Visit) -> Operation:
        entry, view, views = visit.entry, self.stills.view, self.stills.views
        module, values = self._settle(entry)
        edges = [Edge(to, number, view(still)) for to, number, still in visit.edges]
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


def _outputs(about: call_text.Function, args: Any, result: Any) -> list[Tensor]:
    """The tensors that a call made or edited."""
    found: list[Tensor] = []
    if isinstance(result, list | tuple):
        call_text.tensors_in(result, found)
    elif result is None and (about.in_place or about.name.startswith("foreach")):
        call_text.tensors_in(args[:1], found)
    return found


def _is_among(outputs: list[Tensor], args: Any) -> bool:
    """Whether a call handed its input back, as `x.contiguous()` does where it already is."""
    return len(outputs) == 1 and id(outputs[0]) in map(id, args)
