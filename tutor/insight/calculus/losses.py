"""Rules of the losses in torch.nn.functional."""

import math

from tutor.insight.calculus import axis_functions, functions
from tutor.insight.calculus.functions import NoRule, Value, clamped, sigma, sign
from tutor.insight.calculus.partial import Partial, ReducedFactor, Rule, reject


def mse(
    input: Value, target: Value, size_average: None = None, reduce: None = None,
    reduction: str = "mean", weight: None = None,
) -> tuple[Partial, ...]:  # fmt: skip
    reject(size_average, reduce, weight)
    return _of_errors(2 * (input - target), input, target, reduction)


def l1(
    input: Value, target: Value, size_average: None = None, reduce: None = None,
    reduction: str = "mean", weight: None = None,
) -> tuple[Partial, ...]:  # fmt: skip
    reject(size_average, reduce, weight)
    return _of_errors(sign(input - target), input, target, reduction)


def smooth_l1(
    input: Value, target: Value, size_average: None = None, reduce: None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> tuple[Partial, ...]:  # fmt: skip
    reject(size_average, reduce)
    if beta <= 0:
        raise NoRule
    return _of_errors(clamped((input - target) / beta, -1, 1), input, target, reduction)


def huber(
    input: Value, target: Value, reduction: str = "mean", delta: float = 1.0, weight: None = None
) -> tuple[Partial, ...]:
    reject(weight)
    return _of_errors(clamped(input - target, -delta, delta), input, target, reduction)


def binary_cross_entropy(
    input: Value, target: Value, weight: None = None, size_average: None = None,
    reduce: None = None, reduction: str = "mean",
) -> tuple[Partial, ...]:  # fmt: skip
    reject(weight, size_average, reduce)
    # torch avoids a division by 0 the same way.
    spread = functions.at_least(input * (1 - input), 1e-12)
    return _averaged((input - target) / spread, input, target, reduction), None


def binary_cross_entropy_with_logits(
    input: Value, target: Value, weight: None = None, size_average: None = None,
    reduce: None = None, reduction: str = "mean", pos_weight: None = None,
) -> tuple[Partial, ...]:  # fmt: skip
    reject(weight, size_average, reduce, pos_weight)
    return (
        _averaged(sigma(input) - target, input, target, reduction),
        _averaged(-input, input, target, reduction),
    )


def cross_entropy(
    input: Value, target: Value, weight: None = None, size_average: None = None,
    ignore_index: int = -100, reduce: None = None, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[Partial, ...]:  # fmt: skip
    reject(weight, size_average, reduce)
    if label_smoothing:
        raise NoRule
    axis = _class_axis(input, target)
    truth = axis_functions.onehot(target, input, axis, ignore_index)
    errors = axis_functions.softmax(input, (axis,)) - truth
    errors = axis_functions.is_counted(target, axis, ignore_index) * errors
    return _of_classes(errors, target, axis, ignore_index, reduction), None


def nll(
    input: Value, target: Value, weight: None = None, size_average: None = None,
    ignore_index: int = -100, reduce: None = None, reduction: str = "mean",
) -> tuple[Partial, ...]:  # fmt: skip
    reject(weight, size_average, reduce)
    axis = _class_axis(input, target)
    chosen = -axis_functions.onehot(target, input, axis, ignore_index)
    return _of_classes(chosen, target, axis, ignore_index, reduction), None


def _of_errors(slope: Value, input: Value, target: Value, reduction: str) -> tuple[Partial, ...]:
    """Return the partial derivatives of a loss that depends only on input − target."""
    found = _averaged(slope, input, target, reduction)
    return found, -found


def _averaged(slope: Value, input: Value, target: Value, reduction: str) -> Value:
    if reduction == "mean":
        return slope / math.prod(
            functions.broadcast([functions.shape(input), functions.shape(target)])
        )
    if reduction not in ("sum", "none"):
        raise NoRule
    return slope


def _class_axis(input: Value, target: Value) -> int:
    """Return the axis of the classes in `input`. Raise `NoRule` if targets are no class indices."""
    logits, targets = functions.shape(input), functions.shape(target)
    axis = min(1, len(logits) - 1)
    if not logits or logits[:axis] + logits[axis + 1 :] != targets:
        raise NoRule  # soft targets
    return axis


def _of_classes(
    slope: Value, target: Value, axis: int, ignored: int, reduction: str
) -> ReducedFactor:
    if reduction == "mean":
        return ReducedFactor(slope / axis_functions.count_targets(target, ignored))
    if reduction not in ("sum", "none"):
        raise NoRule
    return ReducedFactor(slope, (axis,) if reduction == "none" else ())


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
