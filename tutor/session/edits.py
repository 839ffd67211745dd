"""Turn the change that a learner types at a step into the launch of a fork."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from tutor.history.timeline import Timeline
from tutor.schema import values
from tutor.schema.frame import GRAD, TensorView
from tutor.schema.target import parse_target
from tutor.script.knobs import Knob
from tutor.script.lesson import Lesson
from tutor.script.lines import lines_of
from tutor.session import optimizers
from tutor.session.launch import is_numeric
from tutor.wire.messages import Edit, Launch

_LISTED = 8
"""Most elements of a tensor that is offered whole; of a larger one the first element is."""

_OFFERED = 24
"""Most values that are offered; every other one can be typed."""


class BadChange(ValueError):
    """A change that cannot be made; the text is one clear line."""


@dataclass(frozen=True)
class Offer:
    """A value that can be changed at a step."""

    text: str
    """What to type: `NAME = VALUE` with the present value, if that is known."""
    about: str
    """What kind of value it is, in a few words."""


def turning_point(text: str, step: int, lesson: Lesson, timeline: Timeline) -> int:
    """Return the step after which to make a change that was typed at the end of a run.

    A knob is turned where it is assigned, since no statement is left to run after the end.
    """
    assigned = _assigned(_quoted(text, lesson))
    lines = [knob.line for knob in lesson.knobs if assigned and knob.name == assigned[0]]
    first = timeline.steps.first_run(lines[0], step) if lines else 0
    return first - 1 if first else step


def change(text: str, step: int, lesson: Lesson, timeline: Timeline, launch: Launch) -> Launch:
    """Return the launch of a run in which `text` is executed after `step`.

    Args:
        text: `NAME = VALUE`, or any one statement. A knob's choice needs no quotes.
        launch: The run that it is forked from.

    Raises:
        BadChange: it is no statement, it is none of a knob's choices, or there is nothing to change
            yet.
    """
    text = _quoted(text, lesson)
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else error
        # `model.0.weight = 3` is not Python, but it is the name of a parameter.
        if (assigned := _assigned(text)) is None:
            raise BadChange(f"{text!r} is no statement: {reason}") from None
        return _edited(launch, Edit(step, *assigned))
    if len(statements) != 1:
        raise BadChange("want one change: NAME = VALUE, or one statement")
    assigned = _assigned(text)
    knob = next((one for one in lesson.knobs if assigned and one.name == assigned[0]), None)
    is_ahead = knob is not None and not timeline.steps.has_run(knob.line, step)
    if knob is not None and is_ahead and timeline.view(knob.name, step) is None:
        return _turned(launch, knob, text)
    if knob is not None and knob.has_text_choices:
        # A wrong choice is refused here; otherwise the line that uses it would fail.
        _value(knob, text)
    if not step:
        raise BadChange("nothing has run yet: only knobs can be turned before the first step")
    match statements[0]:
        case ast.Expr(ast.Compare() | ast.Name() | ast.Constant()):
            raise BadChange(f"{text!r} changes nothing: NAME = VALUE sets a value")
    if assigned is not None and is_numeric(assigned[1]) and _is_known(assigned[0], step, timeline):
        if _is_there(*assigned, timeline.view(assigned[0], step)):
            raise BadChange(f"{assigned[0]} is that already: type another value")
        return _edited(launch, Edit(step, *assigned))
    return _edited(launch, Edit(step, "", None, text))


def name_of(launch: Launch, parent: Launch) -> str:
    """Return the name of a fork: what was changed, such as `lr = 0.5`."""
    if len(launch.edits) > len(parent.edits):
        return str(launch.edits[-1])
    turned = {
        line: value for line, value in launch.knobs.items() if parent.knobs.get(line) != value
    }
    lines = lines_of(launch.source)
    return ", ".join(
        f"{lines[line - 1].partition('=')[0].strip()} = {v}" for line, v in turned.items()
    )


def instead(launch: Launch, parent: Launch, fork: int, step: int) -> Launch | None:
    """Return the launch in which the last change replaces the one that `parent` was forked for.

    None if the two changes are not of the same target after the same step.

    Args:
        launch: `parent` with one more change.
        fork: The step that `parent` was forked after.
        step: That of the new change.
    """
    if step != fork or len(launch.edits) == len(parent.edits) or not parent.edits:
        return None
    before, last = parent.edits[-1], launch.edits[-1]
    if not last.target or (before.step, before.target) != (last.step, last.target):
        return None
    return msgspec.structs.replace(launch, edits=(*launch.edits[:-2], last))


def offers(
    lesson: Lesson, timeline: Timeline, step: int, launch: Launch, picked: str | None
) -> list[Offer]:
    """Return what can be changed after `step`, the likeliest first.

    Args:
        picked: The value that the learner picked on the screen.
    """
    found: dict[str, Offer] = {}
    for offer in _offers(lesson, timeline, step, launch, picked):
        found.setdefault(offer.text.partition(" =")[0], offer)
    return list(found.values())[:_OFFERED]


def _offers(
    lesson: Lesson, timeline: Timeline, step: int, launch: Launch, picked: str | None
) -> Iterator[Offer]:
    if picked and (view := timeline.view(picked, step)):
        yield _offer(picked, view, "picked")
    made = list(optimizers.made(lesson, timeline, step))
    taken = {name for optimizer in made for name in optimizer.names}
    # An optimizer keeps its own copy of its settings: changing the knob would not change it.
    for optimizer in made:
        for target, value in optimizer.settings(timeline, step, launch):
            yield Offer(f"{target} = {value}", f"setting of {optimizer.kind}")
    for knob in lesson.knobs:
        view = timeline.view(knob.name, step)
        if view is not None:
            about = "knob; the optimizer has its own" if knob.name in taken else _range(knob)
            yield _offer(knob.name, view, about)
        elif not timeline.steps.has_run(knob.line, step):
            turned = launch.knobs.get(knob.line, knob.value)
            yield Offer(f"{knob.name} = {turned!r}", f"{_range(knob)}, still to come")
        else:
            yield Offer(f"{knob.name} = {_present(knob, step, timeline, launch)}", _range(knob))
    views = timeline.values(step).items()
    tensors = [(name, view) for name, view in views if view is not None]
    # First what is trained, then plain numbers, then the rest; gradients can be typed.
    rank = {"number": 1}
    tensors.sort(key=lambda pair: 0 if pair[1].requires_grad else rank.get(pair[1].kind, 2))
    for name, view in tensors:
        if not name.endswith(GRAD):
            yield _offer(name, view, view.kind)


def _offer(name: str, view: TensorView, about: str) -> Offer:
    elements = values.array(view)
    if elements is None or view.count > _LISTED:
        place = f"{name}[{', '.join('0' * len(view.shape))}]"
        first = "" if elements is None else _text(elements.reshape(-1)[:1].tolist()[0], view)
        return Offer(f"{place} = {first}", f"{about} {'x'.join(map(str, view.shape))}")
    exact = elements.astype("O") if view.dtype != "float32" else elements
    listed = [_text(value, view) for value in exact.reshape(-1).tolist()]
    if view.count == 1:
        return Offer(f"{name} = {listed[0]}", about)
    return Offer(f"{name} = [{', '.join(listed)}]", f"{about} {'x'.join(map(str, view.shape))}")


def _text(value: object, view: TensorView) -> str:
    """Return the shortest text that reads back as this element."""
    if view.stored in ("<f4", "<f2") and isinstance(value, float):
        return str(np.float32(value) if view.stored != "<f2" else np.float16(value))
    return repr(value)


def _present(knob: Knob, step: int, timeline: Timeline, launch: Launch) -> str:
    """Return the value of a knob after `step` as text, for kinds of values that are not recorded.

    Those are texts and booleans. The value is that of the last edit, else of the launch, else of
    the script. The knob's line must have run.
    """
    first = timeline.steps.first_run(knob.line, step)
    for edit in reversed(launch.edits):
        target, _, value = str(edit).partition("=")
        if target.strip() == knob.name and first <= edit.step <= step:
            return value.strip()
    return repr(launch.knobs.get(knob.line, knob.value))


def _range(knob: Knob) -> str:
    if knob.choices:
        return f"knob: {', '.join(map(str, knob.choices))}"
    if knob.min is not None and knob.max is not None:
        return f"knob: {knob.min:g} to {knob.max:g}"
    return "knob"


def _quoted(text: str, lesson: Lesson) -> str:
    """Return `text` with quotes around the bare value of a text knob: `kind = 'sum'` for
    `kind = sum`."""
    name, _, value = (part.strip() for part in text.partition("="))
    for knob in lesson.knobs:
        is_bare = value.isidentifier() or value in knob.choices
        if knob.name == name and knob.has_text_choices and is_bare:
            return f"{name} = {value!r}"
    return text.strip()


def _assigned(text: str) -> tuple[str, object] | None:
    """Return the target and the value of `TARGET = LITERAL`; None for any other text."""
    target, equals, value = text.partition("=")
    if not equals or value.startswith("=") or target.rstrip()[-1:] in tuple("+-*/%@&|^<>!:"):
        return None
    try:
        parse_target(target)
        return target.strip(), ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _is_there(target: str, value: object, view: TensorView | None) -> bool:
    """Return True if the value is this single number already."""
    if view is None or view.count != 1 or not isinstance(value, int | float):
        return False
    elements = values.array(view)
    return elements is not None and _text(elements.reshape(-1).tolist()[0], view) == repr(value)


def _is_known(target: str, step: int, timeline: Timeline) -> bool:
    """Return True if the engine can assign to the target: an attribute, an element, or a name that
    stands for a tensor or a number."""
    _, parts = parse_target(target)
    return bool(parts) or timeline.view(target, step) is not None


def _edited(launch: Launch, edit: Edit) -> Launch:
    return msgspec.structs.replace(launch, edits=(*launch.edits, edit))


def _turned(launch: Launch, knob: Knob, text: str) -> Launch:
    knobs = {**launch.knobs, knob.line: _value(knob, text)}
    return msgspec.structs.replace(launch, knobs=knobs)


def _value(knob: Knob, text: str) -> object:
    """Return the value that `NAME = VALUE` gives to a knob."""
    value = text.partition("=")[2].strip()
    try:
        return knob.parse(value.strip("'\"") if knob.kind == "string" else value)
    except ValueError as error:
        raise BadChange(str(error)) from None
