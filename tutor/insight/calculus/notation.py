"""Write a call as mathematics does: `mul(a, 2)` as a·2, other functions as calls."""

from collections.abc import Callable
from typing import Any

from tutor.insight.calculus import formula
from tutor.insight.calculus.calls import Call, RawArgument
from tutor.insight.calculus.formula import Formula, Level

_USUAL = {
    "inplace": False,
    "training": True,
    "reduction": "mean",
    "ignore_index": -100,
    "label_smoothing": 0.0,
    "beta": 1.0,
    "keepdim": False,
    "p": "fro",
}
"""Arguments that are left out when they have these values."""


def write_call(call: Call) -> Formula:
    """Return the formula of a call whose inputs are formulas."""
    write = _WRITTEN.get(call.key)
    if write is not None:
        try:
            return write(*call.args, **call.kwargs)
        except TypeError:
            pass  # the notation has no place for these arguments
    parts = [_argument(one) for one in call.args]
    parts += [
        f"{name}={_argument(one)}"
        for name, one in call.kwargs.items()
        if not name.startswith("_") and (name not in _USUAL or _USUAL[name] != one)
    ]
    return formula.function(call.function.rstrip("_"), *parts)


def _argument(one: Any) -> str:
    match one:
        case Formula():
            return one.text
        case RawArgument():
            return one.text
        case bool() | None | str():
            return repr(one)
        case int() | float():
            return formula.number(one).text
        case list():
            return f"[{', '.join(map(_argument, one))}]"
        case tuple():
            return f"({', '.join(map(_argument, one))})"
        case slice():
            ends = ["" if end is None else _argument(end) for end in (one.start, one.stop)]
            return ":".join(ends) + ("" if one.step is None else f":{_argument(one.step)}")
        case _:
            return "…"


def _plus(a: Any, b: Any, alpha: float = 1) -> Formula:
    return formula.plus(_part(a), _part(b) if alpha == 1 else _times(alpha, b))


def _minus(a: Any, b: Any, alpha: float = 1) -> Formula:
    return formula.minus(_part(a), _part(b) if alpha == 1 else _times(alpha, b))


def _times(a: Any, b: Any) -> Formula:
    return formula.times(_part(a), _part(b))


def _over(a: Any, b: Any) -> Formula:
    return formula.over(_part(a), _part(b))


def _raised(a: Any, b: Any) -> Formula:
    return formula.raised(_part(a), _part(b))


def _linear(a: Formula, weight: Formula, bias: Formula | None = None) -> Formula:
    product = formula.matmul(a, formula.transpose(weight))
    return product if bias is None else formula.plus(product, bias)


def _transpose(a: Formula, dim0: int = 0, dim1: int = 1) -> Formula:
    if {dim0, dim1} not in ({0, 1}, {-1, -2}):
        raise TypeError
    return formula.transpose(a)


def indexed(a: Formula, at: Any) -> Formula:
    """Return `a[2]`."""
    inner = ", ".join(map(_argument, at)) if isinstance(at, tuple) else _argument(at)
    return Formula(f"{a.within(Level.ATOM)}[{inner}]")


def _compared(sign: str) -> Callable[[Any, Any], Formula]:
    return lambda a, b: formula.compared(_part(a), sign, _part(b))


_part = formula.formula

_WRITTEN: dict[str, Callable[..., Formula]] = {
    "add": _plus,
    "bmm": formula.matmul,
    "div": _over,
    "dot": formula.matmul,
    "eq": _compared("="),
    "ge": _compared("≥"),
    "gt": _compared(">"),
    "index": indexed,
    "le": _compared("≤"),
    "linear": _linear,
    "lt": _compared("<"),
    "matmul": formula.matmul,
    "mm": formula.matmul,
    "mt": _transpose,
    "mul": _times,
    "mv": formula.matmul,
    "ne": _compared("≠"),
    "neg": formula.negative,
    "pow": _raised,
    "reciprocal": lambda a: _over(1, a),
    "rsub": lambda a, b, alpha=1: _minus(b, a, alpha),
    "square": lambda a: _raised(a, 2),
    "sub": _minus,
    "t": _transpose,
    "transpose": _transpose,
}
"""By `calls.Call.key`. Other functions are written as calls."""
