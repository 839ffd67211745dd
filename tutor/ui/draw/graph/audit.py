"""The audit of a gradient as a table, with the digits that agree underlined."""

from rich.style import Style
from textual.strip import Strip

from tutor.insight import audit
from tutor.insight.audit import Checked
from tutor.schema.frame import AuditRow
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, fit, line, strip, wrap

_VERDICT = 19
"""Cells of the verdict and the number of digits that agree."""

_STEPS = 17
"""Cells of h and of the error; in a narrow pane both are summarised in one row instead."""

_BLANK = 2
"""Cells between two numbers."""


def draw_audit(checked: Checked, width: int, palette: Palette) -> list[Strip]:
    """Return the remarks, then a row for each audited element."""
    one = checked.audit
    strips = []
    for remark in audit.remarks(checked):
        style = palette.warning if one.problem or one.cuts else palette.muted
        for part in wrap([(f"{one.name}: {remark}", style)], width):
            strips.append(strip(part, width, palette.text))
    if not one.rows:
        return strips
    labels = max(len(audit.label(one, row)) for row in one.rows)
    numbers = [x for row in one.rows for x in (row.autograd, row.difference)]
    numbers += [x for x in checked.closed if x is not None]
    titles = ["autograd", "difference"] + ([checked.closed_name] if checked.closed else [])
    size = max(len(text) for text in [*titles, *map(audit.format_gradient, numbers)]) + _BLANK
    head = " " * (labels + 1 + _VERDICT) + "".join(fit(title, size) for title in titles)
    is_wide = width >= len(head) + _STEPS
    if not is_wide:
        h, error = max(row.step for row in one.rows), max(row.error for row in one.rows)
        text = f"{one.name}: h up to {h:.2g}, error up to {error:.1g}"
        strips.append(line(text, width, palette.muted))
    strips.append(line(f"{head}{'h':<9}error" if is_wide else head, width, palette.muted))
    for at, row in enumerate(one.rows):
        closed = checked.closed[at] if checked.closed else None
        strips.append(
            strip(_row(checked, row, closed, labels, size, is_wide, palette), width, palette.text)
        )
    return strips


def _row(
    checked: Checked,
    row: AuditRow,
    closed: float | None,
    labels: int,
    size: int,
    is_wide: bool,
    palette: Palette,
) -> list[Styled]:
    """Return the row of an element; the verdict comes first, so that a narrow pane shows it."""
    agreed = palette.accent if row.agrees else palette.error
    shared = audit.shared_digits(row.autograd, row.difference)
    verdict = f"{audit.verdict(row)}, {shared} digits" if row.agrees else audit.verdict(row)
    parts: list[Styled] = [
        (fit(audit.label(checked.audit, row), labels + 1), palette.accent),
        (fit(verdict, _VERDICT - 1), palette.strong if row.agrees else palette.error),
        (" ", palette.text),
    ]
    parts += _marked(row.autograd, shared, size, agreed, palette)
    parts += _marked(row.difference, shared, size, agreed, palette)
    if closed is not None:
        both = audit.shared_digits(row.autograd, closed)
        parts += _marked(closed, both, size, palette.accent, palette)
    if is_wide:
        parts.append((f"{row.step:<9.2g}{row.error:<8.1g}", palette.muted))
    return parts


def _marked(value: float, shared: int, size: int, agreed: Style, palette: Palette) -> list[Styled]:
    """Return a number with the digits that agree underlined, which needs no colour."""
    text = audit.format_gradient(value)
    place = audit.end_of_digits(text, shared)
    return [
        (text[:place], agreed + Style(underline=True)),
        (text[place:], palette.text),
        (" " * (size - len(text)), palette.text),
    ]
