"""Find the optimizers that a script creates, and their settings, by reading its text."""

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
    """The optimizer that `NAME = KIND(...)` creates."""

    name: str
    kind: str
    given: dict[str, ast.expr]
    """The arguments of the constructor, by keyword."""

    @property
    def names(self) -> set[str]:
        """The names whose values it took as settings."""
        return {value.id for value in self.given.values() if isinstance(value, ast.Name)}

    def settings(self, timeline: Timeline, step: int, launch: Launch) -> Iterator[tuple[str, str]]:
        """Return its settings as edit targets, with their values after `step` as text; "" for a
        value that is not recorded."""
        for setting in dict.fromkeys(["lr", *self.given]):
            target = f'{self.name}.param_groups[0]["{setting}"]'
            yield target, _value(target, self.given.get(setting), timeline, step, launch)


def made(lesson: Lesson, timeline: Timeline, step: int) -> Iterator[Optimizer]:
    """Return the optimizers that the script has created by `step`."""
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
