"""The calls of torch's functions that led to a backward pass, so that they can be made again in
float64 with another value of a parameter."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tutor.worker.cpu_random import DROPOUTS, FROM_VALUES, LIKE, is_filler
from tutor.worker.operations import call_text

MOST = 20_000
"""Calls that are kept."""

_WIDER = {
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float32: torch.float64,
    torch.complex64: torch.complex128,
}
_NARROWING = {Tensor.float, Tensor.half, Tensor.bfloat16}
"""What a script asks for by a name rather than by a dtype."""

_NARROW = (torch.float16, torch.bfloat16)

Nudge = Callable[[Tensor], Tensor]
"""Gives another value for one, or changes it in place and gives it back."""


@dataclass(frozen=True)
class _Record:
    """A call, with its tensors as they were met."""

    func: Any
    args: Any
    kwargs: Any
    outputs: list[Tensor]
    line: int
    name: str
    kept: list[Tensor] | None
    """The outputs where they are always the same: new data, random draws."""
    held: list[Tensor] | None
    """The outputs where autograd was told to take them as constants."""
    random: Tensor | None
    """The state of the random numbers before the call, where it drew some."""
    edits: bool
    """Whether an output is one of the inputs, edited in place."""

    def gives(self, tensor: Tensor) -> bool:
        """Whether `tensor` has another value after this call: made, or edited, be it through
        something that shares its memory, as `tensor.data` does."""
        if any(one is tensor for one in self.outputs):
            return True
        if not self.edits or tensor.layout is not torch.strided:
            return False
        place = tensor.untyped_storage().data_ptr()
        strided = (one for one in self.outputs if one.layout is torch.strided)
        return any(one.untyped_storage().data_ptr() == place for one in strided)


@dataclass(frozen=True)
class _Root:
    """A backward pass began here."""

    at: int
    """How many calls had been made before."""
    tensors: list[Tensor]
    weights: list[Tensor | None]
    """What each root is weighed with; None for 1."""


@dataclass
class Tape:
    """Keeps calls, and makes them again. Holds every tensor that it has met."""

    _problem: tuple[int, str] | None = None
    """From which pass on what it holds cannot be made again, and why."""
    _records: list[_Record] = field(default_factory=list)
    _roots: list[_Root | None] = field(default_factory=list)
    """None for a pass whose calls are kept no longer."""
    _is_stale: bool = False
    """Whether a parameter was edited: what comes next begins anew, from the values as they are."""
    _sources: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    """By identity: tensors that were there before, and what they held when they were met."""
    _made: dict[int, Tensor] = field(default_factory=dict)
    """By identity: tensors that calls made."""
    _constants: set[int] = field(default_factory=set)
    """By identity: what `_made` holds the same for ever."""
    _stray: int | None = None
    """The first pass that something led to which nobody saw being made."""
    is_narrow: bool = False
    """Whether something was computed in fewer than 32 bits."""
    _state: Tensor | None = None
    _wanted: bool = False
    """Whether an input of the call under way wants a gradient."""

    def meet(self, args: Any, kwargs: Any) -> None:
        """A call is about to be made."""
        found: list[Tensor] = []
        call_text.tensors_in(args, found)
        call_text.tensors_in((kwargs or {}).values(), found)
        self._wanted = any(tensor.requires_grad for tensor in found)
        for tensor in found:
            self._meet(tensor)
        self._state = torch.get_rng_state()

    def record(
        self,
        func: Any,
        args: Any,
        kwargs: Any,
        outputs: list[Tensor],
        edits: bool,
        line: int,
        name: str,
    ) -> None:
        """The call that `meet` announced was made; `edits` says whether it edited its outputs."""
        state = self._state
        assert state is not None
        given: list[Tensor] = []
        call_text.tensors_in(args, given)
        call_text.tensors_in((kwargs or {}).values(), given)
        if self._is_stale and not edits and any(one.requires_grad for one in outputs):
            self._begin_anew(given)
        if len(self._records) >= MOST:
            self.spoil(f"more than {MOST:,} operations led to it")
            return
        random = None if torch.equal(state, torch.get_rng_state()) else state
        is_new = not given or func in LIKE or func in FROM_VALUES or is_filler(func)
        if random is not None and not is_new and func not in DROPOUTS:
            self.spoil(f"{name} in line {line} draws random numbers that cannot be drawn again")
        is_cut = self._wanted and not any(one.requires_grad for one in outputs)
        copies = _copies(outputs) if is_new or (is_cut and not edits) else None
        kept, held = (copies, None) if is_new else (None, copies)
        self._records.append(
            _Record(func, args, kwargs or {}, outputs, line, name, kept, held, random, edits)
        )
        self._made.update((id(one), one) for one in outputs)
        if edits and any(one.is_leaf and one.requires_grad for one in outputs):
            self._is_stale = True
        if kept is not None:
            self._constants.update(map(id, outputs))
        self.is_narrow = self.is_narrow or any(one.dtype in _NARROW for one in outputs)

    def _begin_anew(self, given: list[Tensor]) -> None:
        """Forget everything but the inputs of the call that was just made. To make the updates of
        a training run again, in another precision, would lead away from where the script went."""
        self._records, self._sources, self._made, self._constants = [], {}, {}, set()
        self._roots = [None] * len(self._roots)
        self._is_stale, self.is_narrow = False, False
        self._problem = self._stray = None
        for tensor in given:
            self._meet(tensor)

    def begin(self, roots: Sequence[Tensor], weights: Sequence[Tensor | None]) -> None:
        """A backward pass begins."""
        for tensor in [*roots, *(one for one in weights if one is not None)]:
            self._meet(tensor)
        self._roots.append(_Root(len(self._records), list(roots), list(weights)))

    def strays(self, number: int) -> bool:
        """Whether something led to backward pass `number` that nobody saw being made."""
        return self._stray is not None and number >= self._stray

    def spoil(self, problem: str) -> None:
        """The next passes cannot be made again, for this reason in one line."""
        self._problem = self._problem or (self.passes, problem)

    def problem(self, number: int) -> str:
        """Why backward pass `number`, from 0, cannot be made again; "" if it can."""
        return self._problem[1] if self._problem and number >= self._problem[0] else ""

    @property
    def passes(self) -> int:
        """How many backward passes have begun."""
        return len(self._roots)

    def knows(self, tensor: Tensor, number: int) -> bool:
        """Whether `tensor` had a part in what led to backward pass `number`, from 0."""
        root = self._roots[number]
        if root is None:
            return False
        end = root.at
        wanted = id(tensor)
        return wanted in self._sources or any(
            id(one) == wanted for record in self._records[:end] for one in record.outputs
        )

    def cuts(self, number: int) -> list[tuple[int, str]]:
        """(line, name) of the calls before backward pass `number` which autograd took as
        constants though their inputs wanted a gradient."""
        root = self._roots[number]
        records = self._records[: root.at] if root is not None else []
        return list(dict.fromkeys((one.line, one.name) for one in records if one.held is not None))

    def again(self, number: int, tensor: Tensor, nudge: Nudge, hold: bool) -> float:
        """What backward pass `number` began from, in float64: its roots, weighed and summed.

        Args:
            tensor: A leaf, or what a call made.
            nudge: Changes it, where it was last made or edited before the pass.
            hold: Take as constants what autograd was told to.
        """
        with torch.no_grad(), _untouched():
            return self._total(number, tensor, nudge, hold, _wide).item()

    def gradient(self, number: int, tensor: Tensor, wide: bool) -> Tensor:
        """The gradient of the same by autograd, without what the script has of its own in it: in
        float64, or as the script computes.

        Raises:
            RuntimeError: autograd refuses, as where something was edited in place.
        """
        leaves: list[Tensor] = []

        def nudge(value: Tensor) -> Tensor:
            leaves.append(value.detach().clone().requires_grad_())
            # What is edited in place must not be the leaf itself.
            return leaves[0].view_as(leaves[0])

        with torch.enable_grad(), _untouched():
            total = self._total(number, tensor, nudge, False, _wide if wide else _as_it_is)
            return torch.autograd.grad(total, leaves[0])[0].double()

    def _total(
        self,
        number: int,
        tensor: Tensor,
        nudge: Nudge,
        hold: bool,
        cast: Callable[[Tensor], Tensor],
    ) -> Tensor:
        root = self._roots[number]
        assert root is not None
        records = self._records[: root.at]
        last = max((at for at, one in enumerate(records) if one.gives(tensor)), default=-1)
        values = {key: cast(copy.clone()) for key, (_, copy) in self._sources.items()}
        if last < 0:
            values[id(tensor)] = nudge(values[id(tensor)])
        for at, record in enumerate(records):
            _make(record, values, hold, cast)
            if at == last:
                values[id(tensor)] = nudge(values[id(tensor)])
        total = torch.zeros((), dtype=torch.float64)
        for one, weight in zip(root.tensors, root.weights, strict=True):
            value = values[id(one)]
            total = total + (value if weight is None else value * values[id(weight)]).sum().cpu()
        return total

    def _meet(self, tensor: Tensor) -> None:
        key = id(tensor)
        is_new = key not in self._made and key not in self._sources
        if is_new:
            self._sources[key] = (tensor, tensor.detach().clone())
        if (is_new or key in self._constants) and tensor.grad_fn is not None:
            # A `Function` of the script's own that leaves torch, another thread, compiled code.
            self._stray = self.passes if self._stray is None else self._stray


def _make(
    record: _Record, values: dict[int, Tensor], hold: bool, cast: Callable[[Tensor], Tensor]
) -> None:
    """Make a call again, with the values that its inputs have now."""
    constant = record.kept or (record.held if hold else None)
    if constant is not None:
        found = [cast(one.clone()) for one in constant]
        if is_filler(record.func):
            found = [values[id(record.outputs[0])].copy_(found[0])]
    elif record.random is not None:
        found = [_drop_out(record, values, cast)]
    else:
        is_wide = cast is _wide
        func = Tensor.double if is_wide and record.func in _NARROWING else record.func
        result = func(
            *_replaced(record.args, values, is_wide),
            **{key: _replaced(value, values, is_wide) for key, value in record.kwargs.items()},
        )
        found = []
        call_text.tensors_in([result], found)
        if result is None:
            found = [values[id(one)] for one in record.outputs]
    for one, value in zip(record.outputs, found, strict=True):
        values[id(one)] = value


def _drop_out(
    record: _Record, values: dict[int, Tensor], cast: Callable[[Tensor], Tensor]
) -> Tensor:
    """The mask is drawn in the script's own precision: in float64 it would be another one."""
    assert record.random is not None
    torch.set_rng_state(record.random)
    dropped = record.args[0] if record.args else record.kwargs["input"]
    ones = torch.ones_like(dropped, requires_grad=False)

    def replaced(value: Any) -> Any:
        return ones if value is dropped else value

    mask: Tensor = record.func(
        *map(replaced, record.args),
        **{key: replaced(value) for key, value in record.kwargs.items()},
    )
    return values[id(dropped)] * cast(mask)


def _replaced(value: Any, values: dict[int, Tensor], is_wide: bool) -> Any:
    if isinstance(value, Tensor):
        return values[id(value)]
    if isinstance(value, torch.dtype):
        return _WIDER.get(value, value) if is_wide else value
    if isinstance(value, list | tuple):
        items = [_replaced(item, values, is_wide) for item in value]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*items)
        return type(value)(items)
    return value


def _copies(outputs: list[Tensor]) -> list[Tensor]:
    return [one.detach().clone() for one in outputs]


def _wide(tensor: Tensor) -> Tensor:
    return tensor.to(_WIDER.get(tensor.dtype, tensor.dtype))


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


@contextmanager
def _untouched() -> Iterator[None]:
    """Leave the script's random numbers as they were."""
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
