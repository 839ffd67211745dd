"""Convert a table from a script to a struct, or raise a `Mistake` that says what to change.

The structs declare types and ranges; the `description` in a field's `Meta` is the cure. Only this
module depends on the wording of msgspec's errors.
"""

import re
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import structs

from tutor.script.markup import Mistake, is_expression

Finite = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
"""A number that is neither infinite nor NaN."""

_Table = TypeVar("_Table", bound=msgspec.Struct)


class Invalid(ValueError):
    """Raised by a `__post_init__`: the table breaks a rule that no type expresses.

    Args:
        key: The key that breaks the rule.
        cure: What to do about it; "" for the description of the key.
    """

    def __init__(self, key: str, problem: str, cure: str = "") -> None:
        super().__init__(key, problem, cure)
        self.key = key
        self.problem = problem
        self.cure = cure


def convert(
    table: dict[str, Any], kind: type[_Table], line_of: Callable[[str], int], prefix: str = ""
) -> _Table:
    """Return the struct that a table describes.

    Args:
        line_of: Returns the line of a key in the file.
        prefix: The start of the problem, such as "plot: ".

    Raises:
        Mistake: a key is unknown or missing, or a value is not allowed.
    """
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        wrong = error.__cause__
        if not isinstance(wrong, Invalid):
            wrong = _invalid(str(error), table)
    types = {field.encode_name: field.type for field in structs.fields(kind) if field.encode_name}
    cure = wrong.cure or f"the keys are {', '.join(types)}"
    if not wrong.cure and wrong.key in types:
        cure = types[wrong.key].__metadata__[-1].description
    raise Mistake(line_of(wrong.key), f"{prefix}{wrong.problem}", cure)


def _invalid(error: str, table: dict[str, Any]) -> Invalid:
    """Return the key and the problem of a msgspec error, which ends in a path such as `$.at[1]`."""
    if found := re.match(r"Object (missing|contains) .* field `(.*)`", error):
        problem = "is missing" if found[1] == "missing" else "is unknown"
        return Invalid(found[2], f"`{found[2]}` {problem}")
    found = re.search(r"`\$\.([\w-]*)", error)
    assert found is not None, error
    return Invalid(found[1], f"`{found[1]}` is {table[found[1]]!r}")


def require_expressions(key: str, texts: Iterable[str]) -> None:
    """Raise `Invalid` if Python could not evaluate one of these texts."""
    for text in texts:
        if not is_expression(text):
            raise Invalid(key, f"`{key}` has {text!r}, which is no expression")
