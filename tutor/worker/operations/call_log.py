"""Keep the calls of torch's functions that led to a backward pass, so that they can be repeated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tutor.worker.cpu_random import DROPOUTS, FROM_VALUES, LIKE, is_filler
from tutor.worker.operations import call_text

MOST = 20_000
"""Calls that are kept."""

_NARROW = (torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class LoggedCall:
    """A call, with its tensors themselves."""

    func: Any
    args: Any
    kwargs: Any
    outputs: list[Tensor]
    line: int
    name: str
    constant: list[Tensor] | None
    """Copies of the outputs where they depend on no input: new data, random draws."""
    detached: list[Tensor] | None
    """Copies of the outputs where they require no grad though an input does."""
    random_state: Tensor | None
    """The generator's state before the call, where the call drew random numbers."""
    edits: bool
    """Whether an output is one of the inputs, edited in place."""

    def changes(self, tensor: Tensor) -> bool:
        """Return True if the call made `tensor` or edited it, be it through a tensor that shares
        its memory, such as `tensor.data`."""
        if any(one is tensor for one in self.outputs):
            return True
        if not self.edits or tensor.layout is not torch.strided:
            return False
        address = tensor.untyped_storage().data_ptr()
        strided = (one for one in self.outputs if one.layout is torch.strided)
        return any(one.untyped_storage().data_ptr() == address for one in strided)


@dataclass(frozen=True)
class PassStart:
    """The start of a backward pass."""

    calls: int
    """The number of calls made before it."""
    roots: list[Tensor]
    weights: list[Tensor | None]
    """The weight of each root; None for 1."""


@dataclass
class CallLog:
    """Keeps calls and the starts of backward passes. Holds every tensor that it has seen.

    Passes are numbered from 0.
    """

    calls: list[LoggedCall] = field(default_factory=list)
    sources: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    """By identity: tensors that no call made, and a copy from when they were first seen."""
    is_narrow: bool = False
    """Whether some call computed in fewer than 32 bits."""
    _starts: list[PassStart | None] = field(default_factory=list)
    """By pass; None where its calls are no longer kept."""
    _made: dict[int, Tensor] = field(default_factory=dict)
    """By identity: tensors that calls made."""
    _constants: set[int] = field(default_factory=set)
    """Those of `_made` that depend on no input, by identity."""
    _problem: tuple[int, str] | None = None
    """The first pass that cannot be recomputed, and why."""
    _first_unseen: int | None = None
    """The first pass that depends on a tensor whose making was not seen."""
    _is_stale: bool = False
    """Whether a parameter was edited since: the next call starts the log over."""
    _random_state: Tensor | None = None
    """The generator's state before the current call."""
    _requires_grad: bool = False
    """Whether an input of the current call requires grad."""

    def before_call(self, args: Any, kwargs: Any) -> None:
        """Note the inputs of a call that is about to be made."""
        found: list[Tensor] = []
        call_text.tensors_in(args, found)
        call_text.tensors_in((kwargs or {}).values(), found)
        self._requires_grad = any(tensor.requires_grad for tensor in found)
        for tensor in found:
            self._see(tensor)
        self._random_state = torch.get_rng_state()

    def after_call(
        self,
        func: Any,
        args: Any,
        kwargs: Any,
        outputs: list[Tensor],
        edits: bool,
        line: int,
        name: str,
    ) -> None:
        """Keep the call that `before_call` announced; `edits` says whether it worked in place."""
        state = self._random_state
        assert state is not None
        given: list[Tensor] = []
        call_text.tensors_in(args, given)
        call_text.tensors_in((kwargs or {}).values(), given)
        if self._is_stale and not edits and any(one.requires_grad for one in outputs):
            self._start_over(given)
        if len(self.calls) >= MOST:
            self.invalidate(f"more than {MOST:,} operations led to it")
            return
        drawn_from = None if torch.equal(state, torch.get_rng_state()) else state
        is_new = not given or func in LIKE or func in FROM_VALUES or is_filler(func)
        if drawn_from is not None and not is_new and func not in DROPOUTS:
            self.invalidate(
                f"{name} in line {line} draws random numbers that cannot be drawn again"
            )
        is_detached = self._requires_grad and not any(one.requires_grad for one in outputs)
        copies = _copies(outputs) if is_new or (is_detached and not edits) else None
        constant, detached = (copies, None) if is_new else (None, copies)
        self.calls.append(
            LoggedCall(
                func,
                args,
                kwargs or {},
                outputs,
                line,
                name,
                constant,
                detached,
                drawn_from,
                edits,
            )
        )
        self._made.update((id(one), one) for one in outputs)
        if edits and any(one.is_leaf and one.requires_grad for one in outputs):
            self._is_stale = True
        if constant is not None:
            self._constants.update(map(id, outputs))
        self.is_narrow = self.is_narrow or any(one.dtype in _NARROW for one in outputs)

    def _start_over(self, given: list[Tensor]) -> None:
        """Forget all but the inputs of the call that was just made.

        To repeat the updates of a training run in another precision would lead away from the
        script's own parameters.
        """
        self.calls, self.sources, self._made, self._constants = [], {}, {}, set()
        self._starts = [None] * len(self._starts)
        self._is_stale, self.is_narrow = False, False
        self._problem = self._first_unseen = None
        for tensor in given:
            self._see(tensor)

    def begin_pass(self, roots: Sequence[Tensor], weights: Sequence[Tensor | None]) -> None:
        """Note that a backward pass begins."""
        for tensor in [*roots, *(one for one in weights if one is not None)]:
            self._see(tensor)
        self._starts.append(PassStart(len(self.calls), list(roots), list(weights)))

    def invalidate(self, problem: str) -> None:
        """Give the next passes a reason, in one line, why they cannot be recomputed."""
        self._problem = self._problem or (self.passes, problem)

    @property
    def passes(self) -> int:
        """The number of backward passes that have begun."""
        return len(self._starts)

    def start(self, number: int) -> PassStart | None:
        """Return the start of a pass; None if its calls are no longer kept."""
        return self._starts[number]

    def problem(self, number: int) -> str:
        """Return why a pass cannot be recomputed; "" if it can."""
        return self._problem[1] if self._problem and number >= self._problem[0] else ""

    def has_unseen_input(self, number: int) -> bool:
        """Return True if a pass depends on a tensor whose making was not seen."""
        return self._first_unseen is not None and number >= self._first_unseen

    def involves(self, tensor: Tensor, number: int) -> bool:
        """Return True if `tensor` took part in what led to a pass."""
        start = self._starts[number]
        if start is None:
            return False
        key = id(tensor)
        return key in self.sources or any(
            id(one) == key for call in self.calls[: start.calls] for one in call.outputs
        )

    def detached_calls(self, number: int) -> list[tuple[int, str]]:
        """Return (line, name) of the calls before a pass whose outputs require no grad though an
        input does."""
        start = self._starts[number]
        calls = self.calls[: start.calls] if start is not None else []
        detached = (one for one in calls if one.detached is not None)
        return list(dict.fromkeys((one.line, one.name) for one in detached))

    def _see(self, tensor: Tensor) -> None:
        key = id(tensor)
        is_new = key not in self._made and key not in self.sources
        if is_new:
            self.sources[key] = (tensor, tensor.detach().clone())
        if (is_new or key in self._constants) and tensor.grad_fn is not None:
            # A `Function` of the script's own that leaves torch, another thread, compiled code.
            self._first_unseen = self.passes if self._first_unseen is None else self._first_unseen


def _copies(outputs: list[Tensor]) -> list[Tensor]:
    return [one.detach().clone() for one in outputs]
