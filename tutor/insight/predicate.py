"""Compile the text of a condition, in a small part of Python, into a function.

The text is never executed: it is parsed, and each allowed node becomes a function.
"""

import ast
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tutor.schema.frame import TensorView

MAX_LENGTH = 200
"""Most characters of a condition."""

_MAX_ELEMENTS = 2**16
"""Most elements of an intermediate result: two values of 4,096 can broadcast to 16 million."""

Term = Callable[[Callable[[int], Any]], Any]
"""Computes a value, given a function that returns the value of a name by its number."""

_TOKEN = re.compile(
    r"(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>(?<![.\w])[^\W\d]\w*(?:\.\w+)*)(?P<call>\s*\()?"
)


class ConditionError(Exception):
    """The text is not a condition. The message says why in one line."""


class NotKnown(Exception):
    """The recording does not say what is asked of a value. The message says why in one line."""


def is_true(value: Any) -> bool:
    """Return True if a value is true; of several elements, if all are."""
    return bool(np.all(_elements(value)))


def _elements(value: Any) -> Any:
    if isinstance(value, TensorView):
        known = ", ".join(_OF_SUMMARY)
        raise NotKnown(f"of {value.count:,} elements only {known} are known")
    return value


def _check_size(left: Any, right: Any) -> None:
    """Raise `NotKnown` if two values broadcast to too many elements."""
    shape = np.broadcast_shapes(np.shape(left), np.shape(right))
    if math.prod(shape) > _MAX_ELEMENTS:
        raise NotKnown(f"a result of {math.prod(shape):,} elements is too large")


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        # Integers would grow without limit.
        return float(base) ** exponent
    return base**exponent


def _one(value: Any) -> Any:
    if np.size(value) != 1:
        raise NotKnown(f"item() is for one element, and here are {np.size(value):,}")
    return np.reshape(value, ())[()]


def _norm(value: Any) -> Any:
    return np.sqrt(np.square(np.abs(np.asarray(value)).astype(np.float64)).sum())


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs, "min": np.min, "max": np.max, "mean": np.mean, "sum": np.sum, "norm": _norm,
    "any": np.any, "all": np.all, "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite,
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "len": len, "numel": np.size, "item": _one,
}  # fmt: skip

_OF_SUMMARY: dict[str, Callable[[TensorView], Any]] = {
    "min": lambda view: view.summary and view.summary.min,
    "max": lambda view: view.summary and view.summary.max,
    "mean": lambda view: view.summary and view.summary.mean,
    "sum": lambda view: view.summary and view.summary.mean * view.count,
    "norm": lambda view: view.summary and view.summary.norm,
    "numel": lambda view: view.count,
}
"""Functions that a summary answers, of a value without elements."""

_BOOLEAN_FUNCTIONS = ("any", "all", "isnan", "isinf", "isfinite")

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: _power,
}  # fmt: skip

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def parse(text: str) -> tuple[ast.expr, list[str]]:
    """Return the condition with its n-th name replaced by `_n`, and the names.

    A name may have dots and digits that Python does not allow: `model.0.weight`.

    Raises:
        ConditionError: the text is not a condition.
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"a condition has at most {MAX_LENGTH} characters")
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        name, call = found["name"], found["call"] or ""
        if not name or keyword.iskeyword(name):
            return found[0]
        method = ""
        if call:
            name, dot, method = name.rpartition(".")
            if not dot:
                return found[0]
        if name not in names:
            names.append(name)
        return f"_{names.index(name)}{'.' * bool(call)}{method}{call}"

    try:
        with warnings.catch_warnings():
            # Python would print a warning about `1is 2` over the screen.
            warnings.simplefilter("ignore")
            node = ast.parse(_TOKEN.sub(numbered, text.strip()), mode="eval").body
    except (SyntaxError, ValueError) as error:
        if re.search(r"(?<![<>=!])=(?!=)", text):
            raise ConditionError("= gives a value; == compares") from None
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ConditionError(f"this cannot be read: {why}") from None
    if not _is_boolean(node):
        raise ConditionError(f"{text.strip()} is no condition: compare it, as in loss < 0.1")
    return node, names


def _is_boolean(node: ast.expr) -> bool:
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name in _BOOLEAN_FUNCTIONS
    return False


def compile_term(node: ast.expr) -> Term:
    """Return a function that computes a node.

    Raises:
        ConditionError: a condition may not contain this node.
    """
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return lambda of: value
        case ast.Name(id=name):
            number = int(name[1:])
            return lambda of: of(number)
        case ast.BoolOp(op=op, values=values):
            terms = [compile_term(value) for value in values]
            either = any if isinstance(op, ast.Or) else all
            return lambda of: either(is_true(term(of)) for term in terms)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            term = compile_term(operand)
            return lambda of: not is_true(term(of))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            term = compile_term(operand)
            return lambda of: -_elements(term(of))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _binary(_BINARY[type(op)], compile_term(left), compile_term(right))
        case ast.Compare(left=left, ops=ops, comparators=others):
            if any(type(op) not in COMPARISONS for op in ops):
                raise ConditionError("a condition compares with < <= > >= == and !=")
            return _compared([COMPARISONS[type(op)] for op in ops], [left, *others])
        case ast.Call(func=ast.Name(id=name), args=[operand], keywords=[]):
            return _call(name, compile_term(operand))
        case ast.Call(func=ast.Attribute(value=operand, attr=name), args=[], keywords=[]):
            return _call(name, compile_term(operand))
        case ast.Call():
            raise ConditionError("a function takes one value here, and a method none")
        case ast.Subscript(value=value, slice=index):
            term, places = compile_term(value), _index(index)
            return lambda of: _elements(term(of))[places]
    raise ConditionError("a condition has names, numbers, arithmetic, comparisons, and, or, not, "
                         "[0] and functions, and nothing else")  # fmt: skip


def _binary(join: Callable[[Any, Any], Any], left: Term, right: Term) -> Term:
    def join_both(of: Callable[[int], Any]) -> Any:
        one, other = _elements(left(of)), _elements(right(of))
        if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
            _check_size(one, other)
        return join(one, other)

    return join_both


def _compared(compare: list[Callable[[Any, Any], Any]], nodes: list[ast.expr]) -> Term:
    terms = [compile_term(node) for node in nodes]
    links = [_binary(*link) for link in zip(compare, terms, terms[1:], strict=False)]
    if len(links) == 1:
        return links[0]
    return lambda of: all(is_true(link(of)) for link in links)


def _call(name: str, term: Term) -> Term:
    if name not in _FUNCTIONS:
        raise ConditionError(f"no function is called {name}; there are {', '.join(_FUNCTIONS)}")
    plain = _FUNCTIONS[name]
    large: Callable[[TensorView], Any] = _OF_SUMMARY.get(name, _elements)

    def call(of: Callable[[int], Any]) -> Any:
        value = term(of)
        return large(value) if isinstance(value, TensorView) else plain(value)

    return call


def _index(node: ast.expr) -> Any:
    """Return an index of integers and slices, which selects elements and never makes more."""
    match node:
        case ast.Constant(value=int() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(part and _index(part) for part in (lower, upper, step)))
        case ast.Tuple(elts=parts):
            return tuple(map(_index, parts))
    raise ConditionError("in [ ] stand whole numbers, and slices such as 1:3")
