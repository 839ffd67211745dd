"""The operations pane: what a statement did, an operation a row, and the current one at large."""

from rich.cells import cell_len
from textual.strip import Strip

from tutor.explain import why
from tutor.explain.explanation import Explanation
from tutor.frame import Operation, TensorView
from tutor.ui.draw.numbers import brief, shape
from tutor.ui.draw.palette import Palette
from tutor.ui.draw.strips import Run, clip, fill, fit, line, ruled, strip, wrap
from tutor.ui.lens import Lens

HERE, FAILED = "►", "✗"
_NAME = 18
"""Cells of an operation's name at most."""


def draw_operations(
    lens: Lens, width: int, height: int, palette: Palette, scrolled: int = 0
) -> list[Strip]:
    """Exactly `height` strips: the operations around the current one, and below them what it did.

    Args:
        scrolled: Rows that the list is scrolled by.
    """
    if not lens.rows:
        return fill([line(lens.note, width, palette.muted)], width, height, palette.text)
    operations = lens.operations()
    detail = _detail(lens, operations, width, palette)
    room = max(min(len(lens.rows) + _rules(lens), height // 3), height - len(detail) - 1)
    rows, at = _rows(lens, operations, width, palette)
    room = min(room, len(rows))
    top = max(0, min(at - room // 2 + scrolled, len(rows) - room))
    drawn = rows[top : top + room]
    if lens.note:
        drawn = [line(lens.note, width, palette.warning), *drawn[: max(0, room - 1)]]
    if detail:
        drawn += [strip(ruled("", width, palette.text, palette.border), width, palette.text)]
    return fill([*drawn, *detail], width, height, palette.text)


def _rules(lens: Lens) -> int:
    """How many headings stand among the rows."""
    return len({one.order is None for one in lens.rows})


def _rows(
    lens: Lens, operations: dict[int, Operation], width: int, palette: Palette
) -> tuple[list[Strip], int]:
    """A strip for each operation, with headings, and where the current one stands."""
    names = min(_NAME, max(cell_len(one.name) for one in lens.rows))
    strips: list[Strip] = []
    at = 0
    was_back: bool | None = None
    for number_, one in enumerate(lens.rows):
        is_back = one.order is not None
        if is_back != was_back:
            was_back = is_back
            title = "backwards, in autograd's order" if is_back else "forwards"
            strips.append(strip(ruled(title, width, palette.muted, palette.border), width,
                                palette.text))  # fmt: skip
        is_here = lens.at == number_
        if is_here:
            at = len(strips)
        style = palette.text if lens.at is None or number_ <= lens.at else palette.muted
        mark = FAILED if one.id == lens.failed and is_back else HERE if is_here else " "
        runs: list[Run] = [
            (f"{mark} ", palette.error if mark == FAILED else palette.accent),
            (f"{one.line or '':>3} ", palette.muted),
            (fit(one.name or one.kind, names) + " ", palette.accent if is_here else style),
        ]
        left = width - sum(cell_len(text) for text, _ in runs)
        seen = lens.at is None or number_ <= lens.at
        if is_back:
            runs += _backwards(one, operations, lens, left, palette, seen)
        else:
            runs += _forwards(one, operations, lens, left, palette)
        if is_here:
            runs = [(text, ink + palette.current) for text, ink in runs]
        strips.append(strip(runs, width, palette.current if is_here else palette.text))
    return strips, at


def _forwards(
    one: Operation, operations: dict[int, Operation], lens: Lens, width: int, palette: Palette
) -> list[Run]:
    """`pred = x·w`, its shape and its value."""
    label = lens.labels.get(one.id, "")
    made = why.expression(one.id, operations, lens.labels, max(12, width // 2)) if one.call else ""
    told = f"{label} = {made}" if label and made else made or label
    if one.kind == "library":
        told = "all that this call of a library did"
    view = next((view for view in one.values if view is not None), None)
    module = f" {one.module}" if one.module else ""
    value = f"{shape(view)} {brief(view, max(8, width // 3))}" if view is not None else ""
    return [
        (f"{clip(told, width // 2)}", palette.text),
        (f" → {value}" if value else "", palette.changed),
        (module, palette.muted),
    ]


def _backwards(
    one: Operation,
    operations: dict[int, Operation],
    lens: Lens,
    width: int,
    palette: Palette,
    seen: bool,
) -> list[Run]:
    """What came in, and what went out; of a leaf, how it was added."""
    if not seen:
        return []
    if one.kind == "leaf" and one.after is not None:
        return _added(one, width, palette)
    grad = next((view for view in one.grads if view is not None), None)
    parts = [edge for edge in one.edges if edge.contribution is not None]
    share = max(6, width // (len(parts) + 1) - 4)
    runs: list[Run] = [(f"∇ {brief(grad, share)}" if grad else "nothing came", palette.changed)]
    for edge in parts:
        to = operations.get(edge.to)
        name = _called(to, lens) if to else ""
        assert edge.contribution is not None
        runs += [
            (f" → {name} " if name else " → ", palette.muted),
            (brief(edge.contribution, max(6, share - cell_len(name))), palette.accent),
        ]
    return runs


def _added(one: Operation, width: int, palette: Palette) -> list[Run]:
    """before + added = after, in norms where these are many numbers."""
    grad = one.grads[0] if one.grads else None
    share = max(6, (width - 8) // 3)
    before = brief(one.before, share) if one.before is not None else "none"
    runs: list[Run] = [
        (before, palette.warning if _is_something(one.before) else palette.muted),
        (" + ", palette.accent),
        (brief(grad, share) if grad else "nothing", palette.changed),
        (" = ", palette.accent),
        (brief(one.after, share) if one.after else "none", palette.strong),
    ]
    return runs


def _is_something(view: TensorView | None) -> bool:
    return view is not None and bool((view.data or b"").strip(b"\0\x80"))


def _called(one: Operation, lens: Lens) -> str:
    return lens.labels.get(one.id) or (one.name if one.kind in ("leaf", "data") else "")


def _detail(
    lens: Lens, operations: dict[int, Operation], width: int, palette: Palette
) -> list[Strip]:
    """The current operation in words and numbers."""
    one = lens.current
    if one is None:
        return []
    where = f"line {one.line}" if one.line else ""
    title = " · ".join(part for part in (one.name or one.kind, one.module, where) if part)
    runs: list[list[Run]] = [[(title, palette.heading)]]
    if one.order is None:
        runs += _told(why.explain_value(one.id, operations, lens.labels), palette)
    else:
        runs += _passed(one, operations, lens, palette)
    if lens.inside and lens.inside.error and one.id == lens.failed:
        runs.append([(lens.inside.error, palette.error)])
    return [strip(part, width, palette.text) for row in runs for part in wrap(row, width) if row]


def _told(explained: Explanation, palette: Palette) -> list[list[Run]]:
    rows: list[list[Run]] = []
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


def _passed(
    one: Operation, operations: dict[int, Operation], lens: Lens, palette: Palette
) -> list[list[Run]]:
    """What came in, and along each edge the local derivative and what went out."""
    arrived = why.explain_gradient(one.id, operations, lens.labels)
    rows: list[list[Run]] = []
    came = brief(arrived.of.view, 60) if arrived.of.view is not None else "nothing"
    rows.append([("came in  ", palette.muted), (f"{arrived.of.label} = ", palette.text),
                 (came, palette.changed)])  # fmt: skip
    if len(arrived.terms) > 1 and arrived.numbers:
        rows.append([("         ", palette.muted), (f"= {arrived.numbers}", palette.changed)])
    if one.kind == "leaf":
        if one.after is not None:
            rows.append([("in .grad ", palette.muted), *_added(one, 200, palette)])
        return rows
    done = set()
    for edge in one.edges:
        to = operations.get(edge.to)
        if to is None or edge.to in done or edge.contribution is None:
            continue
        done.add(edge.to)
        there = why.explain_gradient(edge.to, operations, lens.labels, edge.number)
        for term in there.terms:
            if term.consumer.id == one.id and not term.via:
                told = term.formula or "what came in, passed on"
                rows.append(
                    [
                        (f"to {there.of.label}  ", palette.muted),
                        (told, palette.text),
                        (f"  = {term.numbers}", palette.accent),
                    ]
                )
    if arrived.note and not arrived.terms:
        rows.append([(arrived.note, palette.muted)])
    return rows


def counted(lens: Lens) -> str:
    """Where the learner is, or why they are nowhere."""
    return f"operation {(lens.at or 0) + 1} of {len(lens.rows)}" if lens.rows else lens.note
