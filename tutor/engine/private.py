"""The names of torch that are no public API, in one place."""

import contextlib
from collections.abc import Iterator

import torch
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode


def version(tensor: torch.Tensor) -> int:
    """How often autograd saw `tensor` edited in place; `.data` edits do not count."""
    return 0 if tensor.is_inference() else tensor._version


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


_ACCUMULATOR: type = torch._C._functions.AccumulateGrad


def is_accumulator(node: Node) -> bool:
    """Whether this node adds to the `.grad` of a leaf."""
    return type(node) is _ACCUMULATOR


def variable(node: Node) -> torch.Tensor:
    """The leaf that an accumulator adds to."""
    leaf: torch.Tensor = node.variable  # type: ignore[attr-defined]
    return leaf


def in_transform() -> bool:
    """Whether code runs inside `torch.func.grad`, `vmap` and their like, on stand-ins."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def take_off(mode: TorchFunctionMode) -> bool:
    """Leave `mode`, if it is the innermost of those that are entered; whether it was."""
    if not torch._C._len_torch_function_stack():
        return False
    innermost = torch._C._pop_torch_function_stack()
    if innermost is not mode:
        torch._C._push_on_torch_function_stack(innermost)
    return innermost is mode


def put_on(mode: TorchFunctionMode) -> None:
    """Enter `mode` again."""
    torch._C._push_on_torch_function_stack(mode)


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
