"""A digest of what a script has named: what proves that a replay is the recorded run."""

import ctypes
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutor.worker import torch_private
from tutor.worker.capture import summary, transfer
from tutor.worker.capture.memory import memory_at

SIZE = 8
"""Bytes of a digest."""

_CHUNK = 2**22
"""Bytes that are summed up at once on a device."""

_PRIME = 65521
"""Places count by their number modulo this, so that two values that changed places are noticed."""

_ROW = 512
"""Words of 8 bytes that are summed up to one before they are hashed: ten times as fast as hashing
them all."""

_WEIGHTS = np.arange(_ROW, dtype=np.int64) * 2 + 1
"""Odd, so that no change of a single word is lost modulo 2**64; different, so that it matters which
word is where."""


def digest(namespace: dict[str, Any]) -> bytes:
    """Digest the numbers, tensors, arrays, modules and optimizers that the script has named, with
    all gradients, and the state of torch's generator. What lies in lists and dictionaries, and the
    generators of Python and NumPy, are noticed once they change one of these.

    What lies on a device is summed up there, in integers, and fetched in one transfer.
    """
    found = hashlib.blake2b(digest_size=SIZE)
    sums: list[Tensor] = []
    for name, value in namespace.items():
        if name == "_" or name.startswith("__"):
            continue
        found.update(name.encode())
        try:
            for part in _parts(value):
                _add(found, part, sums)
        except Exception:  # whatever the script's objects raise
            found.update(b"?")
    for content in transfer.fetch(sums):
        found.update(content)
    found.update(transfer.peek(torch.default_generator.get_state()))
    return found.digest()


def _parts(value: Any) -> Iterator[Any]:
    """The tensors, arrays and numbers that make up a value that has a name."""
    kind = type(value)
    if kind is int or kind is float or kind is bool:
        yield value
    elif issubclass(kind, Tensor):
        yield from _with_gradient(value)
    elif issubclass(kind, np.ndarray | np.number) and value.dtype.kind in "biufc":
        yield np.asarray(value)
    elif issubclass(kind, torch.nn.Module):
        yield from _of_module(value, set())
    elif issubclass(kind, torch.optim.Optimizer):
        for group in value.param_groups:
            yield from (part for part in group.values() if isinstance(part, int | float))
        for state in value.state.values():
            yield from (part for part in state.values() if isinstance(part, int | float | Tensor))


def _of_module(module: torch.nn.Module, seen: set[int]) -> Iterator[Tensor]:
    if id(module) in seen:
        return
    seen.add(id(module))
    parts: Iterable[Tensor | None]
    for parts in (
        torch_private.parameters_of(module).values(),
        torch_private.buffers_of(module).values(),
    ):
        for part in parts:
            if part is not None:
                yield from _with_gradient(part)
    for child in torch_private.children_of(module).values():
        if child is not None:
            yield from _of_module(child, seen)


def _with_gradient(tensor: Tensor) -> Iterator[Tensor]:
    yield tensor
    try:
        grad = tensor.grad if tensor.is_leaf or tensor.retains_grad else None
    except Exception:  # whatever a subclass raises
        return
    if grad is not None:
        yield grad


def _add(found: "hashlib.blake2b", part: Any, sums: list[Tensor]) -> None:
    """Take a tensor, an array or a number in."""
    if isinstance(part, Tensor):
        try:
            _add_tensor(found, part, sums)
        except Exception:  # whatever a subclass raises, or a parameter that has no shape yet
            found.update(b"?")
    elif isinstance(part, np.ndarray):
        found.update(str(part.dtype).encode())
        _condense(found, np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    else:
        # Python refuses to write out the longest of integers in tens.
        found.update((hex(part) if isinstance(part, int) else repr(part)).encode())


def _add_tensor(found: "hashlib.blake2b", tensor: Tensor, sums: list[Tensor]) -> None:
    """Take a tensor in; of one on a device, leave its sum to be fetched."""
    kind = type(tensor)
    if kind is not Tensor and kind is not torch.nn.Parameter:
        if kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
            return  # whatever is asked of it, the script's own code would answer
        tensor = tensor.as_subclass(Tensor)
    dtype = tensor.dtype
    found.update(_form(tensor.shape, dtype))
    if tensor.is_cpu and dtype in transfer.STORED and tensor.is_contiguous():
        if tensor.is_neg() or tensor.is_conj():
            tensor = tensor.resolve_conj().resolve_neg()
        if (size := tensor.nbytes) and (address := tensor.data_ptr()):
            if size < 8 * _ROW:
                found.update(ctypes.string_at(address, size))
            else:
                _condense(found, memory_at(address, size))
    elif tensor.device.type == "meta" or summary.holds_less(tensor):
        pass
    elif tensor.is_cpu:
        found.update(transfer.peek(transfer.raw(tensor)))
    else:
        sums.append(_sum(transfer.raw(tensor)))


@lru_cache(4096)
def _form(shape: tuple[int, ...], dtype: torch.dtype) -> bytes:
    return f"{tuple(shape)}{dtype}".encode()


def _condense(found: "hashlib.blake2b", content: memoryview) -> None:
    """Take in the elements of a tensor, large ones row by row."""
    rows = content.nbytes // (8 * _ROW)
    if rows:
        words = np.frombuffer(content, np.int64, rows * _ROW).reshape(rows, _ROW)
        found.update(np.einsum("ij,j->i", words, _WEIGHTS).data.cast("B"))
    found.update(content[rows * 8 * _ROW :])


def _sum(content: Tensor) -> Tensor:
    """The bytes of a tensor in one integer, exact on every device."""
    total = torch.zeros(1, dtype=torch.int64, device=content.device)
    for number, chunk in enumerate(torch.split(content, _CHUNK), 1):
        places = torch.arange(len(chunk), device=content.device) % _PRIME + number
        total += (chunk.to(torch.int64) * places).sum()
    return total
