"""Knobs: assignments that a learner may turn, in the `# @param` syntax of Colab's forms."""

import ast
import json
import math
import re
from dataclasses import dataclass
from typing import Literal

from tutor.script.markup import Mistake

PARAM = re.compile(r"#\s*@param\b\s*(.*)")

KnobKind = Literal["slider", "number", "integer", "boolean", "string", "choice"]

OPTIONS = ("type", "min", "max", "step", "allow-input", "placeholder", "isTemplate", "display-mode")
"""The keys that Colab knows; those after allow-input only change how its form looks."""

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


def knob(line: int, name: str, value: object, words: str) -> Knob:
    """The knob that the words after `@param` make of this assignment."""
    listed, options = _form(line, words)
    choices = _choices(line, listed, options) if listed is not None else ()
    kind = _kind(line, value, options, bool(choices))
    allow_input = options.get("allow-input") is True
    if kind == "choice":
        if value not in choices and not allow_input:
            raise Mistake(
                line, f"@param: {value!r} is not among the choices of `{name}`", "add it to them"
            )
    elif isinstance(value, bool) != (kind == "boolean") or not isinstance(value, WANTS[kind]):
        raise Mistake(
            line, f"@param: {value!r} is no {kind} for `{name}`", "change the value or the type"
        )
    low, high, step = (_bound(line, key, value, options) for key in ("min", "max", "step"))
    if kind == "slider" and (low is None or high is None or low >= high):
        raise Mistake(
            line, "@param: a slider wants min below max", 'write {type: "slider", min: 0, max: 1}'
        )
    return Knob(
        name,
        line,
        value,
        kind,
        low,
        high,
        step or (1 if kind == "slider" else None),
        choices,
        allow_input,
    )


def _kind(line: int, value: object, options: dict[str, object], choices: bool) -> KnobKind:
    given = options.get("type", "raw")
    if choices:
        return "choice"
    # Colab's date is a text in a calendar's clothes.
    if given == "date":
        return "string"
    if given == "raw" and type(value) in KIND_OF:
        return KIND_OF[type(value)]
    for kind in WANTS:
        if given == kind:
            return kind
    raise Mistake(
        line,
        f"@param: no knob of type {given!r} for {value!r}",
        f"the types are {', '.join(WANTS)}, or a list of choices",
    )


def _bound(line: int, key: str, value: object, options: dict[str, object]) -> float | None:
    number = options.get(key)
    if number is None:
        return None
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise Mistake(line, f"@param: {key} is {number!r}", "make it a number")
    # A screen that moves a float in whole steps should still hand the script a float.
    return float(number) if isinstance(value, float) else number


def _choices(line: int, listed: list[object], options: dict[str, object]) -> tuple[object, ...]:
    if not listed:
        raise Mistake(line, "@param: the list of choices is empty", 'write ["a", "b"]')
    if options.get("type") != "raw":
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
    for key in options:
        if key not in OPTIONS:
            raise Mistake(
                line, f"@param: unknown option `{key}`", f"the options are {', '.join(OPTIONS)}"
            )
    return (lists[0] if lists else None), options


def _as_json(token: re.Match[str]) -> str:
    quoted, single, key, fraction = token.groups()
    if quoted:
        return str(quoted)
    return "0" + fraction if fraction else json.dumps(ast.literal_eval(single) if single else key)
