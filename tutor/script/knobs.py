"""Knobs: assignments that a learner may turn, in the `# @param` syntax of Colab's forms."""

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

KIND_OF: dict[type, KnobKind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
}
"""What a knob is where `@param` does not say, found from the value."""

WANTS: dict[KnobKind, tuple[type, ...]] = {
    "slider": (int, float),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
}


@dataclass(frozen=True)
class Knob:
    """A value that the learner may turn: an assignment with Colab's `# @param` on its line."""

    name: str
    line: int
    value: object
    """The literal that the script assigns."""
    kind: KnobKind
    min: float | None = None
    max: float | None = None
    step: float | None = None
    choices: tuple[object, ...] = ()
    allow_input: bool = False
    """Whether a choice may also be something that is not on its list."""

    @property
    def is_of_texts(self) -> bool:
        """Whether all its choices are texts."""
        return bool(self.choices) and all(isinstance(choice, str) for choice in self.choices)

    def parse(self, text: str) -> object:
        """The value that this text on a command line means; ValueError where it means none.

        A slider's range is for the screen: a learner who wants to see a run diverge may ask for it.
        """
        text = text if self.kind == "string" else text.strip()
        match self.kind:
            case "string":
                return text
            case "choice":
                return self._chosen(text)
            case "boolean":
                meaning = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
                if meaning is None:
                    raise ValueError(f"{self.name} is true or false, not {text!r}")
                return meaning
            case _:
                return self._number(text)

    def _number(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{self.name} is a number, not {text!r}")
        if isinstance(self.value, int) and value.is_integer():
            return int(value)
        if self._whole:
            raise ValueError(f"{self.name} is a whole number, not {text!r}")
        return value

    @property
    def _whole(self) -> bool:
        # `range(epochs)` fails on 40.0, so a slider that only knows whole numbers gives them.
        return self.kind == "integer" or (
            self.kind == "slider"
            and all(isinstance(n, int) for n in (self.value, self.min, self.max, self.step))
        )

    def _chosen(self, text: str) -> object:
        meant = _literal(text)
        for choice in self.choices:
            # 0.00001 and 1e-05 are one choice, and so are sum and "sum", however it is written.
            if choice in (text, meant):
                return choice
        text = meant if isinstance(meant, str) else text
        if not self.allow_input:
            listed = ", ".join(str(choice) for choice in self.choices)
            raise ValueError(f"{self.name} is one of {listed}, not {text!r}")
        if self.is_of_texts:
            return text
        if meant is None:
            raise ValueError(f"{self.name} is a number or another literal, not {text!r}")
        return meant


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


TYPES = f"the types are {', '.join(WANTS)}, or a list of choices"

_Type = Literal["slider", "number", "integer", "boolean", "string", "date", "raw"]


_Bound = Annotated[int | Finite | None, Meta(description="make it a number")]


class _Options(Struct, forbid_unknown_fields=True):
    """Colab's options. Those after `allow-input` only change the look of Colab's form."""

    type: Annotated[_Type | None, Meta(description=TYPES)] = None
    min: _Bound = None
    max: _Bound = None
    step: _Bound = None
    allow_input: Annotated[bool, Meta(description="make it true or false")] = field(
        default=False, name="allow-input"
    )
    placeholder: Any = None
    is_template: Any = field(default=None, name="isTemplate")
    display_mode: Any = field(default=None, name="display-mode")


def knob(line: int, name: str, value: object, words: str) -> Knob:
    """Return the knob that the words after `@param` make of this assignment.

    Raises:
        Mistake: they do not fit the value, or cannot be read.
    """
    listed, table = _form(line, words)
    options = convert(table, _Options, lambda _: line, "@param: ")
    choices = () if listed is None else _choices(line, listed, is_raw=options.type == "raw")
    kind: KnobKind = "choice" if choices else _kind(line, value, options.type)
    if kind == "choice":
        if value not in choices and not options.allow_input:
            raise Mistake(
                line, f"@param: {value!r} is not among the choices of `{name}`", "add it to them"
            )
    elif isinstance(value, bool) != (kind == "boolean") or not isinstance(value, WANTS[kind]):
        raise Mistake(
            line, f"@param: {value!r} is no {kind} for `{name}`", "change the value or the type"
        )
    low, high, step = (
        # A screen that moves a float in whole steps should still hand the script a float.
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
        return "string"  # in Colab a text with a calendar
    if given is not None and given != "raw":
        return given
    if type(value) not in KIND_OF:
        raise Mistake(line, f"@param: no type of knob for {value!r}", TYPES)
    return KIND_OF[type(value)]


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


def _form(line: int, words: str) -> tuple[list[object] | None, dict[str, object]]:
    """Colab's `[choices] {options}`, either part missing; its keys need no quotes."""
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
