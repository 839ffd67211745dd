"""The Textual theme: the palette's colours for borders, titles, inputs and lists."""

from textual.theme import Theme

from tutor.ui.draw.text.palette import Palette

NAME = "tutor"


def theme(palette: Palette) -> Theme:
    """Return the theme for a palette of 16 or of 256 colours."""
    few = palette.colors == 16
    background = "#000000" if few else "#121212"
    accent = "#55ffff" if few else "#5fd7ff"
    return Theme(
        NAME,
        primary=accent,
        accent=accent,
        foreground="#aaaaaa" if few else "#dadada",
        background=background,
        surface=background,
        panel=background,
        error="#ff5555" if few else "#ff5f5f",
        variables={
            "selection": "#0000aa" if few else "#303030",
            "border": "#555555" if few else "#585858",
            "text-muted": "#00aaaa" if few else "#949494",
        },
    )
