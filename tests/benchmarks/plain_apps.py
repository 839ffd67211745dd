"""Apps to compare the terminal's figures with: `python plain_apps.py empty|rows|ungated …`."""

import sys

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.strip import Strip
from textual.widget import Widget


class Rows(Widget):
    """Every cell of every row changes with each key, in one plain segment a row."""

    DEFAULT_CSS = "Rows { width: 100%; height: 100%; }"

    count = 0

    def render_line(self, y: int) -> Strip:
        from rich.segment import Segment
        from rich.style import Style

        width = self.size.width
        text = f"{self.count + y:<8}" * (width // 8 + 1)
        return Strip([Segment(text[:width], Style())], width)


class Counter(Rows):
    """One row that changes with each key."""

    DEFAULT_CSS = "Counter { width: 100%; height: 1; }"


class PlainApp(App[None]):
    """An app with one widget, which counts keys."""

    BINDINGS = [Binding("right", "count"), Binding("q", "quit")]  # noqa: RUF012

    def __init__(self, kind: type[Rows]) -> None:
        super().__init__()
        self.rows = kind()

    def compose(self) -> ComposeResult:
        yield self.rows

    def action_count(self) -> None:
        # Every digit changes.
        self.rows.count = (self.rows.count + 11_111_111) % 88_888_888
        self.rows.refresh()


def run_ungated() -> None:
    """Run `tutor` as a dashboard that repaints whole panes at each step through Textual's own
    driver, whether the terminal keeps up or not."""
    from tutor.cli import main
    from tutor.ui.panels.panel import Panel
    from tutor.ui.panels.tensors import TensorsPanel
    from tutor.ui.terminal import output

    def paint_all(panel: Panel) -> None:
        paint(panel)
        panel.refresh()

    paint, Panel._paint = Panel._paint, paint_all
    TensorsPanel.INTERVAL = Panel.INTERVAL
    output.DiffingApp._display = App._display
    main(sys.argv[2:])


if __name__ == "__main__":
    match sys.argv[1]:
        case "ungated":
            run_ungated()
        case name:
            PlainApp({"empty": Counter, "rows": Rows}[name]).run()
