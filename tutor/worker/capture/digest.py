"""Digest the values of a script's names: equal digests show that a replay is the recorded run."""

import ctypes
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tutor.worker import guard, torch_private
from tutor.worker.capture import summary, transfer
from tutor.worker.capture.kinds import exceeds_its_memory, is_numeric, is_recorded
from tutor.worker.capture.memory import memory_at

SIZE = 8
"""Bytes of a digest."""

_CHUNK = 2**22
"""Bytes that are summed at once on a device."""

_PRIME = 65521
"""Bytes are weighted by their position modulo this, so that swapped values change the sum."""

_ROW = 512
"""Words of 8 bytes that are summed to one before hashing: ten times as fast as hashing all."""

_WEIGHTS = np.arange(_ROW, dtype=np.int64) * 2 + 1
"""Odd, so that no change of a single word is lost modulo 2**64; different, so that the order
matters."""


def digest(namespace: dict[str, Any]) -> bytes:
    """Return a digest of the script's named values and of the state of torch's generator.

    Named values are numbers, tensors, arrays, modules and optimizers, with all gradients. Values in
    lists and dictionaries, and the generators of Python and NumPy, count only once they change one
    of these. Tensors on a device are summed there, in integers, and fetched in one transfer.
    """
    found = hashlib.blake2b(digest_size=SIZE)
    sums: list[Tensor] = []
    # Copied: a thread of the script may add names meanwhile.
    for name, value in namespace.copy().items():
        if is_recorded(name):
            found.update(name.encode(errors="surrogatepass"))
            guard.attempt(_add_value, found, value, sums, otherwise=lambda _: found.update(b"?"))
    for content in transfer.fetch([transfer.raw(one) for one in sums]):
        found.update(content)
    found.update(transfer.peek(torch.default_generator.get_state()))
    return found.digest()


def _add_value(found: "hashlib.blake2b", value: Any, sums: list[Tensor]) -> None:
    def mark(problem: str) -> None:
        found.update(b"?")

    for part in _parts(value):
        if isinstance(part, Tensor):
            guard.attempt(_add_tensor, found, part, sums, otherwise=mark)
        else:
            _add_number(found, part)


def _parts(value: Any) -> Iterator[Any]:
    """Yield the tensors, arrays and numbers that make up a named value."""
    kind = type(value)
    if kind is int or kind is float or kind is bool:
        yield value
    elif issubclass(kind, Tensor):
        yield from _with_gradient(value)
    elif is_numeric(value):
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
    grad = guard.attempt(_gradient, tensor, otherwise=lambda _: None)
    if grad is not None:
        yield grad


def _gradient(tensor: Tensor) -> Tensor | None:
    return tensor.grad if tensor.is_leaf or tensor.retains_grad else None


def _add_number(found: "hashlib.blake2b", part: Any) -> None:
    """Add an array or a number to the digest."""
    if isinstance(part, np.ndarray):
        found.update(str(part.dtype).encode())
        if exceeds_its_memory(part):
            part = part[tuple(slice(None if stride else 1) for stride in part.strides)]
        _condense(found, np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    else:
        # Python refuses to print very long integers in decimal.
        found.update((hex(part) if isinstance(part, int) else repr(part)).encode())


def _add_tensor(found: "hashlib.blake2b", tensor: Tensor, sums: list[Tensor]) -> None:
    """Add a tensor to the digest; add the sum of one on a device to `sums`."""
    kind = type(tensor)
    if kind is not Tensor and kind is not torch.nn.Parameter:
        if kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
            return  # whatever is asked of it, the script's own code would run
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
    elif tensor.device.type == "meta" or summary.exceeds_its_memory(tensor):
        pass
    elif tensor.is_cpu:
        found.update(transfer.peek(transfer.raw(tensor)))
    else:
        sums.append(transfer.raw(_sum(transfer.raw(tensor))))


@lru_cache(4096)
def _form(shape: tuple[int, ...], dtype: torch.dtype) -> bytes:
    return f"{tuple(shape)}{dtype}".encode()


def _condense(found: "hashlib.blake2b", content: memoryview) -> None:
    """Add the bytes of a tensor, rows of them summed to a word each."""
    rows = content.nbytes // (8 * _ROW)
    if rows:
        words = np.frombuffer(content, np.int64, rows * _ROW).reshape(rows, _ROW)
        found.update(np.einsum("ij,j->i", words, _WEIGHTS).data.cast("B"))
    found.update(content[rows * 8 * _ROW :])


def _sum(content: Tensor) -> Tensor:
    """Return the weighted sum of a tensor's bytes, exact on every device."""
    total = torch.zeros(1, dtype=torch.int64, device=content.device)
    for number, chunk in enumerate(torch.split(content, _CHUNK), 1):
        positions = torch.arange(len(chunk), device=content.device) % _PRIME + number
        total += (chunk.to(torch.int64) * positions).sum()
    return total
