"""Every value: shape, type, device, a histogram, a preview; the selected one large when zoomed."""

from rich.cells import cell_len
from textual.strip import Strip

from tutor.timeline import Moment
from tutor.ui.draw.strips import strip
from tutor.ui.draw.tensors import draw_tensors, draw_value, listed
from tutor.ui.panels.panel import Panel


class TensorsPanel(Panel):
    """`j` and `k` select a value; zoomed, the pane shows it element by element."""

    INTERVAL = 1 / 10

    selected: str | None = None

    def inputs(self, moment: Moment) -> object:
        values = tuple((name, moment.view(name)) for name in listed(moment))
        return values, tuple(moment.changed), self.selected, self.screen.maximized is self

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        rows = draw_tensors(moment, width, self.palette, selected=self.selected)
        if self.screen.maximized is not self:
            return rows
        names = listed(moment)
        name = self.selected if self.selected in names else names[0] if names else None
        view = moment.view(name) if name else None
        if name is None or view is None:
            return rows
        rows = draw_tensors(moment, width, self.palette, selected=name)
        first, count = self._window(names.index(name), len(rows), height // 3)
        palette = self.palette
        line = "─" * (width - 4 - cell_len(name))
        title = [("── ", palette.border), (f"{name} ", palette.heading), (line, palette.border)]
        return [
            *rows[first : first + count],
            strip(title, width, palette.text),
            *draw_value(view, width, height - count - 1, self.palette),
        ]

    def _window(self, selected: int, rows: int, most: int) -> tuple[int, int]:
        """Which of the rows stand above the large value: the first, and how many."""
        count = min(rows, max(1, most))
        return max(0, min(selected - count // 2, rows - count)), count

    def keep_in_view(self, moment: Moment) -> None:
        names = listed(moment)
        if self.selected not in names or self.screen.maximized is self:
            return
        row = names.index(self.selected)
        self.top = min(max(self.top, row - self.size.height + 1), row)

    def action_scroll(self, by: int) -> None:
        names = listed(self.moment) if self.moment else []
        if not names:
            return
        if self.selected in names:
            index = names.index(self.selected) + by
            self.selected = names[min(max(index, 0), len(names) - 1)]
        else:
            self.selected = names[0 if by > 0 else -1]
        self.draw_now()
