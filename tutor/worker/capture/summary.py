"""Summarize a large tensor on its device, without waiting for the device.

`vector` only queues work; `read` makes a summary of the bytes that `transfer.fetch` returns.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tutor.schema.frame import BINS, BLOCK, Summary

SAMPLED = 4096
"""Elements that the histogram samples."""

_NUMBERS = 5


def vector(tensor: Tensor) -> Tensor:
    """Return statistics, histogram and block means as one 1-d tensor on the tensor's device.

    In order: min, max, mean, norm, non-finite count, `BINS` histogram counts, the block means. The
    dtype is float64, or float32 on devices without it. Complex elements count by absolute value.
    """
    values = tensor.detach()
    if values.layout is not torch.strided:
        values = values.to_dense()
    if values.is_quantized:
        values = values.dequantize()
    elif values.is_complex():
        values = values.abs()
    if not values.is_floating_point() or values.element_size() < 4:
        values = values.to(torch.float32)
    wide = torch.float32 if values.device.type == "mps" else torch.float64
    low, high = torch.aminmax(values)
    numbers = [low, high, values.mean(), torch.linalg.vector_norm(values), _nonfinite(values, low)]
    parts = [torch.stack([number.to(wide) for number in numbers])]
    parts.append(_histogram(values, low, high).to(wide))
    parts.append(_blocks(as_matrix(values)).flatten().to(wide))
    return torch.cat(parts)


def exceeds_its_memory(tensor: Tensor) -> bool:
    """Return True for sparse and expanded tensors, which have far more elements than memory."""
    if tensor.layout is not torch.strided:
        return True
    return tensor.numel() * tensor.element_size() > 16 * tensor.untyped_storage().nbytes()


def read(content: bytes, shape: tuple[int, ...]) -> Summary:
    """Return the summary of a tensor of `shape` from the bytes of its `vector`."""
    rows, cols = _grid(_matrix_shape(shape))
    count = _NUMBERS + BINS + rows * cols
    numbers = np.frombuffer(content, "<f8" if len(content) == 8 * count else "<f4")
    low, high, mean, norm, nonfinite = numbers[:_NUMBERS].tolist()
    histogram = numbers[_NUMBERS : _NUMBERS + BINS].tolist()
    finite = math.isfinite(norm) and math.isfinite(mean)
    variance = norm * norm / math.prod(shape) - mean * mean if finite else math.nan
    with np.errstate(over="ignore"):  # a mean of float64 elements may exceed float32
        block = numbers[_NUMBERS + BINS :].astype("<f4").tobytes()
    return Summary(
        min=low,
        max=high,
        mean=mean,
        # The difference may cancel, even to below zero, if |mean| is far above the deviation.
        std=math.sqrt(max(variance, 0.0)) if finite else math.nan,
        norm=norm,
        nonfinite=int(nonfinite),
        histogram=tuple(map(int, histogram)) if math.isfinite(low + high) else (),
        rows=rows,
        cols=cols,
        block=block,
    )


def sample(tensor: Tensor, limit: int) -> Tensor:
    """Return at most `limit` elements, evenly strided, without copying the tensor."""
    cuts = (slice(None, None, step) for step in steps(tensor.shape, limit))
    return tensor[tuple(cuts)].flatten()


def steps(shape: Sequence[int], limit: int) -> list[int]:
    """Return the stride in each dimension that leaves at most `limit` elements.

    By dimension, because flattening a transposed tensor would copy all of it.
    """
    sizes, found = list(shape), [1] * len(shape)
    while math.prod(sizes) > limit:
        widest = max(range(len(sizes)), key=sizes.__getitem__)
        found[widest] *= 2
        sizes[widest] = -(-shape[widest] // found[widest])
    return found


def as_matrix(tensor: Tensor) -> Tensor:
    """Return a large tensor as a matrix: leading dimensions are rows, a vector is cut into rows."""
    rows, cols = _matrix_shape(tuple(tensor.shape))
    if tensor.dim() == 1:
        return tensor[: rows * cols].reshape(rows, cols)
    return tensor.flatten(0, -2)


def _matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 1:
        rows = min(BLOCK, math.isqrt(shape[0]))
        return rows, shape[0] // rows
    return math.prod(shape[:-1]), shape[-1]


def _grid(shape: tuple[int, int]) -> tuple[int, int]:
    """Return the number of rows and columns of blocks; a remainder is left out."""
    rows, cols = (min(BLOCK, size // max(1, size // BLOCK)) for size in shape)
    return rows, cols


def _blocks(matrix: Tensor) -> Tensor:
    rows, cols = _grid((matrix.shape[0], matrix.shape[1]))
    height, width = matrix.shape[0] // rows, matrix.shape[1] // cols
    cropped = matrix[: rows * height, : cols * width]
    # Summing rows first reads the memory in order: twice as fast as both at once.
    by_rows = torch.unflatten(cropped, 0, (rows, height)).sum(1)
    sums = torch.unflatten(by_rows, 1, (cols, width)).sum(2)
    return sums / (height * width)


def _histogram(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    some = sample(values, SAMPLED)
    # `histc` takes its bounds as Python numbers, for which the host would have to wait.
    position = (some - low) / (high - low).clamp(min=torch.finfo(values.dtype).tiny) * BINS
    bins = torch.nan_to_num(position).clamp(0, BINS - 1).to(torch.int64)
    counts = torch.zeros(BINS, dtype=torch.float32, device=values.device)
    return counts.scatter_add_(0, bins, torch.ones_like(some, dtype=torch.float32))


def _nonfinite(values: Tensor, low: Tensor) -> Tensor:
    # On the CPU a sum is cheap to read, and the count is the most expensive statistic by far.
    if values.device.type == "cpu" and math.isfinite(float(values.sum())):
        return torch.zeros((), dtype=low.dtype, device="cpu")
    return values.isfinite().logical_not().sum()
