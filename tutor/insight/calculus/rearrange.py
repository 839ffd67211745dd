"""Operations that only rearrange elements: each number of the gradient goes back to the element
that it belongs to, and numbers for the same element are added.
"""

from math import prod

from tutor.insight.calculus import formula
from tutor.insight.calculus.calls import Call
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.local import Derivative, summed
from tutor.schema.frame import Operation, TensorView

PUT_BACK = "the same numbers, put back"
"""Text of the local derivative."""

CASTS = ("bfloat16", "cpu", "cuda", "double", "float", "half", "to")

_SAME = (*CASTS, "clone", "contiguous", "expand", "expandas", "flatten", "ravel", "reshape",
         "reshapeas", "squeeze", "unflatten", "unsqueeze", "view", "viewas")  # fmt: skip
"""The formula of a gradient leaves these out."""

_TRANSPOSES = ("adjoint", "mt", "swapaxes", "swapdims", "t", "transpose")

JOINS = ("cat", "concat", "stack")
"""One input of several gets only its part of the gradient."""

REARRANGING = frozenset((*_SAME, *_TRANSPOSES, *JOINS, "chunk", "flip", "gather", "index",
                         "indexselect", "narrow", "permute", "repeat", "select", "split",
                         "unbind"))  # fmt: skip
"""By `calls.Call.key`."""


def rearranged(operation: Operation, call: Call, input: TensorView) -> Derivative:
    """Return the derivative of a rearranging operation with respect to `input`."""

    def propagate(g: Formula) -> Formula | None:
        output = next(iter(operation.values), None)
        if call.key in _TRANSPOSES and len(input.shape) == 2:
            return formula.transpose(g)
        if call.key not in _SAME or output is None:
            return None
        copies = output.count / max(1, prod(input.shape))
        return g if copies == 1 else summed(g, copies)

    return Derivative(
        PUT_BACK,
        None,
        propagate,
        lambda: None,
        lambda incoming: None,
        keeps_sum=call.key not in JOINS,
    )
