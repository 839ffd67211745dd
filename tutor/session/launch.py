"""Build the launch of a run from a script and the learner's request."""

import ast
import re
from collections.abc import Iterable

import msgspec

from tutor.schema import target
from tutor.schema.errors import BadRequest
from tutor.script.lesson import Lesson
from tutor.session.request import Request
from tutor.wire.messages import Edit, Launch


def prepare(
    lesson: Lesson, path: str, request: Request, detected: str | None, exact: bool = False
) -> Launch:
    """Return the launch of a run of `lesson`.

    Args:
        path: The script as the learner named it.
        detected: The accelerator that works here.
        exact: See `Launch.exact`.

    Raises:
        BadRequest: a setting names no knob of the script, or has no value that fits it.
    """
    return Launch(
        path=path,
        source=lesson.source,
        device=request.device or (detected if lesson.metadata.is_lesson else None),
        seed=request.seed,
        knobs=dict(_turned(lesson, name, text) for name, text in request.settings.items()),
        edits=request.edits,
        loss=lesson.metadata.loss,
        slots=lesson.evaluated(),
        show=request.show,
        exact=exact,
        terminals=request.terminals,
    )


def edit(text: str) -> Edit:
    """Return the edit that `STEP:NAME=VALUE` on a command line asks for.

    Raises:
        BadRequest: it is none.
    """
    step, colon, rest = text.partition(":")
    name, equals, value = _divided(rest)
    is_step = re.fullmatch(r"\s*0*[1-9]\d{0,15}\s*", step, re.ASCII)
    if not (colon and equals and name.strip() and is_step):
        raise BadRequest(f"--edit {text}: want STEP:NAME=VALUE, such as 12:w=[0.5, 1.0]")
    try:
        target.parse_target(name)
    except ValueError as error:
        raise BadRequest(f"--edit {text}: {error}") from None
    found = _literal(value)
    if not is_numeric(found):
        raise BadRequest(f"--edit {text}: {value!r} is no number and no list of numbers")
    return Edit(int(step), name.strip(), found)


def expression(text: str) -> str:
    """Return a `--show` expression from a command line.

    Raises:
        BadRequest: it is none.
    """
    try:
        compile(text.strip(), "<show>", "eval")
    except (SyntaxError, ValueError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else error
        raise BadRequest(f"--show {text}: not a Python expression ({reason})") from None
    return text


def settings(texts: Iterable[str]) -> dict[str, str]:
    """Return `NAME=VALUE` texts from a command line as a dictionary.

    Raises:
        BadRequest: one has no `=`.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise BadRequest(f"--set {text}: want NAME=VALUE, such as lr=0.1")
        found[name.strip()] = value
    return found


def _turned(lesson: Lesson, name: str, text: str) -> tuple[int, object]:
    """Return the line of the assignment to `name`, and its new value."""
    for knob in lesson.knobs:
        if knob.name == name:
            try:
                return knob.line, knob.parse(text)
            except ValueError as error:
                raise BadRequest(f"--set {name}={text}: {error}") from None
    if (line := _literal_assignment(lesson.source, name)) is None:
        known = ", ".join(knob.name for knob in lesson.knobs) or "none"
        raise BadRequest(
            f"--set {name}={text}: {lesson.path} has no knob of that name (its knobs: {known}) "
            f"and no line `{name} = …` with a plain value outside loops and functions"
        )
    found = _literal(text)
    return line, text if found is None else found


def _literal_assignment(source: str, name: str) -> int | None:
    """Return the line of the first module-level assignment of a literal to `name`."""
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        is_named = isinstance(targets[0], ast.Name) and targets[0].id == name
        if is_named and len(targets) == 1 and _literal(ast.unparse(statement.value)) is not None:
            return statement.lineno
    return None


def _divided(text: str) -> tuple[str, str, str]:
    """Split `NAME=VALUE` at the first = outside of subscripts such as `d["a=b"]`."""
    for found in re.finditer("=", text):
        name = text[: found.start()]
        if name.count("[") == name.count("]"):
            return name, "=", text[found.end() :]
    return text.partition("=")


def _literal(text: str) -> object:
    """Return the number, text or list that `text` is in Python; None if it cannot be sent."""
    try:
        found = ast.literal_eval(text.strip())
        msgspec.msgpack.encode(found)
    except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError):
        return None
    return found


def is_numeric(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(is_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)
