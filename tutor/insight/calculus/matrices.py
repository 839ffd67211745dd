"""Rules of matrix and vector products."""

from tutor.insight.calculus import functions
from tutor.insight.calculus.functions import (
    NoRule,
    Value,
    broadcast,
    on_vector,
    outer,
    over_rows,
    rows,
    shape,
    summed,
    transpose,
)
from tutor.insight.calculus.partial import Partial, Rule, Vjp


def matmul(input: Value, other: Value) -> tuple[Partial, ...]:
    vectors = (len(shape(input)) == 1, len(shape(other)) == 1)
    if 0 in (len(shape(input)), len(shape(other))):
        raise NoRule
    if vectors == (True, True):
        return other, input
    if vectors == (True, False):
        batch = shape(other)[:-2]
        return (
            Vjp(lambda g: summed(on_vector(other, g), input, batch, 1)),
            Vjp(lambda g: outer(input, g)),
        )
    if vectors == (False, True):
        batch = shape(input)[:-2]
        return (
            Vjp(lambda g: outer(g, other)),
            Vjp(lambda g: summed(on_vector(transpose(input), g), other, batch, 1)),
        )
    batch = broadcast([shape(input)[:-2], shape(other)[:-2]])
    return (
        Vjp(lambda g: summed(functions.matmul(g, transpose(other)), input, batch, 2)),
        Vjp(lambda g: summed(functions.matmul(transpose(input), g), other, batch, 2)),
    )


def linear(input: Value, weight: Value, bias: Value = None) -> tuple[Partial, ...]:
    if len(shape(weight)) != 2:
        raise NoRule
    if len(shape(input)) == 1:
        return (
            Vjp(lambda g: on_vector(transpose(weight), g)),
            Vjp(lambda g: outer(g, input)),
            Vjp(lambda g: g),
        )
    return (
        Vjp(lambda g: functions.matmul(g, weight)),
        Vjp(lambda g: functions.matmul(transpose(rows(g)), rows(input))),
        Vjp(over_rows),
    )


def addmm(
    input: Value, mat1: Value, mat2: Value, beta: float = 1, alpha: float = 1
) -> tuple[Partial, ...]:
    whole = (shape(mat1)[0], shape(mat2)[1])
    return (
        Vjp(lambda g: beta * summed(g, input, whole, 0)),
        Vjp(lambda g: alpha * functions.matmul(g, transpose(mat2))),
        Vjp(lambda g: alpha * functions.matmul(transpose(mat1), g)),
    )


MATRICES: dict[str, Rule] = {
    "addmm": addmm,
    "bmm": matmul,
    "dot": matmul,
    "linear": linear,
    "matmul": matmul,
    "mm": matmul,
    "mv": matmul,
}
