"""The operations pane: the operations inside a statement as rows, and the current one in detail."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from tutor.insight.explain import why, wording
from tutor.insight.explain.explanation import Explanation, Term
from tutor.schema.frame import Edge, Operation, TensorView
from tutor.session.inside_view import InsideView
from tutor.ui.draw.text.numbers import brief, shape
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, clip, fill, fit, line, ruled, strip, wrap

HERE, FAILED = "►", "✗"
_NAME = 18
"""The most cells of an operation's name."""


def draw_operations(
    lens: InsideView, width: int, height: int, palette: Palette, scrolled: int = 0
) -> list[Strip]:
    """Return exactly `height` strips: the rows around the current operation, and its detail.

    Args:
        scrolled: How many rows the list is scrolled down.
    """
    if not lens.rows:
        return fill([line(lens.note, width, palette.muted)], width, height, palette.text)
    detail = _detail(lens, width, palette)
    entries = _entries(lens)
    # The list keeps a third of the pane, however long the detail is.
    room = min(len(entries), max(height // 3, height - len(detail) - 1))
    at = 0 if lens.at is None else lens.at + 1 + (0 < lens.interior.forwards <= lens.at)
    top = max(0, min(at - room // 2 + scrolled, len(entries) - room))
    shown = entries[top : top + room]
    names = [cell_len(lens.rows[one].name) for one in shown if isinstance(one, int)]
    size = min(_NAME, max(names, default=0))
    drawn = [_entry(entry, lens, size, width, palette) for entry in shown]
    if lens.note:
        drawn = [line(lens.note, width, palette.warning), *drawn[: max(0, room - 1)]]
    if detail:
        drawn += [strip(ruled("", width, palette.text, palette.border), width, palette.text)]
    return fill([*drawn, *detail], width, height, palette.text)


def _entries(lens: InsideView) -> Sequence[int | str]:
    """Return the indices of the rows, with the headings between them."""
    count, whole = lens.interior.forwards, len(lens.rows)
    found: list[int | str] = []
    if count:
        found += ["forwards", *range(count)]
    if count < whole:
        found += ["backwards, in autograd's order", *range(count, whole)]
    return found


def _entry(entry: int | str, lens: InsideView, names: int, width: int, palette: Palette) -> Strip:
    """Draw a heading, or the row of an operation."""
    if isinstance(entry, str):
        return strip(ruled(entry, width, palette.muted, palette.border), width, palette.text)
    one = lens.rows[entry]
    is_here, is_past = lens.at == entry, lens.at is None or entry <= lens.at
    is_failed = one.id == lens.failed and one.order is not None
    mark = FAILED if is_failed else HERE if is_here else " "
    style = palette.accent if is_here else palette.text if is_past else palette.muted
    parts: list[Styled] = [
        (f"{mark} ", palette.error if is_failed else palette.accent),
        (f"{one.line or '':>3} ", palette.muted),
        (fit(one.name or one.kind, names) + " ", style),
    ]
    left = width - sum(cell_len(text) for text, _ in parts)
    if one.order is None:
        parts += _forwards(one, lens, left, palette)
    elif is_past:
        parts += _backwards(one, lens, left, palette)
    if is_here:
        parts = [(text, style + palette.current) for text, style in parts]
    return strip(parts, width, palette.current if is_here else palette.text)


def _forwards(one: Operation, lens: InsideView, width: int, palette: Palette) -> list[Styled]:
    """Return `pred = x·w → shape value` for an operation of the forward pass."""
    label = lens.labels.get(one.id, "")
    formula = ""
    if one.call:
        formula = why.expression(one.id, lens.operations, lens.labels, max(12, width // 2))
    text = f"{label} = {formula}" if label and formula else formula or label
    if one.kind == "library":
        text = ", ".join(lens.given(one)) or "no name of the script's"
    view = next((view for view in one.values if view is not None), None)
    module = f" {one.module}" if one.module else ""
    value = f"{shape(view)} {brief(view, max(8, width // 3))}" if view is not None else ""
    return [
        (clip(text, width // 2), palette.text),
        (f" → {value}" if value else "", palette.changed),
        (module, palette.muted),
    ]


def _backwards(one: Operation, lens: InsideView, width: int, palette: Palette) -> list[Styled]:
    """Return the gradient that came in and the contributions that went out; of a leaf, the sum."""
    if one.kind == "leaf" and one.after is not None:
        return _added(one, width, palette)
    grad = next((view for view in one.grads if view is not None), None)
    passed = [edge for edge in one.edges if edge.contribution is not None]
    share = max(6, width // (len(passed) + 1) - 4)
    parts: list[Styled] = [(f"∇ {brief(grad, share)}" if grad else "nothing came", palette.changed)]
    for edge in passed:
        to = lens.operations.get(edge.to)
        name = _called(to, lens) if to else ""
        assert edge.contribution is not None
        parts += [
            (f" → {name} " if name else " → ", palette.muted),
            (brief(edge.contribution, max(6, share - cell_len(name))), palette.accent),
        ]
    return parts


def _added(one: Operation, width: int, palette: Palette) -> list[Styled]:
    """Return `before + added = after` for a gradient that a leaf accumulates."""
    grad = one.grads[0] if one.grads else None
    share = max(6, (width - 8) // 3)
    before = brief(one.before, share) if one.before is not None else "none"
    return [
        (before, palette.warning if _is_something(one.before) else palette.muted),
        (" + ", palette.accent),
        (brief(grad, share) if grad else "nothing", palette.changed),
        (" = ", palette.accent),
        (brief(one.after, share) if one.after else "none", palette.strong),
    ]


def _is_something(view: TensorView | None) -> bool:
    return view is not None and bool((view.data or b"").strip(b"\0\x80"))


def _called(one: Operation, lens: InsideView) -> str:
    return lens.labels.get(one.id) or (one.name if one.kind in ("leaf", "data") else "")


def _detail(lens: InsideView, width: int, palette: Palette) -> list[Strip]:
    """Return the rows that explain the current operation: its formula, numbers and gradients."""
    one = lens.current
    if one is None:
        return []
    where = f"line {one.line}" if one.line else ""
    title = " · ".join(part for part in (one.name or one.kind, one.module, where) if part)
    rows: list[list[Styled]] = [[(title, palette.heading)]]
    if one.kind == "library":
        rows += _library(one, lens, palette)
    elif one.order is None:
        rows += _explained(why.explain_value(one.id, lens.operations, lens.labels), palette)
    else:
        rows += _passed(one, lens, palette)
    if lens.error and one.id == lens.failed:
        rows.append([(lens.error, palette.error)])
    return [strip(part, width, palette.text) for row in rows for part in wrap(row, width) if row]


def _library(one: Operation, lens: InsideView, palette: Palette) -> list[list[Styled]]:
    """Return the values that a call of a library changed, before and after."""
    rows: list[list[Styled]] = [[("all that this call did, in one row", palette.muted)]]
    for name in lens.given(one):
        before = lens.moment.before(name) if lens.moment else None
        after = lens.moment.view(name) if lens.moment else None
        rows.append(
            [
                (f"{name}  ", palette.text),
                (f"{brief(before, 40)} → " if before is not None else "", palette.muted),
                (brief(after, 40) if after is not None else "", palette.changed),
            ]
        )
    return rows


def _explained(explained: Explanation, palette: Palette) -> list[list[Styled]]:
    """Return the formula of a value, the same with numbers, and the value."""
    rows: list[list[Styled]] = []
    if explained.formula:
        rows.append([(explained.formula, palette.text)])
    if explained.numbers and explained.numbers != explained.formula:
        rows.append([(f"= {explained.numbers}", palette.changed)])
    view = explained.of.view
    if view is not None:
        size = f"{shape(view)}  " if view.shape else ""
        rows.append([("= ", palette.muted), (f"{size}{brief(view, 60)}", palette.strong)])
    if explained.note:
        rows.append([(explained.note, palette.muted)])
    return rows


def _passed(one: Operation, lens: InsideView, palette: Palette) -> list[list[Styled]]:
    """Return the gradient that came in, and for each edge the local derivative and contribution."""
    operations = lens.operations
    arrived = lens.explain_gradient(one.id)
    rows: list[list[Styled]] = []
    came = brief(arrived.of.view, 60) if arrived.of.view is not None else "nothing"
    rows.append([("came in  ", palette.muted), (f"{arrived.of.label} = ", palette.text),
                 (came, palette.changed)])  # fmt: skip
    if len(arrived.terms) > 1 and arrived.numbers:
        rows.append([("         ", palette.muted), (f"= {arrived.numbers}", palette.changed)])
    if one.kind == "leaf":
        if one.after is not None:
            rows.append([("in .grad ", palette.muted), *_added(one, 200, palette)])
        return rows
    for to in dict.fromkeys(_through(edge, operations) for edge in one.edges):
        there = lens.explain_gradient(*to)
        for term in there.terms:
            if term.consumer.id == one.id:
                rows += _went_out(term, there.of.label, palette)
    if arrived.note and not arrived.terms:
        rows.append([(arrived.note, palette.muted)])
    return rows


def _through(edge: Edge, operations: dict[int, Operation]) -> tuple[int, int]:
    """Return the operation and output that an edge leads to.

    Nodes that torch put inside the operation are skipped.
    """
    to, output = edge.to, edge.number
    while (one := operations.get(to)) is not None and one.kind == "part" and len(one.edges) == 1:
        to, output = one.edges[0].to, one.edges[0].number
    return to, output


def _went_out(term: Term, label: str, palette: Palette) -> list[list[Styled]]:
    """Return the local derivative along one edge, and the contribution that went out."""
    local = wording.format_elements(term.local, 40) if term.local is not None else None
    derivative = term.derivative or "not known for this operation"
    is_same = local is None or local == derivative
    via = f" through {', '.join(term.via)}" if term.via else ""
    numbers = "" if term.numbers == term.formula else f" = {term.numbers}"
    return [
        [
            ("local    ", palette.muted),
            (derivative, palette.text if term.derivative else palette.muted),
            ("" if is_same else f" = {local}", palette.changed),
            (via, palette.muted),
        ],
        [
            ("went out ", palette.muted),
            (f"{label} = {term.formula}", palette.text),
            (numbers, palette.accent),
        ],
    ]


def counted(lens: InsideView) -> str:
    """Return `operation 3 of 7`, or why there are no operations to step through."""
    return f"operation {(lens.at or 0) + 1} of {len(lens.rows)}" if lens.rows else lens.note
