"""All values as a table; when the pane is zoomed, also the selected value, large."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.script.lesson import Lesson
from tutor.ui.dialogs.slice import SliceDialog
from tutor.ui.draw.tensors.difference import draw_difference, draw_differences, named, subtract
from tutor.ui.draw.tensors.tensors import draw_tensors, listed
from tutor.ui.draw.tensors.value import draw_value
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import strip
from tutor.ui.panels.panel import Panel
from tutor.ui.panels.tensor_pages import TensorPages
from tutor.wire.messages import Fetch


class TensorsPanel(Panel):
    """`j` and `k` select a value. Zoomed, the pane shows it large, as a heatmap or as numbers."""

    INTERVAL = 1 / 10

    BINDINGS: ClassVar = [
        Binding("v", "numbers", "numbers", tooltip="Enlarge this value, as numbers or a heatmap"),
        # Priority: keys typed right after this one belong to the dialog.
        Binding("colon", "slice", "slice", priority=True,
                tooltip="Show a part of this value, such as [3:5, :, 0]"),
        Binding("shift+right,greater_than_sign", "pan(1)", "right",
                tooltip="A page of columns to the right"),
        Binding("shift+left,less_than_sign", "pan(-1)", "left",
                tooltip="A page of columns to the left"),
        Binding("d", "difference", "difference",
                tooltip="Show the differences to the run that this one was forked from"),
    ]  # fmt: skip

    selected: str | None = None
    """The name of the value that the learner picked."""

    @dataclass
    class PartWanted(Message):
        """Values in view are missing from the recording; a replay restores them."""

        step: int
        fetch: Fetch

    class PartUnwanted(Message):
        """The values that were asked for are no longer in view."""

    def __init__(self, key: str, lesson: Lesson, palette: Palette) -> None:
        super().__init__(key, lesson, palette)
        self._title = f"{key} {self.name_of()}"
        self._shown_title = self._title
        self._shows_differences = False
        self._shows_numbers = False
        self._pages = TensorPages()
        self._version = 0
        """Counts what is drawn but not in the moment: the window, and restored elements."""

    def watch_view(self) -> None:
        part, note = self.view.part, self.view.part_note
        if part is not None and part is not self._pages.part:
            self._pages.part = part
            self._version += 1
        if note != self._pages.note:
            self._pages.note = note
            self._version += 1
        self.draw_soon()

    # Drawing

    def inputs(self, moment: Moment) -> object:
        others = self._base.values if self._base else None
        zoomed = self.screen.maximized is self
        values = moment.values, others, self.view.parent_name, tuple(moment.changed)
        return values, self.selected, zoomed, self._version

    def draw(self, moment: Moment, width: int, height: int) -> Sequence[Strip]:
        before = self._pages.wanted
        self._pages.window = None
        strips = self._draw(moment, width, height)
        if self._pages.window is None:
            self._pages.close()
        wanted = self._pages.wanted
        if wanted is not None and wanted is not before:
            self.post_message(self.PartWanted(wanted.step, wanted.fetch))
        elif wanted is None and before is not None:
            self.post_message(self.PartUnwanted())
        return strips

    def _draw(self, moment: Moment, width: int, height: int) -> Sequence[Strip]:
        palette, parent = self.palette, self._base
        is_zoomed = self.screen.maximized is self
        name = self._large_name(moment) if is_zoomed else self.selected
        if parent is None:
            rows: Sequence[Strip] = draw_tensors(moment, width, palette, selected=name)
        else:
            rows = draw_differences(
                moment, parent, self.view.parent_name, width, palette, selected=name
            )
        if not is_zoomed or name is None:
            return rows
        first, count = self._above(self._names(moment).index(name), len(rows), height // 3)
        rule = "─" * (width - 4 - cell_len(name))
        title = [("── ", palette.border), (f"{name} ", palette.heading), (rule, palette.border)]
        return [
            *rows[first : first + count],
            strip(title, width, palette.text),
            *self._draw_large(moment, name, width, height - count - 1),
        ]

    def _above(self, selected: int, rows: int, most: int) -> tuple[int, int]:
        """Return the first of the table's rows above the large value, and their number."""
        count = min(rows, max(1, most))
        return max(0, min(selected - count // 2, rows - count)), count

    def _draw_large(self, moment: Moment, name: str, width: int, height: int) -> list[Strip]:
        palette, parent = self.palette, self._base
        view = moment.view(name)
        if parent is not None:
            other = parent.view(name)
            difference = subtract(view, other, self.view.parent_name).view
            if not self._shows_numbers or difference is None or difference.data is None:
                return draw_difference(view, other, self.view.parent_name, width, height, palette)
            view = difference
        assert view is not None
        if self._shows_numbers:
            return self._pages.draw(moment, name, view, width, height, palette)
        return draw_value(view, width, height, palette)

    @property
    def _base(self) -> Moment | None:
        """The step of the parent run that the values are compared with; None without comparison."""
        base = self.view.parent
        is_same = base is not None and base.step == self.view.moment.step
        return base if self._shows_differences and is_same else None

    def _names(self, moment: Moment) -> list[str]:
        return named(moment, self._base) if self._base else listed(moment)

    def _large_name(self, moment: Moment) -> str | None:
        """Return the name of the value that is shown large: the selected one, or else the first."""
        names = self._names(moment)
        return self.selected if self.selected in names else next(iter(names), None)

    def keep_in_view(self, moment: Moment) -> None:
        names = self._names(moment)
        if self.screen.maximized is self:
            return
        if self.selected in names:
            rows = [names.index(self.selected)]
        else:
            # Show what this step changed, or its first rows if not all fit. The result depends on
            # the step alone, so a step looks the same however it is reached.
            self.top = 0
            changed = moment.timeline.columns.last_changed(moment.step)
            rows = [row for row, name in enumerate(names) if name in changed]
        if rows:
            self.top = min(max(self.top, rows[-1] - self.size.height + 1), rows[0])

    def _paint(self) -> None:
        super()._paint()
        title = f"{self._title} − {self.view.parent_name}" if self._base else self._title
        # Assigning repaints the whole pane, even if the value is the same.
        if title != self._shown_title:
            self._shown_title = title
            self.border_title = Content(title)

    def _show_subtitle(self, subtitle: str) -> None:
        window = self._pages.window
        super()._show_subtitle(str(window) if window else subtitle)

    def _redraw(self) -> None:
        self._version += 1
        self.draw_now()

    # Keys

    def action_scroll(self, by: int) -> None:
        """Select another value; while one is shown as numbers, scroll its rows."""
        if self._pages.window is not None:
            self._pages.move(by, 0)
            self._redraw()
        elif names := self._names(self.view.moment):
            index = 0 if by > 0 else len(names) - 1
            if self.selected in names:
                index = min(max(names.index(self.selected) + by, 0), len(names) - 1)
            self.selected = names[index]
            self._pages.reset()
            self.draw_now()

    def action_scroll_page(self, by: int) -> None:
        window = self._pages.window
        if window is None:
            super().action_scroll_page(by)
        else:
            self.action_scroll(by * len(window.rows))

    def action_pan(self, pages: int) -> None:
        self._pages.move(0, pages)
        self._redraw()

    def action_numbers(self) -> None:
        """Switch between numbers and the heatmap; if the pane is not zoomed yet, show numbers."""
        self._shows_numbers = self.screen.maximized is not self or not self._shows_numbers
        self._enlarge()

    def action_slice(self) -> None:
        moment = self.view.moment
        name = self._large_name(moment)
        view = moment.view(name) if name else None
        if name is not None and view is not None:
            self.app.push_screen(SliceDialog(name, view.shape), self._show_part)

    def _show_part(self, index: str | None) -> None:
        if index is not None:
            self._shows_numbers = True
            self._pages.reset(index)
            self._enlarge()

    def _enlarge(self) -> None:
        if self.screen.maximized is not self:
            self.screen.maximize(self)
        self._redraw()

    def action_difference(self) -> None:
        if self.view.parent is None and not self._shows_differences:
            hint = "this run has no parent here: e edits a value, which forks a run to compare"
            self.notify(hint, severity="warning")
            return
        self._shows_differences = not self._shows_differences
        self._redraw()
