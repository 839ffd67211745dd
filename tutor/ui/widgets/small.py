"""What is shown where there is too little room for anything else."""

from textual.widget import Widget

WIDTH, HEIGHT = 40, 12
"""The smallest terminal that the screens are made for; `app.tcss` hides them below it."""


class TooSmall(Widget):
    """One line that names the size there is and the size it takes."""

    DEFAULT_CSS = "TooSmall { width: 100%; height: 100%; }"

    def render(self) -> str:
        width, height = self.app.size
        return f"tutor needs at least {WIDTH}x{HEIGHT}; this terminal is {width}x{height}"
