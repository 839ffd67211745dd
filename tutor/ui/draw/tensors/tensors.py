"""The tensors pane: a row for each value."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.schema.frame import GRAD, TensorView
from tutor.ui.draw.tensors.gradients import requires_gradient
from tutor.ui.draw.text.numbers import decode, is_finite, preview, shape, spark
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.rows import Rows
from tutor.ui.draw.text.strips import Styled, fit, line, strip

_SPARK = 8
_PREVIEW = 12
"""The least width of the preview; other columns are left out to make room for it."""


def listed(moment: Moment) -> list[str]:
    """Return the names that have a row: all but the gradients."""
    return [name for name in moment.values if not name.endswith(GRAD)]


def draw_tensors(
    moment: Moment, width: int, palette: Palette, *, selected: str | None = None
) -> Sequence[Strip]:
    """Return a row for each of `listed(moment)`.

    A row has a mark, the name, shape, dtype, device, a histogram and a preview. The mark is `+` or
    `-` for a single number that grew or fell, `*` for another change. `∇` follows if `backward()`
    leaves a gradient in the value. Columns without room are left out.
    """
    names = listed(moment)
    if not names:
        return [line("no values yet", width, palette.muted)]
    values = moment.values
    sizes = _sizes({name: values[name] for name in names}, width)

    def row(number: int) -> Strip:
        name = names[number]
        view = values[name]
        mark = _mark(moment, name, view)
        by_mark = {"": palette.text, "+": palette.positive, "-": palette.negative}
        value = by_mark.get(mark, palette.changed)
        columns: dict[str, tuple[str, Style]] = {
            "shape": (fit(shape(view), sizes["shape"], right=True), palette.muted),
            "dtype": (view.dtype, palette.muted),
            "device": (view.device if _is_elsewhere(view) else "", palette.muted),
            "spark": (spark(view, sizes["spark"]), palette.accent),
            "preview": (
                preview(view, sizes["preview"]),
                value if is_finite(view) else palette.warning,
            ),
        }
        parts: list[Styled] = [
            (mark or " ", value),
            ("∇ " if requires_gradient(moment, name, view) else "  ", palette.accent),
            (fit(name, sizes["name"]), palette.changed if mark else palette.text),
        ]
        for column, (text, style) in columns.items():
            if sizes[column]:
                parts += [(" ", palette.text), (fit(text, sizes[column]), style)]
        if name == selected:
            parts = [(text, style + palette.selected) for text, style in parts]
        return strip(parts, width, palette.text)

    return Rows(len(names), row)


def _mark(moment: Moment, name: str, view: TensorView) -> str:
    if name not in moment.changed:
        return ""
    before = moment.before(name)
    new = decode(view) if view.count == 1 else None
    old = decode(before) if before is not None and before.count == 1 else None
    if new is None or old is None or "c" in (new.dtype.kind, old.dtype.kind):
        return "*"
    return "+" if new.item() > old.item() else "-" if new.item() < old.item() else "*"


def _is_elsewhere(view: TensorView) -> bool:
    return view.device not in ("", "cpu")


def _sizes(rows: Mapping[str, TensorView], width: int) -> dict[str, int]:
    """Return the cells of each column, 0 for one that is left out; the preview takes the rest."""
    views = rows.values()
    name = min(max(map(cell_len, rows)), max(4, (width - 3) * 2 // 5))
    sizes = {"name": name, "shape": 0, "dtype": 0, "device": 0, "spark": 0}
    left = width - 3 - name - 1
    for column, size in (
        ("shape", max(cell_len(shape(view)) for view in views)),
        ("spark", _SPARK if any(view.count > 1 for view in views) else 0),
        ("dtype", max(len(view.dtype) for view in views)),
        ("device", max((len(view.device) for view in views if _is_elsewhere(view)), default=0)),
    ):
        if size and left - size - 1 >= _PREVIEW:
            sizes[column] = size
            left -= size + 1
    return sizes | {"preview": max(0, left)}
