"""The gradients pane: the values that require a gradient, each with its gradient."""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.schema.frame import GRAD, TensorView
from tutor.ui.draw.text.numbers import MISSING, Array, brief, decode, element, number, statistics
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.rows import Rows
from tutor.ui.draw.text.strips import Styled, fit, line, strip


def requires_gradient(moment: Moment, name: str, view: TensorView) -> bool:
    """Return True if `backward()` leaves a gradient in this value, or has left one.

    A view does not record whether its tensor is a leaf. But the result of an operation was last
    changed in the forward pass, and a leaf was not.
    """
    if view.kind == "parameter" and view.requires_grad:
        return True
    if name + GRAD in moment.values:
        return True
    if not view.requires_grad:
        return False
    changed_at = moment.timeline.changed_at(name, moment.step)
    return moment.timeline.steps.place(changed_at).phase not in ("forward", "loss")


def draw_gradients(moment: Moment, width: int, palette: Palette) -> Sequence[Strip]:
    """Return a row for each value that requires a gradient: the value, its gradient, its norm.

    If this step changed the gradient, a second row shows how: `before + added = after` in a
    backward pass, or that it was zeroed.
    """
    found = {
        name: view
        for name, view in moment.values.items()
        if not name.endswith(GRAD) and requires_gradient(moment, name, view)
    }
    if not found:
        return [line("no named value requires a gradient", width, palette.muted)]
    names = min(max(map(cell_len, found)), max(4, width // 3))
    left = width - names - 3
    # The pane is for the gradients, so the values get less than half of it.
    share = left // 2 - 4 if left >= 24 else 0
    share = min(share, max(cell_len(brief(view, share)) for view in found.values()))
    rows: list[tuple[str, list[Styled]]] = []
    for name in found:
        rows.append((name, []))
        if change := _change(moment, name, palette):
            rows.append((name, change))

    def row(number: int) -> Strip:
        name, change = rows[number]
        if change:
            return strip([(" " * (names + 3), palette.text), *change], width, palette.text)
        is_changed = name + GRAD in moment.changed
        style = palette.changed if is_changed else palette.text
        parts: list[Styled] = [
            ("* " if is_changed else "  ", style),
            (fit(name, names) + " ", style),
        ]
        if share:
            parts.append((fit(brief(found[name], share), share) + " ", palette.muted))
        parts += [("∇ ", palette.accent), *_gradient(moment, name, left - share - 3, palette)]
        return strip(parts, width, palette.text)

    return Rows(len(rows), row)


def _gradient(moment: Moment, name: str, width: int, palette: Palette) -> list[Styled]:
    grad = moment.view(name + GRAD)
    is_changed = name + GRAD in moment.changed
    if grad is None:
        was = moment.before(name + GRAD) if is_changed else None
        return [("none yet" if was is None else f"none, was {brief(was, 12)}", palette.muted)]
    found = statistics(grad)
    norm = f" norm {number(found['norm'], 4)}" if found and grad.count > 1 else ""
    room = width - len(norm) if width - len(norm) >= 10 else width
    style = palette.changed if is_changed else palette.text
    if room < width:
        return [(fit(brief(grad, room), room), style), (norm, palette.muted)]
    return [(brief(grad, room), style)]


def _change(moment: Moment, name: str, palette: Palette) -> list[Styled]:
    """Return how this step changed the gradient; nothing if it did not, or removed it."""
    after = moment.changed.get(name + GRAD)
    if after is None or moment.frame is None:
        return []
    before = moment.before(name + GRAD)
    new, old = _elements(after), _elements(before)
    if moment.frame.phase != "backward":
        is_zeroed = before is not None and new is not None and not new.any()
        return [("zeroed", palette.changed)] if is_zeroed else []
    if new is None or (before is not None and old is None):
        # Without the elements, as beyond `frame.EXACT` of them, there is no sum to show.
        return [] if after.is_complete else [(MISSING, palette.muted)]
    if old is None or old.shape != new.shape:
        old, then = np.zeros_like(new), "none"
    elif new.size == 1:
        then = element(old.item())
    else:
        then = number(float(np.linalg.norm(old)), 4)
    with np.errstate(all="ignore"):
        added = new - old
        if new.size == 1:
            joints, texts = (" + ", " = "), [element(added.item()), element(new.item())]
        else:
            # Norms do not add up, so there is no equation.
            joints = (", added ", ", now ")
            texts = [number(float(np.linalg.norm(part)), 4) for part in (added, new)]
            then = f"norm {then}"
    return [
        (then, palette.muted),
        (joints[0], palette.accent),
        (texts[0], palette.changed),
        (joints[1], palette.accent),
        (texts[1], palette.text),
    ]


def _elements(view: TensorView | None) -> Array | None:
    """Return all elements, flat, in float64 or complex128; None if they are not kept."""
    elements = decode(view) if view is not None else None
    if elements is None:
        return None
    return elements.reshape(-1).astype("c16" if np.iscomplexobj(elements) else "f8")
