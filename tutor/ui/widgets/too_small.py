"""The message for a terminal that is too small."""

from textual.widget import Widget

WIDTH, HEIGHT = 40, 12
"""The smallest supported terminal; below it `app.tcss` hides everything else."""


class TooSmall(Widget):
    """Names the present size and the smallest supported one."""

    DEFAULT_CSS = "TooSmall { width: 100%; height: 100%; }"

    def render(self) -> str:
        width, height = self.app.size
        return f"tutor needs at least {WIDTH}x{HEIGHT}; this terminal is {width}x{height}"
