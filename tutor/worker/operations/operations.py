"""Note every operation of a statement, and every node of its backward passes."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tutor.schema.frame import Audit, Inside
from tutor.worker import guard, torch_private
from tutor.worker.operations import call_text, hiding
from tutor.worker.operations.audits import audits
from tutor.worker.operations.backward import BackwardPass
from tutor.worker.operations.call_log import CallLog
from tutor.worker.operations.forward import Forward, Operands
from tutor.worker.operations.inside import Converter
from tutor.worker.operations.provenance import MOST, Provenance
from tutor.worker.operations.snapshots import Snapshots
from tutor.worker.operations.source_line import Origins

Names = Callable[[], dict[int, str]]
_Result = TypeVar("_Result")


class Operations(TorchFunctionMode):
    """Notes the calls of torch's functions. It is entered once for a run, and does nothing unless
    `is_noting`.

    Nothing that it does changes a value or draws a random number.

    Args:
        script: The file name of the script's code.
        exact: Copy the content of every tensor, whatever it costs.
        module_name: Returns a module's name in the script.
    """

    def __init__(
        self, script: str, exact: bool, module_name: Callable[[torch.nn.Module], str]
    ) -> None:
        super().__init__()
        self.is_noting = False
        self.call_log: CallLog | None = None
        """Keeps the calls for an audit."""
        self.snapshots = Snapshots(exact)
        self._provenance = Provenance(self.snapshots)
        self._origins = Origins(script)
        self._forward = Forward(self._provenance, self.snapshots, self._origins)
        self._converter = Converter(self.snapshots, module_name)
        self._passes: list[BackwardPass] = []
        self._running: list[BackwardPass] = []
        """Passes within each other: a checkpoint begins one inside another."""
        self._visits = 0
        self._unseen: dict[str, None] = {}
        """What this step computed and could not be noted."""
        self._threads = threading.active_count()
        self._thread = threading.get_ident()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not self.is_noting:
            return func(*args, **kwargs) if kwargs else func(*args)
        about = call_text.function(func)
        if not about.is_operation:
            return func(*args, **kwargs) if kwargs else func(*args)
        edits = about.edits(args, kwargs)
        # A tensor that is edited in place has another value and another node afterwards.
        call = self._unobserved(self._operands, about, args, kwargs) if edits else None
        if self.call_log is not None:
            self._unobserved(self.call_log.before_call, args, kwargs)
        result = func(*args, **kwargs) if kwargs else func(*args)
        outputs = [result] if isinstance(result, Tensor) else _outputs(about, args, result)
        if outputs and (call is not None if edits else not _is_among(outputs, args)):
            self._unobserved(self._note, func, about, args, kwargs, call, outputs)
        return result

    def _unobserved(self, act: Callable[..., _Result], *args: Any) -> _Result | None:
        """Run recorder code that the script must not observe, not even by an exception."""
        with torch_private.unobserved():
            return guard.attempt(act, *args, otherwise=self._note_unseen)

    def _note_unseen(self, problem: str) -> None:
        self._unseen[f"an operation on a tensor that {problem}"] = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Note nothing meanwhile: the code that runs is not the script's."""
        was_noting, self.is_noting = self.is_noting, False
        try:
            yield
        finally:
            self.is_noting = was_noting

    def _operands(self, about: call_text.Function, args: Any, kwargs: Any) -> Operands | None:
        """Return a call's origin and inputs; None if it is not noted."""
        if torch_private.in_transform():
            self._unseen["the operations inside torch.func and traced code"] = None
            return None
        return self._forward.operands(about, args, kwargs)

    def _note(
        self,
        func: Any,
        about: call_text.Function,
        args: Any,
        kwargs: Any,
        edited: Operands | None,
        outputs: list[Tensor],
    ) -> None:
        """Note a call that computed a tensor; `edited` are the operands of one in place."""
        call = edited or self._operands(about, args, kwargs)
        if call is None:
            return
        in_place = edited is not None
        if self.call_log is not None:
            line = call.origin.line
            self.call_log.after_call(func, args, kwargs, outputs, in_place, line, about.name)
        self._forward.note(about.name, call, outputs, in_place)

    def backward(self, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call `run`, which is `torch.autograd.backward` or `grad`, and note the backward pass."""
        if not (self.is_noting or self._running):
            return run(*args, **kwargs)
        if threading.get_ident() != self._thread:
            self._unseen["what other threads compute"] = None
            return run(*args, **kwargs)
        if torch_private.in_transform() or kwargs.get("is_grads_batched"):
            self._unseen["the backward passes of torch.func and of batched gradients"] = None
            return run(*args, **kwargs)
        one = BackwardPass(self._provenance, self.snapshots, self._count_visit, self.call_log)
        self._passes.append(one)
        self._running.append(one)
        try:
            with self.paused():
                return one.run(run, args, kwargs)
        finally:
            self._running.remove(one)
            if one.is_blind:
                self._unseen["a backward pass from a tensor that cannot be looked at"] = None
            if one.is_cut:
                self._unseen[f"the nodes of a backward pass beyond the first {MOST:,}"] = None

    def _count_visit(self, one: BackwardPass) -> int | None:
        """Return a node's place in the order of the statement; None if an inner pass reached it."""
        if self._running[-1] is not one:
            return None
        self._visits += 1
        return self._visits - 1

    def audit(self, wanted: tuple[str, ...], named: Mapping[str, Tensor]) -> list[Audit]:
        """Audit gradients of this step, and keep no further calls.

        Args:
            wanted: Names; none for every leaf that was reached.
            named: The tensors that the script has named.
        """
        log, self.call_log = self.call_log, None
        assert log is not None
        return audits(log, self._provenance, self._passes, wanted, named)

    def hide(self) -> None:
        """Hide this mode from code that asks for active modes, for the rest of this process."""
        hiding.hide_from_attention(self)
        hiding.hide_from_warnings(__file__, self._origins)
        hiding.hide_from_compiled(self, self._note_compiled)

    def _note_compiled(self) -> None:
        if self.is_noting:
            self._unseen["the operations of compiled code"] = None

    def take(
        self, step: int, line: int, names: Names, changed: Mapping[str, Tensor]
    ) -> Inside | None:
        """Return everything since the last call; None if there was nothing.

        Args:
            step: The step that ends.
            line: The line of its statement.
            names: Returns the script's names by the identity of their tensors.
            changed: The tensors that this step changed, by name.
        """
        provenance, passes = self._provenance, self._passes
        made = self._makers(changed, line)
        if threading.active_count() > self._threads:
            self._unseen["what other threads compute"] = None
        if dropped := provenance.dropped:
            self._unseen[f"{dropped:,} more operations, beyond the first {MOST:,}"] = None
        inside = None
        if provenance.entries or passes or made or self._unseen:
            inside = self._inside(names, made)
        self._begin_step(step)
        return inside

    def skip(self, step: int) -> None:
        """End a step that is not recorded."""
        self.snapshots.fetch()
        for entry in self._provenance.entries:
            self._converter.settle(entry)
        self._begin_step(step)

    def _begin_step(self, step: int) -> None:
        self._passes, self._unseen, self._visits = [], {}, 0
        self._forward.begin_step()
        self._provenance.begin_step(step)

    def _inside(self, names: Names, made: dict[str, int]) -> Inside:
        entries, passes = self._provenance.entries, self._passes
        self.snapshots.fetch()
        used = [*entries]
        for one in passes:
            used += [visit.entry for visit in one.visits.values()]
        if nameable := [entry for entry in used if entry.tensor is not None]:
            self._provenance.set_names(nameable, names())
        operations = self._converter.forwards(entries)
        for one in passes:
            operations += self._converter.backwards(one.in_order())
        failed = [one for one in passes if one.error]
        return Inside(
            tuple(operations),
            len(entries),
            tuple([len(one.visits) for one in passes]),
            made,
            tuple(self._unseen),
            failed[-1].error if failed else "",
            failed[-1].failed if failed else 0,
        )

    def _makers(self, changed: Mapping[str, Tensor], line: int) -> dict[str, int]:
        maker = self._provenance.maker
        makers = ((name, self._unobserved(maker, one, line)) for name, one in changed.items())
        return {name: entry.id for name, entry in makers if entry is not None}


def _outputs(about: call_text.Function, args: Any, result: Any) -> list[Tensor]:
    """Return the tensors that a call made or edited."""
    found: list[Tensor] = []
    if isinstance(result, list | tuple):
        call_text.tensors_in(result, found)
    elif result is None and (about.in_place or about.name.startswith("foreach")):
        call_text.tensors_in(args[:1], found)
    return found


def _is_among(outputs: list[Tensor], args: Any) -> bool:
    """Return True if a call returned its own input, as `x.contiguous()` may."""
    return len(outputs) == 1 and id(outputs[0]) in map(id, args)
