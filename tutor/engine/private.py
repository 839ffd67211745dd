"""The names of torch that are no public API, in one place."""

import torch


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
