"""The summary of a large tensor equals torch's own figures, and is fetched in one transfer."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from tutor.schema.frame import BINS, BLOCK, Summary
from tutor.worker.capture import summary, transfer


def summarised(tensor: Tensor) -> Summary:
    [content] = transfer.fetch([summary.vector(tensor)])
    return summary.read(content, tuple(tensor.shape))


def block(kept: Summary) -> Tensor:
    return torch.frombuffer(bytearray(kept.block), dtype=torch.float32).view(kept.rows, kept.cols)


SHAPES = [
    (5000,),
    (4099,),
    (100, 60),
    (3, 5000),
    (5000, 3),
    (1, 6000),
    (10, 20, 30),
    (2, 3, 40, 50),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_statistics_equal_torchs(shape: tuple[int, ...]) -> None:
    torch.manual_seed(446)
    x = torch.randn(shape) * 3 + 1
    kept, wide = summarised(x), x.double()
    assert kept.min == x.min().item()
    assert kept.max == x.max().item()
    assert kept.mean == pytest.approx(wide.mean().item(), rel=1e-5)
    assert kept.std == pytest.approx(wide.std(correction=0).item(), rel=1e-5)
    assert kept.norm == pytest.approx(wide.norm().item(), rel=1e-5)
    assert kept.nonfinite == 0


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_block_view_holds_the_means_of_equal_blocks(shape: tuple[int, ...]) -> None:
    torch.manual_seed(446)
    x = torch.randn(shape)
    kept = summarised(x)
    matrix = summary.as_matrix(x)
    height, width = matrix.shape[0] // kept.rows, matrix.shape[1] // kept.cols
    assert 1 <= kept.rows <= BLOCK
    assert 1 <= kept.cols <= BLOCK
    for row in range(kept.rows):
        for col in range(kept.cols):
            part = matrix[row * height : (row + 1) * height, col * width : (col + 1) * width]
            assert block(kept)[row, col].item() == pytest.approx(part.mean().item(), abs=1e-5)


def test_the_histogram_counts_a_sample_evenly_from_minimum_to_maximum() -> None:
    torch.manual_seed(446)
    x = torch.randn(60, 60)
    kept = summarised(x)
    low, high = x.min().item(), x.max().item()
    some = summary.sample(x, summary.SAMPLED)
    assert sum(kept.histogram) == some.numel() == 3600
    expected = torch.histc(some, BINS, low, high)
    assert len(kept.histogram) == BINS
    # An element on the border of two bins may round into either.
    assert (torch.tensor(kept.histogram) - expected).abs().sum() <= 4


def test_a_constant_tensor_falls_into_one_bin() -> None:
    kept = summarised(torch.full((5000,), 2.5))
    assert max(kept.histogram) == sum(kept.histogram)
    assert (kept.min, kept.max, kept.mean) == (2.5, 2.5, 2.5)
    assert kept.std == pytest.approx(0.0, abs=1e-3 * 2.5)


def test_non_finite_elements_are_counted() -> None:
    x = torch.ones(70, 70)
    x[0, 0], x[3, 5], x[69, 69] = math.nan, math.inf, -math.inf
    kept = summarised(x)
    assert kept.nonfinite == 3
    assert kept.histogram == ()
    assert math.isnan(kept.mean)
    assert math.isnan(kept.std)


def test_infinities_alone_are_counted_too() -> None:
    x = torch.zeros(5000)
    x[7] = math.inf
    kept = summarised(x)
    assert (kept.nonfinite, kept.max, kept.min) == (1, math.inf, 0.0)


def test_values_near_the_end_of_the_range_are_not_taken_for_infinite() -> None:
    kept = summarised(torch.full((5000,), 3e38))
    assert kept.nonfinite == 0
    assert kept.max == pytest.approx(3e38)


def test_a_mean_beyond_float32_is_an_infinite_pixel_and_no_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    kept = summarised(torch.full((5000,), 1e300, dtype=torch.float64))
    assert kept.mean == pytest.approx(1e300)
    assert block(kept).isinf().all()
    assert not recwarn.list


@pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.float64],
    ids=str,
)
def test_every_dtype_has_a_summary(dtype: torch.dtype) -> None:
    x = (torch.arange(5000) % 2).to(dtype)
    kept = summarised(x)
    assert (kept.min, kept.max, kept.nonfinite) == (0, 1, 0)
    assert kept.mean == pytest.approx(0.5)
    assert kept.norm == pytest.approx(50.0)


def test_complex_elements_count_by_their_absolute_value() -> None:
    kept = summarised(torch.full((5000,), 3 + 4j))
    assert (kept.min, kept.max) == (5.0, 5.0)


@pytest.mark.parametrize(
    "x",
    [
        torch.arange(6000.0).view(60, 100).t(),
        torch.arange(12000.0)[::2],
        torch.ones(1, 1).expand(80, 80),
        torch.arange(6000.0).view(10, 20, 30).permute(2, 0, 1),
    ],
    ids=["transposed", "strided", "expanded", "permuted"],
)
def test_a_non_contiguous_tensor_has_a_summary(x: Tensor) -> None:
    kept, expected = summarised(x), summarised(x.contiguous())
    assert (kept.min, kept.max) == (expected.min, expected.max)
    assert (kept.rows, kept.cols) == (expected.rows, expected.cols)
    assert kept.histogram == expected.histogram
    assert kept.mean == pytest.approx(expected.mean, rel=1e-5)
    assert kept.norm == pytest.approx(expected.norm, rel=1e-5)
    torch.testing.assert_close(block(kept), block(expected))


def test_a_summary_does_not_touch_the_graph() -> None:
    x = torch.ones(5000, requires_grad=True)
    summarised(x * 2)
    assert x.grad is None
    assert not summary.vector(x).requires_grad


@pytest.mark.parametrize(
    "shape", [(10_000,), (100, 100), (7, 11, 13, 17), (1, 9000), (5,)], ids=str
)
@pytest.mark.parametrize("limit", [1, 64, 4096])
def test_a_sample_keeps_to_its_limit(shape: tuple[int, ...], limit: int) -> None:
    x = torch.arange(math.prod(shape)).view(shape)
    some = summary.sample(x, limit)
    assert limit / 2 ** len(shape) <= some.numel() <= limit or some.numel() == x.numel()
    assert some[0] == 0
    assert len(some.unique()) == len(some)


def test_the_default_device_does_not_matter() -> None:
    x = torch.arange(5000.0)
    with torch.device("meta"):
        inside = summarised(x)
    assert inside == summarised(x)


# Transfer


PIECES = [
    torch.arange(3.0),
    torch.tensor(7),
    torch.tensor([True, False]),
    torch.empty(0),
    torch.arange(6.0).view(2, 3).t(),
    torch.arange(4.0)[2::2],
    torch.tensor([1 + 2j]).conj(),
    torch.tensor([0.1], dtype=torch.float16),
]


def test_every_piece_is_fetched_bit_by_bit() -> None:
    found = transfer.fetch([transfer.raw(piece) for piece in PIECES])
    for piece, content in zip(PIECES, found, strict=True):
        assert content == piece.resolve_conj().resolve_neg().contiguous().numpy().tobytes()


def test_bfloat16_is_fetched_as_float32() -> None:
    [content] = transfer.fetch([transfer.raw(torch.tensor([1.5, -2.0], dtype=torch.bfloat16))])
    assert np.frombuffer(content, "<f4").tolist() == [1.5, -2.0]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.complex64])
def test_a_summary_does_not_wait_for_the_device(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """On the meta device every read of a value (`item`, `tolist`, a branch on a tensor) raises."""
    x = torch.empty(shape, dtype=dtype, device="meta", requires_grad=dtype.is_floating_point)
    kept = summary.vector(x)
    fingerprint = summary.sample(x, 64)
    packed = torch.cat([transfer.raw(one) for one in (kept, fingerprint, x, x.flatten()[:1])])
    assert packed.device.type == "meta"
    assert packed.dtype is torch.uint8
    with pytest.raises(RuntimeError):
        kept[0].item()
