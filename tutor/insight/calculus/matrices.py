"""Rules of matrix and vector products."""

from tutor.insight.calculus import functions
from tutor.insight.calculus.functions import NoRule, Value, transpose
from tutor.insight.calculus.partial import Partial, Rule, Vjp


def matmul(input: Value, other: Value) -> tuple[Partial, ...]:
    vectors = (len(functions.shape(input)) == 1, len(functions.shape(other)) == 1)
    if 0 in (len(functions.shape(input)), len(functions.shape(other))):
        raise NoRule
    if vectors == (True, True):
        return other, input
    if vectors == (True, False):
        batch = functions.shape(other)[:-2]
        return (
            Vjp(lambda g: functions.summed(functions.on_vector(other, g), input, batch, 1)),
            Vjp(lambda g: functions.outer(input, g)),
        )
    if vectors == (False, True):
        batch = functions.shape(input)[:-2]
        return (
            Vjp(lambda g: functions.outer(g, other)),
            Vjp(
                lambda g: functions.summed(
                    functions.on_vector(transpose(input), g), other, batch, 1
                )
            ),
        )
    batch = functions.broadcast([functions.shape(input)[:-2], functions.shape(other)[:-2]])
    return (
        Vjp(lambda g: functions.summed(functions.matmul(g, transpose(other)), input, batch, 2)),
        Vjp(lambda g: functions.summed(functions.matmul(transpose(input), g), other, batch, 2)),
    )


def linear(input: Value, weight: Value, bias: Value = None) -> tuple[Partial, ...]:
    if len(functions.shape(weight)) != 2:
        raise NoRule
    if len(functions.shape(input)) == 1:
        return (
            Vjp(lambda g: functions.on_vector(transpose(weight), g)),
            Vjp(lambda g: functions.outer(g, input)),
            Vjp(lambda g: g),
        )
    return (
        Vjp(lambda g: functions.matmul(g, weight)),
        Vjp(lambda g: functions.matmul(transpose(functions.rows(g)), functions.rows(input))),
        Vjp(functions.over_rows),
    )


def addmm(
    input: Value, mat1: Value, mat2: Value, beta: float = 1, alpha: float = 1
) -> tuple[Partial, ...]:
    whole = (functions.shape(mat1)[0], functions.shape(mat2)[1])
    return (
        Vjp(lambda g: beta * functions.summed(g, input, whole, 0)),
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
