"""Rules of products of matrices and vectors."""

from tutor.insight.calculus import dual
from tutor.insight.calculus.dual import Dual, NoRule, transpose
from tutor.insight.calculus.partial import Part, Rule, Through


def matmul(input: Dual, other: Dual) -> tuple[Part, ...]:
    vectors = (len(dual.shape(input)) == 1, len(dual.shape(other)) == 1)
    if 0 in (len(dual.shape(input)), len(dual.shape(other))):
        raise NoRule
    if vectors == (True, True):
        return other, input
    if vectors == (True, False):
        batch = dual.shape(other)[:-2]
        return (
            Through(lambda g: dual.summed(dual.on_vector(other, g), input, batch, 1)),
            Through(lambda g: dual.outer(input, g)),
        )
    if vectors == (False, True):
        batch = dual.shape(input)[:-2]
        return (
            Through(lambda g: dual.outer(g, other)),
            Through(lambda g: dual.summed(dual.on_vector(transpose(input), g), other, batch, 1)),
        )
    batch = dual.broadcast([dual.shape(input)[:-2], dual.shape(other)[:-2]])
    return (
        Through(lambda g: dual.summed(dual.matmul(g, transpose(other)), input, batch, 2)),
        Through(lambda g: dual.summed(dual.matmul(transpose(input), g), other, batch, 2)),
    )


def linear(input: Dual, weight: Dual, bias: Dual = None) -> tuple[Part, ...]:
    if len(dual.shape(weight)) != 2:
        raise NoRule
    if len(dual.shape(input)) == 1:
        return (
            Through(lambda g: dual.on_vector(transpose(weight), g)),
            Through(lambda g: dual.outer(g, input)),
            Through(lambda g: g),
        )
    return (
        Through(lambda g: dual.matmul(g, weight)),
        Through(lambda g: dual.matmul(transpose(dual.rows(g)), dual.rows(input))),
        Through(dual.over_rows),
    )


def addmm(
    input: Dual, mat1: Dual, mat2: Dual, beta: float = 1, alpha: float = 1
) -> tuple[Part, ...]:
    whole = (dual.shape(mat1)[0], dual.shape(mat2)[1])
    return (
        Through(lambda g: beta * dual.summed(g, input, whole, 0)),
        Through(lambda g: alpha * dual.matmul(g, transpose(mat2))),
        Through(lambda g: alpha * dual.matmul(transpose(mat1), g)),
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
