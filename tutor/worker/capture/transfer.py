"""Copy tensors to the host as bytes, with at most one transfer from a device."""

import ctypes
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

STORED = {
    torch.float64: "<f8",
    torch.float32: "<f4",
    torch.float16: "<f2",
    torch.int64: "<i8",
    torch.int32: "<i4",
    torch.int16: "<i2",
    torch.int8: "|i1",
    torch.uint64: "<u8",
    torch.uint32: "<u4",
    torch.uint16: "<u2",
    torch.uint8: "|u1",
    torch.bool: "|b1",
    torch.complex64: "<c8",
    torch.complex128: "<c16",
}
"""NumPy's name of each dtype; the others (bfloat16, float8 …) are stored as float32."""


def raw(tensor: Tensor) -> Tensor:
    """Return the elements in C order as a 1-d uint8 tensor on the same device."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    elif tensor.dtype not in STORED:
        tensor = tensor.to(torch.float32)
    tensor = tensor.contiguous()
    # A single element may have any stride, which `flatten` keeps and `view` refuses.
    return tensor.as_strided((tensor.numel(),), (1,)).view(torch.uint8)


def peek(tensor: Tensor) -> bytes:
    """Return the bytes of a contiguous CPU tensor.

    They are read from its memory: `Tensor.numpy()` would leave the script a tensor that it cannot
    resize.
    """
    return _bytes_type(tensor.nbytes).from_address(tensor.data_ptr()).raw


def fetch(pieces: Sequence[Tensor]) -> list[bytes]:
    """Return the bytes of every piece, with one transfer from each device but the CPU.

    Args:
        pieces: Tensors as `raw` returns them.
    """
    found = [b""] * len(pieces)
    elsewhere: dict[torch.device, list[int]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        if piece.device.type == "cpu":
            found[index] = peek(piece)
        else:
            elsewhere[piece.device].append(index)
    for indices in elsewhere.values():
        packed = peek(torch.cat([pieces[index] for index in indices]).to("cpu"))
        start = 0
        for index in indices:
            size = len(pieces[index])
            found[index] = packed[start : start + size]
            start += size
    return found


@lru_cache(1024)
def _bytes_type(size: int) -> type[ctypes.Array[ctypes.c_char]]:
    """Return the type of `size` bytes; reading it costs half as much as `ctypes.string_at`."""
    return ctypes.c_char * size
