"""Read knobs: assignments with a `# @param` comment in the syntax of Colab's forms."""

import ast
import json
import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from tutor.script.convert import Finite, convert
from tutor.script.markup import Mistake

PARAM = re.compile(r"#\s*@param\b\s*(.*)")

KnobKind = Literal["slider", "number", "integer", "boolean", "string", "choice"]

_KIND_OF_TYPE: dict[type, KnobKind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
}
"""The kind of a knob whose `@param` has no type, by the type of its value."""

_TYPES: dict[KnobKind, tuple[type, ...]] = {
    "slider": (int, float),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
}


@dataclass(frozen=True)
class Knob:
    """An assignment whose value the learner may change."""

    name: str
    line: int
    value: object
    """The literal in the script."""
    kind: KnobKind
    min: float | None = None
    max: float | None = None
    step: float | None = None
    choices: tuple[object, ...] = ()
    allow_input: bool = False
    """Whether a value that is not among the choices is allowed."""

    @property
    def has_text_choices(self) -> bool:
        """Whether there are choices and all of them are texts."""
        return bool(self.choices) and all(isinstance(choice, str) for choice in self.choices)

    def parse(self, text: str) -> object:
        """Return the value that a text from the command line or the screen means.

        A value outside of a slider's range is allowed, so that a learner can make a run diverge.

        Raises:
            ValueError: the knob cannot have this value.
        """
        text = text if self.kind == "string" else text.strip()
        match self.kind:
            case "string":
                return text
            case "choice":
                return self._parse_choice(text)
            case "boolean":
                meaning = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
                if meaning is None:
                    raise ValueError(f"{self.name} is true or false, not {text!r}")
                return meaning
            case _:
                return self._parse_number(text)

    def _parse_number(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{self.name} is a number, not {text!r}")
        if isinstance(self.value, int) and value.is_integer():
            return int(value)
        if self._is_integral:
            raise ValueError(f"{self.name} is a whole number, not {text!r}")
        return value

    @property
    def _is_integral(self) -> bool:
        # `range(epochs)` fails on 40.0, so a slider whose numbers are all integers gives integers.
        return self.kind == "integer" or (
            self.kind == "slider"
            and all(isinstance(n, int) for n in (self.value, self.min, self.max, self.step))
        )

    def _parse_choice(self, text: str) -> object:
        literal = _literal(text)
        for choice in self.choices:
            # 0.00001 and 1e-05 are the same choice, and so are sum and "sum".
            if choice in (text, literal):
                return choice
        text = literal if isinstance(literal, str) else text
        if not self.allow_input:
            listed = ", ".join(str(choice) for choice in self.choices)
            raise ValueError(f"{self.name} is one of {listed}, not {text!r}")
        if self.has_text_choices:
            return text
        if literal is None:
            raise ValueError(f"{self.name} is a number or another literal, not {text!r}")
        return literal


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


_CURE = f"the types are {', '.join(_TYPES)}, or a list of choices"

_Type = Literal["slider", "number", "integer", "boolean", "string", "date", "raw"]

_Bound = Annotated[int | Finite | None, Meta(description="make it a number")]


class _Options(Struct, forbid_unknown_fields=True):
    """Colab's options. Those after `allow-input` only change the look of Colab's form."""

    type: Annotated[_Type | None, Meta(description=_CURE)] = None
    min: _Bound = None
    max: _Bound = None
    step: _Bound = None
    allow_input: Annotated[bool, Meta(description="make it true or false")] = field(
        default=False, name="allow-input"
    )
    placeholder: Any = None
    is_template: Any = field(default=None, name="isTemplate")
    display_mode: Any = field(default=None, name="display-mode")


def parse_knob(line: int, name: str, value: object, words: str) -> Knob:
    """Return the knob that an assignment and its `@param` comment define.

    Args:
        words: The comment after `@param`.

    Raises:
        Mistake: the comment cannot be read, or does not fit the value.
    """
    listed, table = _split(line, words)
    options = convert(table, _Options, lambda _: line, "@param: ")
    choices = () if listed is None else _choices(line, listed, is_raw=options.type == "raw")
    kind: KnobKind = "choice" if choices else _kind(line, value, options.type)
    if kind == "choice":
        if value not in choices and not options.allow_input:
            raise Mistake(
                line, f"@param: {value!r} is not among the choices of `{name}`", "add it to them"
            )
    elif isinstance(value, bool) != (kind == "boolean") or not isinstance(value, _TYPES[kind]):
        raise Mistake(
            line, f"@param: {value!r} is no {kind} for `{name}`", "change the value or the type"
        )
    low, high, step = (
        # A float stays a float when a slider moves it by a whole number.
        float(bound) if bound is not None and isinstance(value, float) else bound
        for bound in (options.min, options.max, options.step)
    )
    if kind == "slider" and (low is None or high is None or low >= high):
        raise Mistake(
            line, "@param: a slider wants min below max", 'write {type: "slider", min: 0, max: 1}'
        )
    default_step = 1 if kind == "slider" else None
    return Knob(
        name, line, value, kind, low, high, step or default_step, choices, options.allow_input
    )


def _kind(line: int, value: object, given: _Type | None) -> KnobKind:
    if given == "date":
        return "string"  # Colab shows a calendar for it
    if given is not None and given != "raw":
        return given
    if type(value) not in _KIND_OF_TYPE:
        raise Mistake(line, f"@param: no type of knob for {value!r}", _CURE)
    return _KIND_OF_TYPE[type(value)]


def _choices(line: int, listed: list[object], is_raw: bool) -> tuple[object, ...]:
    if not listed:
        raise Mistake(line, "@param: the list of choices is empty", 'write ["a", "b"]')
    if not is_raw:
        return tuple(listed)
    try:
        return tuple(ast.literal_eval(choice) for choice in listed if isinstance(choice, str))
    except (ValueError, SyntaxError):
        raise Mistake(
            line, "@param: a raw choice is no Python literal", 'write numbers as in ["1", "0.5"]'
        ) from None


def _split(line: int, words: str) -> tuple[list[object] | None, dict[str, object]]:
    """Return the choices and the options of `[choices] {options}`.

    Either part may be missing. As in Colab, keys need no quotes.
    """
    rest = re.sub(
        r"""("(?:\\.|[^"\\])*")|('(?:\\.|[^'\\])*')|([A-Za-z_][\w-]*)(?=\s*:)|(?<![\w.])(\.\d)""",
        _as_json,
        words,
    ).strip()
    found: list[object] = []
    while rest:
        try:
            part, end = json.JSONDecoder().raw_decode(rest)
        except json.JSONDecodeError:
            part, end = None, 0
        if not isinstance(part, (list, dict)):
            raise Mistake(
                line,
                f"@param: cannot read `{words.strip()}`",
                'write {type: "slider", min: 0, max: 1, step: 0.1} or ["a", "b"]',
            )
        found.append(part)
        rest = rest[end:].strip()
    lists = [part for part in found if isinstance(part, list)]
    options: dict[str, object] = {}
    for part in found:
        options |= part if isinstance(part, dict) else {}
    return (lists[0] if lists else None), options


def _as_json(token: re.Match[str]) -> str:
    quoted, single, key, fraction = token.groups()
    if quoted:
        return str(quoted)
    return "0" + fraction if fraction else json.dumps(ast.literal_eval(single) if single else key)
