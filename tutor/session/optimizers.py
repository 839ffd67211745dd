"""The optimizers that a script makes, and their settings, as far as its text tells them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.history.timeline import Timeline
from tutor.schema import values
from tutor.script.lesson import Lesson
from tutor.wire.messages import Launch

_KINDS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam",
          "LBFGS", "Rprop", "ASGD", "SparseAdam", "Muon")  # fmt: skip


@dataclass(frozen=True)
class Optimizer:
    """What `NAME = KIND(...)` made."""

    name: str
    kind: str
    given: dict[str, ast.expr]
    """The arguments that it was made with, by their keywords."""

    @property
    def names(self) -> set[str]:
        """The names that it took settings from."""
        return {value.id for value in self.given.values() if isinstance(value, ast.Name)}

    def settings(self, timeline: Timeline, step: int, launch: Launch) -> Iterator[tuple[str, str]]:
        """Its settings as an edit names them, and their values after `step` as text; "" for those
        that cannot be told from outside."""
        for setting in dict.fromkeys(["lr", *self.given]):
            target = f'{self.name}.param_groups[0]["{setting}"]'
            yield target, _value(target, self.given.get(setting), timeline, step, launch)


def made(lesson: Lesson, timeline: Timeline, step: int) -> Iterator[Optimizer]:
    """The optimizers that the script has made by `step`."""
    for statement in ast.parse(lesson.source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call() as call):
                kind = ast.unparse(call.func).rpartition(".")[2]
                if kind in _KINDS and timeline.steps.has_run(statement.lineno, step):
                    given = {one.arg: one.value for one in call.keywords if one.arg}
                    yield Optimizer(name, kind, given)


def _value(
    target: str, given: ast.expr | None, timeline: Timeline, step: int, launch: Launch
) -> str:
    if "lr_scheduler" in launch.source:
        return ""
    edits = [edit for edit in launch.edits if edit.target == target and edit.step <= step]
    if edits:
        return repr(edits[-1].value)
    if isinstance(given, ast.Name) and (view := timeline.view(given.id, step)) is not None:
        return repr(values.plain(view))
    return ast.unparse(given) if isinstance(given, ast.Constant) else ""
