"""The only uses of torch's private names."""

import contextlib
from collections.abc import Iterator

import torch
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode


def version(tensor: torch.Tensor) -> int:
    """Return the number of in-place edits that autograd counted; `.data` edits do not count.

    Returns:
        0 for tensors without a counter: in inference mode, and inside functorch.
    """
    try:
        return tensor._version
    except RuntimeError:
        return 0


def parameters_of(module: torch.nn.Module) -> dict[str, torch.nn.Parameter | None]:
    """Return the live dictionary of the module's own parameters, without its children's."""
    return module._parameters


def buffers_of(module: torch.nn.Module) -> dict[str, torch.Tensor | None]:
    return module._buffers


def children_of(module: torch.nn.Module) -> dict[str, torch.nn.Module | None]:
    return module._modules


def preload_dynamo() -> None:
    """Import what the first optimizer would import for over a second."""
    import torch._dynamo  # noqa: F401  (for its side effect)


def base(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor that `tensor` is a view of; None if it is not a view."""
    return tensor._base


_ACCUMULATOR: type = torch._C._functions.AccumulateGrad  # type: ignore[attr-defined]


def is_accumulator(node: Node) -> bool:
    """Return True if a node adds to the `.grad` of a leaf."""
    return type(node) is _ACCUMULATOR


def variable(node: Node) -> torch.Tensor:
    """Return the leaf that an accumulator adds to."""
    leaf: torch.Tensor = node.variable  # type: ignore[attr-defined]
    return leaf


def in_transform() -> bool:
    """Return True inside `torch.func` transforms such as `grad` and `vmap`, and during tracing."""
    is_traced = torch._C._get_tracing_state() is not None
    return is_traced or torch._C._functorch.peek_interpreter_stack() is not None


def unobserved() -> contextlib.AbstractContextManager[None]:
    """Run recorder code that the script must not observe: without torch's modes, and without the
    `__torch_function__` of subclasses."""
    if torch._C._len_torch_dispatch_stack():
        return _without_dispatch_modes()
    # This may be entered a hundred times a step: a generator would cost four times as much.
    return torch._C.DisableTorchFunction()


@contextlib.contextmanager
def _without_dispatch_modes() -> Iterator[None]:
    with torch._C.DisableTorchFunction(), torch.utils._python_dispatch._disable_current_modes():
        yield


@contextlib.contextmanager
def hidden(mode: TorchFunctionMode) -> Iterator[None]:
    """Run without `mode`, wherever it is on the stack of modes."""
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
