"""Evaluate an expression that must not act: the slot of a comment in a script that is no lesson.

A comment may have code in braces that nobody meant to run. What is allowed here reads values:
names, attributes, items, arithmetic, comparisons, formats, and calls that return a new value and
change nothing. An attribute may be a property of the script's own class, and an operator its
method: their code runs, as in a debugger's watch.
"""

import ast
import builtins
import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MOST = 100_000
"""The most elements of a repeated sequence, bits of a power and cells of a format."""


def _multiplied(one: Any, other: Any) -> Any:
    for sequence, times in ((one, other), (other, one)):
        if isinstance(sequence, str | bytes | list | tuple) and isinstance(times, int):
            _limit(len(sequence) * times)
    return one * other


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        _limit(base.bit_length() * exponent)
    return base**exponent


def _shifted(number: Any, bits: Any) -> Any:
    if isinstance(bits, int):
        _limit(bits)
    return number << bits


def _formatted(value: Any, form: str) -> str:
    _limit(max(map(int, re.findall(r"\d{1,18}", form)), default=0))
    return format(value, form)


def _limit(size: int) -> None:
    if size > _MOST:
        raise ValueError(f"it would make {size:,} elements, more than the {_MOST:,} of a note")


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: _multiplied,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: _power, ast.MatMult: operator.matmul, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: _shifted,
    ast.RShift: operator.rshift, ast.UAdd: operator.pos, ast.USub: operator.neg,
    ast.Invert: operator.invert, ast.Not: operator.not_, ast.Eq: operator.eq,
    ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, all_: one in all_, ast.NotIn: lambda one, all_: one not in all_,
}  # fmt: skip

_CONVERSIONS: dict[int, Callable[[Any], Any]] = {
    -1: lambda found: found, ord("s"): str, ord("r"): repr, ord("a"): ascii,
}  # fmt: skip

_READING = (abs, bool, complex, divmod, float, format, int, isinstance, len, repr, round, str, type)

_WALKING = (all, any, list, max, min, set, sorted, sum, tuple)
"""They walk their argument, which would use up an iterator of the script."""

_PLAIN = (int, float, complex, str, bytes, list, tuple, dict, set, frozenset, range)
_ARRAYS = (torch.Tensor, np.ndarray, np.generic)
_COLLECTIONS: tuple[type, ...] = (
    *_PLAIN,
    *_ARRAYS,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
)

_OF_PLAIN = _names("""
    bit_length count endswith get index is_integer items join keys lower replace split startswith
    strip title upper values
""")
_OF_ARRAYS = _names("""
    abs all allclose amax amin any argmax argmin argsort ceil clamp cpu cumsum det detach diag diff
    dim dot double element_size equal exp flatten float floor int isclose isfinite isinf isnan item
    log log10 log1p log2 long matmul max mean median min mm mv ndimension nelement nonzero norm
    numel numpy permute pow prod quantile ravel relu reshape round sigmoid sign size softmax sqrt
    square squeeze std stride sum t tanh tolist trace transpose unsqueeze var vector_norm view
""")
_OF_TWO = _names("""
    allclose array_equal dist divmod dot equal hypot isclose matmul max maximum min minimum mm mv
    pow
""")
"""These take two arrays. Another array after them would be the output."""

_OF_MODULES = _OF_ARRAYS | {"array_equal", "cos", "dist", "hypot", "isqrt", "sin"}
_MODULES = (math, np, np.linalg, torch, torch.linalg, torch.nn.functional)

_KEYWORDS = _names("""
    atol axis correction ddof decimals default dim keepdim keepdims ndigits ord p reverse rtol
    unbiased
""")
"""Others make a call act: `out` is written to, `key` is called."""


def value_of(tree: ast.expr, namespace: dict[str, Any]) -> Any:
    """Return the value of an expression among the script's names.

    Raises:
        ValueError: the expression is more than reading values.
        BaseException: whatever the script's objects raise.
    """

    def value(node: ast.AST | None) -> Any:
        match node:
            case None:
                return None
            case ast.Constant(constant):
                return constant
            case ast.Name(name):
                return namespace[name] if name in namespace else _builtin(name)
            case ast.Attribute(owner, name):
                return getattr(value(owner), name)
            case ast.Subscript(owner, key):
                return _item(value(owner), value(key))
            case ast.Slice(first, last, step):
                return slice(value(first), value(last), value(step))
            case ast.Tuple(parts):
                return tuple(map(value, parts))
            case ast.List(parts):
                return list(map(value, parts))
            case ast.Dict(keys, values) if None not in keys:
                return dict(zip(map(value, keys), map(value, values), strict=True))
            case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op, operand):
                return _OPERATORS[type(op)](value(operand))
            case ast.BoolOp(op, parts):
                return _decided(map(value, parts), until=isinstance(op, ast.Or))
            case ast.Compare(left, ops, others):
                return _compared(value(left), ops, map(value, others))
            case ast.IfExp(test, then, otherwise):
                return value(then if value(test) else otherwise)
            case ast.JoinedStr(parts):
                return "".join(map(value, parts))
            case ast.FormattedValue(part, conversion, form):
                return _formatted(_CONVERSIONS[conversion](value(part)), value(form) or "")
            case ast.Call(function, arguments, keywords):
                named = {one.arg or "**": value(one.value) for one in keywords}
                return called(function, [*map(value, arguments)], named)
        raise ValueError(f"`{ast.unparse(node)}` is not read off here: only lessons evaluate it")

    def called(function: ast.expr, arguments: list[Any], named: dict[str, Any]) -> Any:
        found: Any = None
        if isinstance(function, ast.Attribute):
            owner = value(function.value)
            if is_reading := _is_method(owner, function.attr):
                found = getattr(owner, function.attr)
        else:
            found = value(function)
            is_reading = _is_function(found, arguments)
        if not is_reading:
            raise ValueError(f"`{ast.unparse(function)}(…)` is called only in lessons")
        if not named.keys() <= _KEYWORDS:
            raise ValueError(f"`{ast.unparse(function)}` is called with more than it may be here")
        if any(isinstance(one, _ARRAYS) for one in arguments[_operands(found) :]):
            raise ValueError(f"`{ast.unparse(function)}` may write to its last argument")
        return found(*arguments, **named)

    return value(tree)


def _operands(function: Any) -> int:
    """Return how many of the first arguments may be arrays: the next would be its output."""
    is_method = isinstance(getattr(function, "__self__", None), _ARRAYS)
    return 2 - is_method if getattr(function, "__name__", "") in _OF_TWO else 1 - is_method


def _builtin(name: str) -> Any:
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise NameError(f"name {name!r} is not defined") from None


def _item(owner: Any, key: Any) -> Any:
    if isinstance(owner, dict) and key not in owner:
        raise KeyError(key)  # a `defaultdict` would make the item
    return owner[key]


def _decided(values: Any, until: bool) -> Any:
    """Return the first of the values that is true, or false, else the last one."""
    for found in values:
        if bool(found) == until:
            break
    return found


def _compared(left: Any, ops: list[ast.cmpop], others: Any) -> Any:
    for op, right in zip(ops, others, strict=False):
        if not (found := _OPERATORS[type(op)](left, right)) and len(ops) > 1:
            break
        left = right
    return found


def _is_method(owner: Any, name: str) -> bool:
    """Return True if a method, or a function of a module, of this name only returns a value."""
    if isinstance(owner, _ARRAYS):
        return name in _OF_ARRAYS
    if any(owner is module for module in _MODULES):
        return name in _OF_MODULES
    return type(owner) in _COLLECTIONS and name in _OF_PLAIN


def _is_function(found: Any, arguments: list[Any]) -> bool:
    """Return True if a builtin function only returns a value, given these arguments."""
    if any(found is one for one in _READING):
        return True
    walks = any(found is one for one in _WALKING)
    return walks and (len(arguments) > 1 or all(isinstance(one, _COLLECTIONS) for one in arguments))
