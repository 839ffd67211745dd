"""Print the events of a run for `tutor run`: as JSON, one object for each step, or as a table."""

import json
import sys
import tempfile
from typing import IO, Any

import msgspec

from tutor.commands.table import Table
from tutor.schema.frame import GRAD, Frame, Inside, Operation, TensorView
from tutor.schema.printable import printable
from tutor.schema.values import jsonable, plain
from tutor.wire.messages import Edited, Ended, Event, Launch, Printed, Started


class Report:
    """What the JSON report and the table have in common."""

    def __init__(self, launch: Launch, stdout: IO[bytes]) -> None:
        self.steps = 0
        self.unknown = dict.fromkeys(launch.show, "the script ran no statement")
        """By shown expression that has had no value so far: the reason."""
        self._launch = launch
        self._stdout = stdout
        self._edited: dict[str, TensorView | None] = {}
        """Values that the learner's edits changed since the last step."""

    def _count(self, frame: Frame) -> Frame:
        """Count the next step, and return its frame with the edits made before it."""
        self.steps = frame.step
        if self.unknown:
            reasons = dict(frame.problems)
            for expression in list(self.unknown):
                if expression in reasons:
                    self.unknown[expression] = reasons[expression]
                else:
                    del self.unknown[expression]
        changed, self._edited = self._edited | frame.changed, {}
        return msgspec.structs.replace(frame, changed=changed)


class JsonReport(Report):
    """Prints one JSON object for each step, and one at the end, a line each.

    Args:
        with_operations: Whether the operations inside each step are printed too.
    """

    def __init__(self, launch: Launch, stdout: IO[bytes], with_operations: bool = False) -> None:
        super().__init__(launch, stdout)
        self._with_operations = with_operations
        self._device = launch.device or "cpu"
        self._out = bytearray()
        self._now: dict[str, TensorView] = {}

    def take(self, event: Event) -> None:
        """Print the step of a frame, with the output of the script since the last one."""
        if isinstance(event, Started):
            self._device = event.environment["device"]
        elif isinstance(event, Printed):
            self._out += _to_stdout(event)
        elif isinstance(event, Edited):
            self._edited |= event.changed
        elif isinstance(event, Frame):
            event = self._count(event)
            self._line(
                step=event.step,
                line=event.line,
                iteration=event.iteration,
                phase=event.phase,
                loss=event.loss,
                changed=self._changed(event),
                show=dict(zip(self._launch.show, event.shown, strict=True)),
                out=self._out.decode(errors="replace"),
                **({"raised": event.raised} if event.raised else {}),
                **self._inside(event.inside),
            )
            self._out.clear()

    def close(self, ended: Ended) -> None:
        """Print the last object."""
        error = ended.message if ended.outcome != "finished" else None
        if self._out:
            # The process died inside a statement that had written something.
            self.steps += 1
            out, nothing = self._out.decode(errors="replace"), dict.fromkeys(self._launch.show)
            self._line(
                step=self.steps,
                line=ended.line,
                iteration=None,
                phase="other",
                loss=None,
                changed={},
                show=nothing,
                out=out,
                **self._inside(None),
            )
        unfinished = self._inside(ended.inside) if ended.inside else {}
        self._line(done=True, steps=self.steps, device=self._device, error=error, **unfinished)
        self._stdout.flush()

    def _changed(self, frame: Frame) -> dict[str, Any]:
        """Return the values to print: of each name whose value or gradient changed."""
        found: dict[str, Any] = {}
        for name, view in frame.changed.items():
            before = self._now.pop(name, None)
            if view is not None:
                self._now[name] = view
            if before is not None and view is not None and _is_same_value(before, view):
                continue
            owner = name.removesuffix(GRAD)
            if owner != name and owner in self._now and owner not in found:
                found[owner] = plain(self._now[owner])
            found[name] = plain(view)
        return found

    def _inside(self, inside: Inside | None) -> dict[str, Any]:
        """Return the keys for the operations inside a step; none if they were not asked for."""
        return _operations(inside) if self._with_operations else {}

    def _line(self, **fields: Any) -> None:
        line = json.dumps(jsonable(fields), ensure_ascii=False)
        self._stdout.write(printable(line).encode() + b"\n")
        self._stdout.flush()


class TextReport(Report):
    """Prints a table, and after it everything that the script printed."""

    def __init__(self, launch: Launch, stdout: IO[bytes]) -> None:
        super().__init__(launch, stdout)
        self._table = Table(launch.show)
        # In a file: a script may print more than memory holds.
        self._printed = tempfile.TemporaryFile()

    def take(self, event: Event) -> None:
        """Add the step of a frame to the table; keep the script's output for the end."""
        if isinstance(event, Printed):
            self._printed.write(_to_stdout(event))
        elif isinstance(event, Edited):
            self._edited |= event.changed
        elif isinstance(event, Frame):
            self._table.append(self._count(event))

    def close(self, ended: Ended) -> None:
        """Print the table and the output."""
        table = printable(self._table.text()).encode()
        self._stdout.write(table)
        self._printed.seek(0)
        for position, part in enumerate(iter(lambda: self._printed.read(65536), b"")):
            if position == 0 and table:
                self._stdout.write(b"\n")
            self._stdout.write(part)
        self._printed.close()
        self._stdout.flush()


def _to_stdout(event: Printed) -> bytes:
    """Return what the script wrote to stdout; write what it wrote to stderr to our own."""
    for stream, text in event.output:
        if stream == 2:
            sys.stderr.buffer.write(text)
            sys.stderr.flush()
    return b"".join(text for stream, text in event.output if stream == 1)


def _is_same_value(one: TensorView, other: TensorView) -> bool:
    """Return True if only attributes such as `requires_grad` differ, not the values."""
    return (one.shape, one.dtype, one.data, one.summary) == (
        other.shape,
        other.dtype,
        other.data,
        other.summary,
    )


def _operations(inside: Inside | None) -> dict[str, Any]:
    """Return the keys of a step for the operations inside it."""
    found = inside.operations if inside else ()
    count = inside.forwards if inside else 0
    # An operation that the same step also ran backwards is listed once, with its gradients.
    again = {one.id for one in found[count:]}
    shown = [one for one in found[:count] if one.id not in again] + [*found[count:]]
    keys: dict[str, Any] = {"operations": [_operation(one) for one in shown]}
    if inside and inside.unseen:
        keys["unseen"] = list(inside.unseen)
    return keys


def _operation(one: Operation) -> dict[str, Any]:
    """Return the keys of an operation; of several outputs, a list of shapes, values, gradients."""
    shapes = [list(view.shape) if view else None for view in one.values]
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "line": one.line or None,
        "module": one.module or None,
        "inputs": list(one.inputs),
        "shape": _one_or_all(shapes),
        "value": _one_or_all([plain(view) for view in one.values]),
        "order": one.order,
        "grad": _one_or_all([plain(view) for view in one.grads]),
        "edges": [[edge.to, edge.number, plain(edge.contribution)] for edge in one.edges],
    }


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values or None
