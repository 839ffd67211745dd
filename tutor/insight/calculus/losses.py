"""The local derivatives of `torch.nn.functional`'s losses: rules, as `part` says."""

import math

from tutor.insight.calculus import dual
from tutor.insight.calculus import reduce as along
from tutor.insight.calculus.dual import Dual, NoRule, clamped, sigma, sign
from tutor.insight.calculus.partial import Part, Rule, Spread, refuse


def mse(
    input: Dual, target: Dual, size_average: None = None, reduce: None = None,
    reduction: str = "mean", weight: None = None,
) -> tuple[Part, ...]:  # fmt: skip
    refuse(size_average, reduce, weight)
    return _of_misses(2 * (input - target), input, target, reduction)


def l1(
    input: Dual, target: Dual, size_average: None = None, reduce: None = None,
    reduction: str = "mean", weight: None = None,
) -> tuple[Part, ...]:  # fmt: skip
    refuse(size_average, reduce, weight)
    return _of_misses(sign(input - target), input, target, reduction)


def smooth_l1(
    input: Dual, target: Dual, size_average: None = None, reduce: None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> tuple[Part, ...]:  # fmt: skip
    refuse(size_average, reduce)
    if beta <= 0:
        raise NoRule
    return _of_misses(clamped((input - target) / beta, -1, 1), input, target, reduction)


def huber(
    input: Dual, target: Dual, reduction: str = "mean", delta: float = 1.0, weight: None = None
) -> tuple[Part, ...]:
    refuse(weight)
    return _of_misses(clamped(input - target, -delta, delta), input, target, reduction)


def binary_cross_entropy(
    input: Dual, target: Dual, weight: None = None, size_average: None = None,
    reduce: None = None, reduction: str = "mean",
) -> tuple[Part, ...]:  # fmt: skip
    refuse(weight, size_average, reduce)
    # torch's own guard against a probability of 0 or 1.
    spread = dual.at_least(input * (1 - input), 1e-12)
    return _averaged((input - target) / spread, input, target, reduction), None


def binary_cross_entropy_with_logits(
    input: Dual, target: Dual, weight: None = None, size_average: None = None,
    reduce: None = None, reduction: str = "mean", pos_weight: None = None,
) -> tuple[Part, ...]:  # fmt: skip
    refuse(weight, size_average, reduce, pos_weight)
    return (
        _averaged(sigma(input) - target, input, target, reduction),
        _averaged(-input, input, target, reduction),
    )


def cross_entropy(
    input: Dual, target: Dual, weight: None = None, size_average: None = None,
    ignore_index: int = -100, reduce: None = None, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[Part, ...]:  # fmt: skip
    refuse(weight, size_average, reduce)
    if label_smoothing:
        raise NoRule
    axis = _class_axis(input, target)
    misses = along.softmax(input, (axis,)) - along.onehot(target, input, axis, ignore_index)
    misses = along.counts(target, axis, ignore_index) * misses
    return _of_classes(misses, target, axis, ignore_index, reduction), None


def nll(
    input: Dual, target: Dual, weight: None = None, size_average: None = None,
    ignore_index: int = -100, reduce: None = None, reduction: str = "mean",
) -> tuple[Part, ...]:  # fmt: skip
    refuse(weight, size_average, reduce)
    axis = _class_axis(input, target)
    chosen = -along.onehot(target, input, axis, ignore_index)
    return _of_classes(chosen, target, axis, ignore_index, reduction), None


def _of_misses(slope: Dual, input: Dual, target: Dual, reduction: str) -> tuple[Part, ...]:
    """Of a loss that depends on input − target alone."""
    found = _averaged(slope, input, target, reduction)
    return found, -found


def _averaged(slope: Dual, input: Dual, target: Dual, reduction: str) -> Dual:
    if reduction == "mean":
        return slope / math.prod(dual.broadcast([dual.shape(input), dual.shape(target)]))
    if reduction not in ("sum", "none"):
        raise NoRule
    return slope


def _class_axis(input: Dual, target: Dual) -> int:
    """Where the classes of `input` lie, for targets that are class indices."""
    logits, targets = dual.shape(input), dual.shape(target)
    axis = min(1, len(logits) - 1)
    if not logits or logits[:axis] + logits[axis + 1 :] != targets:
        raise NoRule  # soft targets
    return axis


def _of_classes(slope: Dual, target: Dual, axis: int, ignored: int, reduction: str) -> Spread:
    if reduction == "mean":
        return Spread(slope / along.counted(target, ignored))
    if reduction not in ("sum", "none"):
        raise NoRule
    return Spread(slope, (axis,) if reduction == "none" else ())


LOSSES: dict[str, Rule] = {
    "binarycrossentropy": binary_cross_entropy,
    "binarycrossentropywithlogits": binary_cross_entropy_with_logits,
    "crossentropy": cross_entropy,
    "huberloss": huber,
    "l1loss": l1,
    "mseloss": mse,
    "nllloss": nll,
    "smoothl1loss": smooth_l1,
}
