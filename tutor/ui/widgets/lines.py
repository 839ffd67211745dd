"""A widget that shows drawn lines, scrolled so that one of them is in view."""

from textual.strip import Strip
from textual.widget import Widget

from tutor.ui.draw.text.palette import Palette


class Lines(Widget):
    """Lines that were drawn elsewhere."""

    DEFAULT_CSS = "Lines { height: 1fr; }"

    def __init__(self, palette: Palette, id: str) -> None:
        super().__init__(id=id)
        self.palette = palette
        self._strips: list[Strip] = []
        self._top = 0

    def show(self, strips: list[Strip], at: int = 0) -> None:
        """Show these lines, scrolled so that line `at` is in view."""
        self._strips = strips
        height = max(1, self.size.height)
        self._top = max(0, min(max(self._top, at - height + 1), at, len(strips) - height))
        self.refresh()

    def row_at(self, y: int) -> int:
        """Return the number of the line that is shown in row `y`."""
        return y + self._top

    def scroll_by(self, lines: int) -> None:
        self._top = max(0, min(self._top + lines, len(self._strips) - self.size.height))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        row = y + self._top
        if row < len(self._strips):
            return self._strips[row]
        return Strip.blank(self.size.width, self.palette.text)
