"""Rules of activations: functions of one tensor in torch.nn.functional."""

from tutor.insight.calculus import axis_functions, functions
from tutor.insight.calculus.axis_functions import softmax
from tutor.insight.calculus.functions import (
    NoRule,
    Value,
    axes,
    between,
    bracket,
    density,
    distribution,
    exp,
    sigma,
)
from tutor.insight.calculus.partial import Partial, Rule, Vjp, reject


def relu(input: Value, inplace: bool = False) -> tuple[Partial, ...]:
    return (bracket(input > 0),)


def relu6(input: Value, inplace: bool = False) -> tuple[Partial, ...]:
    return (between(0, input, 6, "<"),)


def hardtanh(
    input: Value, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> tuple[Partial, ...]:
    return (between(min_val, input, max_val, "<"),)


def leaky_relu(
    input: Value, negative_slope: float = 0.01, inplace: bool = False
) -> tuple[Partial, ...]:
    return (bracket(input > 0) + negative_slope * bracket(input <= 0),)


def elu(input: Value, alpha: float = 1.0, inplace: bool = False) -> tuple[Partial, ...]:
    falling = alpha * exp(functions.at_most(input, 0.0))
    return (bracket(input > 0) + falling * bracket(input <= 0),)


def sigmoid(input: Value) -> tuple[Partial, ...]:
    return (sigma(input) * (1 - sigma(input)),)


def log_sigmoid(input: Value) -> tuple[Partial, ...]:
    return (1 - sigma(input),)


def silu(input: Value, inplace: bool = False) -> tuple[Partial, ...]:
    return (sigma(input) + input * sigma(input) * (1 - sigma(input)),)


def softplus(input: Value, beta: float = 1, threshold: float = 20) -> tuple[Partial, ...]:
    # Above the default threshold softplus is linear; σ differs from 1 by less than 2e-9 there.
    if threshold < 20:
        raise NoRule
    return (sigma(beta * input),)


def gelu(input: Value, approximate: str = "none") -> tuple[Partial, ...]:
    if approximate != "none":
        raise NoRule
    return (distribution(input) + input * density(input),)


def softmax_(
    input: Value, dim: int, dtype: None = None, _stacklevel: int = 3
) -> tuple[Partial, ...]:
    reject(dtype)
    over = axes(input, dim)
    shares = softmax(input, over)
    return (Vjp(lambda g: shares * (g - axis_functions.total(g * shares, over))),)


def log_softmax(
    input: Value, dim: int, dtype: None = None, _stacklevel: int = 3
) -> tuple[Partial, ...]:
    reject(dtype)
    over = axes(input, dim)
    shares = softmax(input, over)
    return (Vjp(lambda g: g - shares * axis_functions.total(g, over)),)


ACTIVATIONS: dict[str, Rule] = {
    "elu": elu,
    "gelu": gelu,
    "hardtanh": hardtanh,
    "leakyrelu": leaky_relu,
    "logsigmoid": log_sigmoid,
    "logsoftmax": log_softmax,
    "relu": relu,
    "relu6": relu6,
    "sigmoid": sigmoid,
    "silu": silu,
    "softmax": softmax_,
    "softplus": softplus,
}
