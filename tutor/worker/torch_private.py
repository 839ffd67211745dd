"""The names of torch that are no public API, in one place."""

import contextlib
from collections.abc import Iterator

import torch
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode


def version(tensor: torch.Tensor) -> int:
    """How often autograd saw `tensor` edited in place; `.data` edits do not count. 0 where nobody
    counts: in inference mode, and in stand-ins."""
    try:
        return tensor._version
    except RuntimeError:
        return 0


def parameters_of(module: torch.nn.Module) -> dict[str, torch.nn.Parameter | None]:
    """The module's own parameters, without those of its children; the live dictionary."""
    return module._parameters


def buffers_of(module: torch.nn.Module) -> dict[str, torch.Tensor | None]:
    return module._buffers


def children_of(module: torch.nn.Module) -> dict[str, torch.nn.Module | None]:
    return module._modules


def preload_dynamo() -> None:
    """The first optimizer imports this for over a second; a host can do it beforehand."""
    import torch._dynamo  # noqa: F401  (for its side effect)


def base(tensor: torch.Tensor) -> torch.Tensor | None:
    """The tensor that `tensor` is a view of; None if it is none."""
    return tensor._base


_ACCUMULATOR: type = torch._C._functions.AccumulateGrad  # type: ignore[attr-defined]


def is_accumulator(node: Node) -> bool:
    """Whether this node adds to the `.grad` of a leaf."""
    return type(node) is _ACCUMULATOR


def variable(node: Node) -> torch.Tensor:
    """The leaf that an accumulator adds to."""
    leaf: torch.Tensor = node.variable  # type: ignore[attr-defined]
    return leaf


def in_transform() -> bool:
    """Whether code runs on stand-ins: inside `torch.func.grad`, `vmap` and their like, or while it
    is traced."""
    is_traced = torch._C._get_tracing_state() is not None
    return is_traced or torch._C._functorch.peek_interpreter_stack() is not None


def unobserved() -> contextlib.AbstractContextManager[None]:
    """Without any mode, and without what subclasses make of torch's functions: what is done here is
    no doing of the script's."""
    if torch._C._len_torch_dispatch_stack():
        return _without_dispatch_modes()
    # A hundred times a step somebody enters this: a generator would be four times as dear.
    return torch._C.DisableTorchFunction()


@contextlib.contextmanager
def _without_dispatch_modes() -> Iterator[None]:
    with torch._C.DisableTorchFunction(), torch.utils._python_dispatch._disable_current_modes():
        yield


@contextlib.contextmanager
def hidden(mode: TorchFunctionMode) -> Iterator[None]:
    """Without `mode`, wherever it stands among those that are entered."""
    pop, push = torch._C._pop_torch_function_stack, torch._C._push_on_torch_function_stack
    entered = [pop() for _ in range(torch._C._len_torch_function_stack())][::-1]
    for one in entered:
        if one is not mode:
            push(one)
    try:
        yield
    finally:
        for _ in range(torch._C._len_torch_function_stack()):
            pop()
        for one in entered:
            push(one)
