"""Present the audit of a gradient. `worker.operations.finite_difference` measures it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tutor.history.timeline import Timeline
from tutor.schema import values
from tutor.schema.frame import GRAD, Audit, AuditRow, TensorView
from tutor.wire.messages import Job, Launch

DIGITS = 10
"""Significant digits of a gradient."""

_CLOSE = 2e-4
"""Tolerance of a closed form, relative to the largest element: the script computed it in its own
precision."""


@dataclass(frozen=True)
class Checked:
    """An audit, compared with the closed form that the script computes."""

    audit: Audit
    closed: tuple[float | None, ...] = ()
    """The closed form's element for each row; empty if the script names no closed form."""
    totals: tuple[float | None, ...] = ()
    """The element of `.grad` after the pass for each row, which a closed form may equal instead."""
    closed_name: str = ""
    earlier: bool = False
    """Whether `.grad` was not zero before the pass, which added to it."""

    @property
    def agrees(self) -> bool:
        """Whether autograd agrees with the finite differences and the closed form."""
        rows = self.audit.rows
        scale = max((abs(row.autograd) for row in rows), default=0.0)

        def is_close(closed: float | None, found: float | None) -> bool:
            if closed is None or found is None:
                return closed is None
            return abs(closed - found) <= _CLOSE * max(scale, abs(closed)) + 1e-12

        return self.audit.agrees and all(
            is_close(closed, row.autograd) or is_close(closed, total)
            for row, closed, total in zip(rows, self.closed, self.totals, strict=False)
        )


def backward_steps(timeline: Timeline, name: str | None) -> Iterator[int]:
    """Yield the steps with a backward pass that changed a gradient, that of `name` if given; all
    steps with a backward pass if there is no such step."""
    steps, into = [], []
    for step in range(1, len(timeline) + 1):
        frame = timeline.frame(step)
        if frame is None or frame.phase != "backward":
            continue
        steps.append(step)
        left = changed_gradients(timeline, step)
        if name in left or (left and not name):
            into.append(step)
    yield from into or steps


def changed_gradients(timeline: Timeline, step: int) -> list[str]:
    """Return the names whose gradient a step changed."""
    frame = timeline.frame(step)
    changed = frame.changed if frame else {}
    return [name.removesuffix(GRAD) for name in changed if name.endswith(GRAD)]


def audit_job(launch: Launch, timeline: Timeline, names: Sequence[str], step: int) -> Job:
    """Return the job that audits the gradients which `step` computes for these names, for all
    leaves if there are none."""
    begin = timeline.iterations.window(step)
    # The operations between a parameter and the backward pass follow its last change.
    if begin and names:
        edited = (timeline.changed_at(name, step - 1) for name in names)
        begin = max(begin, min(edited) - 1)
    replayed = msgspec.structs.replace(launch, exact=True, show=(), slots={})
    return Job(replayed, step - 1, operations=begin, audit=tuple(names))


def check(
    audit: Audit, timeline: Timeline, step: int, compare: Sequence[tuple[str, str]]
) -> Checked:
    """Return the audit, compared with the closed form that the script names for it.

    Args:
        step: The step that ran the backward pass.
        compare: Pairs of names that should agree.
    """
    before = timeline.view(audit.name + GRAD, step - 1)
    elements_before = values.array(before) if before is not None else None
    earlier = elements_before is not None and bool(elements_before.any())
    name = next((b if a == audit.name + GRAD else a for a, b in compare
                 if audit.name + GRAD in (a, b)), "")  # fmt: skip
    view = _closed_form(timeline, name, step) if name else None
    elements = values.array(view) if view is not None else None
    if view is None or elements is None or view.shape != audit.shape:
        return Checked(audit, earlier=earlier)
    closed = tuple(float(elements[row.index]) for row in audit.rows)
    after = timeline.view(audit.name + GRAD, step)
    total = values.array(after) if after is not None and after.shape == audit.shape else None
    totals = tuple(None if total is None else float(total[row.index]) for row in audit.rows)
    return Checked(audit, closed, totals, name, earlier)


def _closed_form(timeline: Timeline, name: str, step: int) -> TensorView | None:
    """Return the value of `name` at the end of the iteration of `step`."""
    frame = timeline.frame(step)
    assert frame is not None
    last = step
    while (after := timeline.frame(last + 1) if last < len(timeline) else None) is not None:
        if (after.loop, after.iteration) != (frame.loop, frame.iteration):
            break
        last += 1
    return timeline.view(name, last)


def shared_digits(one: float, other: float) -> int:
    """Return how many significant digits two numbers share, at most `DIGITS`."""
    if one == other:
        return DIGITS
    size = max(abs(one), abs(other))
    if not (math.isfinite(one) and math.isfinite(other)):
        return 0
    return max(0, min(DIGITS, math.floor(-math.log10(abs(one - other) / size))))


def format_gradient(value: float) -> str:
    """Return a gradient with `DIGITS` significant digits."""
    return f"{value:.{DIGITS}g}"


def end_of_digits(text: str, shared: int) -> int:
    """Return the index where the first `shared` significant digits of a number's text end."""
    seen = 0
    for place, character in enumerate(text):
        if character == "e":
            return place
        if character.isdigit() and (seen or character != "0"):
            seen += 1
            if seen > shared:
                return place
    return len(text)


def verdict(row: AuditRow) -> str:
    """Return the verdict on a row in a few words."""
    if not row.agrees:
        return "DISAGREES"
    if row.kink is None:
        return "agrees"
    return "agrees at a corner" if math.isfinite(row.kink[0]) else "no slope here"


def remarks(checked: Checked) -> list[str]:
    """Return remarks that a learner needs to read the rows, one line each."""
    audit = checked.audit
    if audit.problem:
        return [f"cannot be audited: {audit.problem}"]
    found = []
    cuts = ", ".join(f"{name} in line {line}" for line, name in audit.cuts)
    if audit.is_held:
        found.append(f"the slope with what was cut off held constant: {cuts}")
    elif audit.cuts:
        found.append(f"autograd took as constants: {cuts}")
    if checked.earlier:
        found.append(
            f"{audit.name}{GRAD} held an earlier gradient: this pass added what stands here to it"
        )
    if math.prod(audit.shape) > len(audit.rows):
        of = f"{math.prod(audit.shape):,} elements"
        found.append(f"{len(audit.rows)} of {of}: the largest ones, and some in between")
    return found


def label(audit: Audit, row: AuditRow) -> str:
    """Return the name of an element: `w[0, 2]`."""
    return audit.name + (f"[{', '.join(map(str, row.index))}]" if row.index else "")


def as_table(checked: Checked) -> str:
    """Return the audit as a table. `|` ends the digits that agree with the finite difference."""
    rows = [("", "autograd", "difference", "h", "error", checked.closed_name, "")]
    for at, row in enumerate(checked.audit.rows):
        shared = shared_digits(row.autograd, row.difference)
        closed = checked.closed[at] if checked.closed else None
        rows.append(
            (
                label(checked.audit, row),
                _marked(row.autograd, shared),
                _marked(row.difference, shared),
                f"{row.step:.2g}",
                f"{row.error:.2g}",
                "" if closed is None else _marked(closed, shared_digits(row.autograd, closed)),
                verdict(row),
            )
        )
    lines = [f"{checked.audit.name}: {line}" for line in remarks(checked)]
    if checked.audit.rows:
        sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for cells in rows:
            parts = (cell.ljust(size) for cell, size in zip(cells, sizes, strict=True) if size)
            lines.append("  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"


def _marked(value: float, shared: int) -> str:
    text = format_gradient(value)
    place = end_of_digits(text, shared)
    return text if place == len(text) else f"{text[:place]}|{text[place:]}"


def as_json(checked: Checked) -> dict[str, object]:
    """Return the audit as JSON values."""
    audit = checked.audit
    rows = [
        {
            "index": list(row.index),
            "autograd": row.autograd,
            "difference": row.difference,
            "h": row.step,
            "error": row.error,
            "closed_form": checked.closed[at] if checked.closed else None,
            "digits": shared_digits(row.autograd, row.difference),
            "kink": list(row.kink) if row.kink else None,
            "agrees": row.agrees,
        }
        for at, row in enumerate(audit.rows)
    ]
    return {
        "name": audit.name,
        "shape": list(audit.shape),
        "dtype": audit.dtype,
        "value": audit.value,
        "rows": rows,
        "closed_form": checked.closed_name or None,
        "remarks": remarks(checked),
        "problem": audit.problem or None,
        "agrees": checked.agrees and not audit.problem,
    }
