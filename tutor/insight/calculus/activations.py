"""Rules of the activations: torch.nn.functional's functions of one tensor."""

from tutor.insight.calculus import dual, reduce
from tutor.insight.calculus.dual import (
    Dual,
    NoRule,
    axes,
    between,
    bracket,
    density,
    distribution,
    exp,
    sigma,
)
from tutor.insight.calculus.partial import Part, Rule, Through, refuse
from tutor.insight.calculus.reduce import softmax


def relu(input: Dual, inplace: bool = False) -> tuple[Part, ...]:
    return (bracket(input > 0),)


def relu6(input: Dual, inplace: bool = False) -> tuple[Part, ...]:
    return (between(0, input, 6, "<"),)


def hardtanh(
    input: Dual, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> tuple[Part, ...]:
    return (between(min_val, input, max_val, "<"),)


def leaky_relu(
    input: Dual, negative_slope: float = 0.01, inplace: bool = False
) -> tuple[Part, ...]:
    return (bracket(input > 0) + negative_slope * bracket(input <= 0),)


def elu(input: Dual, alpha: float = 1.0, inplace: bool = False) -> tuple[Part, ...]:
    falling = alpha * exp(dual.at_most(input, 0.0))
    return (bracket(input > 0) + falling * bracket(input <= 0),)


def sigmoid(input: Dual) -> tuple[Part, ...]:
    return (sigma(input) * (1 - sigma(input)),)


def log_sigmoid(input: Dual) -> tuple[Part, ...]:
    return (1 - sigma(input),)


def silu(input: Dual, inplace: bool = False) -> tuple[Part, ...]:
    return (sigma(input) + input * sigma(input) * (1 - sigma(input)),)


def softplus(input: Dual, beta: float = 1, threshold: float = 20) -> tuple[Part, ...]:
    # Beyond the usual threshold it is a line, and σ is 1 but for 2e-9.
    if threshold < 20:
        raise NoRule
    return (sigma(beta * input),)


def gelu(input: Dual, approximate: str = "none") -> tuple[Part, ...]:
    if approximate != "none":
        raise NoRule
    return (distribution(input) + input * density(input),)


def softmax_(input: Dual, dim: int, dtype: None = None, _stacklevel: int = 3) -> tuple[Part, ...]:
    refuse(dtype)
    over = axes(input, dim)
    shares = softmax(input, over)
    return (Through(lambda g: shares * (g - reduce.total(g * shares, over))),)


def log_softmax(
    input: Dual, dim: int, dtype: None = None, _stacklevel: int = 3
) -> tuple[Part, ...]:
    refuse(dtype)
    over = axes(input, dim)
    shares = softmax(input, over)
    return (Through(lambda g: g - shares * reduce.total(g, over)),)


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
